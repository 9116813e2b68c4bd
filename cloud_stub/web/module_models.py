"""What modules say and are told over HTTP, as pydantic models of the golden documents (docs/wire.md)."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud_stub.web.api_models import Name, Word


class WireBody(BaseModel):
    """A request of a module: unknown keys are ignored (docs/wire.md)."""

    model_config = ConfigDict(extra="ignore")


class ClaimBody(WireBody):
    """`claim_request_v1.json`."""

    code: str = Field(min_length=1, max_length=32)
    module_model: Word
    name: Name
    software: str = Field(default="", max_length=120)


class BrokerReply(BaseModel):
    """How a module reaches the broker."""

    host: str
    port: int
    tls: bool


class LeaseKeyReply(BaseModel):
    """A key that verifies leases."""

    kid: str
    use: str
    public_key: str


class ClaimReply(BaseModel):
    """`claim_reply_v1.json`; `secret` is shown this once."""

    module_id: str
    account_id: str
    secret: str
    issuer: str
    cloud_url: str
    broker: BrokerReply
    ca_pem: str | None
    lease_keys: list[LeaseKeyReply]


class ProposalBody(WireBody):
    """`camera_proposal_v1.json`."""

    name: Name
    proposed_model: Word
    source_kind: Word


class ProposalReply(BaseModel):
    """A camera as its module knows it; `model` is null until the owner confirmed one."""

    camera_id: str
    name: str
    model: str | None


class LeaseReply(BaseModel):
    """The lease in force: a compact JWS."""

    token: str


class ReplacesBody(WireBody):
    """`photos_replaced_v1.json`: the photos that a clip stands for."""

    photo_ids: list[UUID] = Field(min_length=1, max_length=100)


class ReplacesReply(BaseModel):
    """How many photos went; the others were not there any more."""

    removed: int
