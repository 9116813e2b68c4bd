"""`veilleur-agent claim`."""

from pathlib import Path

from agent.adapters.claim_http import ClaimHttp
from agent.adapters.identity_file import IdentityFile
from agent.composition.parts import SOFTWARE
from agent.domain.identity import ClaimRequest, Identity
from agent.flow.claim_module import claim_module
from agent.settings import Settings


async def claim(settings: Settings, cloud_url: str, code: str, ca_file: Path | None) -> Identity:
    """Claim this module; AgentError says what is wrong and what to do."""
    module = settings.module
    request = ClaimRequest(code, module.model, module.name, SOFTWARE)
    return await claim_module(ClaimHttp(ca_file=ca_file), IdentityFile(module.state_dir), cloud_url, request)
