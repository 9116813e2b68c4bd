"""Uploads in a module's name, over HTTP as its agent makes them: what a test needs to come from a module at once."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from tests.system.house import House, get


@dataclass(frozen=True, slots=True)
class Offer:
    """What an upload says of its clip."""

    camera_id: str
    lease_seq: int
    captured_at: datetime
    sink: str = "cloud"
    grant: str = "none"


def module_bearer(house: House) -> dict[str, str]:
    """Return the credentials of the module that the house has now."""
    return {"Authorization": f"Bearer {house.module_id}.{house.identity['secret']}"}


def begin_upload(house: House, offer: Offer) -> tuple[int, bytes]:
    """Create an upload of unknown length; return the answer's status and body."""
    headers = _headers(house, str(uuid4()), offer)
    return get(f"{house.owner.url}/files/", {**headers, "Upload-Defer-Length": "1"}, b"")


def upload_clip(house: House, offer: Offer, content: bytes) -> str:
    """Upload a whole clip in one call, and return its id once the cloud says that it holds it."""
    clip_id = str(uuid4())
    whole = {"Upload-Length": str(len(content)), "Content-Type": "application/offset+octet-stream"}
    status, problem = get(f"{house.owner.url}/files/", {**_headers(house, clip_id, offer), **whole}, content)
    assert status == 201, problem
    at_cloud = house.at_cloud(clip_id)
    assert at_cloud is not None
    assert (at_cloud["disposition"], at_cloud["size"]) == ("held", len(content))
    return clip_id


def problem_code(answer: tuple[int, bytes]) -> tuple[int, str]:
    """Return status and stable code of a refusal."""
    status, body = answer
    problem: Mapping[str, object] = json.loads(body)
    return status, str(problem["code"])


def _headers(house: House, clip_id: str, offer: Offer) -> dict[str, str]:
    words = {
        "clip_id": clip_id,
        "camera_id": offer.camera_id,
        "kind": "clip",
        "clip_reason": "motion",
        "captured_at": offer.captured_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "clock_trusted": "true",
        "lease_seq": str(offer.lease_seq),
        "grant": offer.grant,
        "sink": offer.sink,
        "filetype": "video/mp4",
    }
    metadata = ",".join(f"{key} {base64.b64encode(word.encode()).decode()}" for key, word in words.items())
    return {**module_bearer(house), "Tus-Resumable": "1.0.0", "Upload-Metadata": metadata}
