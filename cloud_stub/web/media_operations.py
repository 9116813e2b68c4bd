"""What OpenAPI says of clips, photos, uploads and clip status; their handlers stand in the routes of media and tus."""

from datetime import datetime
from typing import Final

from pydantic import BaseModel

from cloud_stub.web.api_edge import Operation
from cloud_stub.web.drive_copy_routes import DriveCopiesBody, DriveCopyReply
from cloud_stub.web.module_models import ReplacesBody, ReplacesReply
from cloud_stub.web.share_models import NewShareBody, NewShareReply, SharedClipReply, ShareReply


class ClipReply(BaseModel):
    """A clip or photo; `reason` is why it is kept where `sink` says, in the words of docs/wire.md."""

    clip_id: str
    camera_id: str
    module_id: str
    kind: str
    clip_reason: str
    sink: str
    reason: str
    grant: str
    captured_at: datetime
    clock_trusted: bool
    received_at: datetime
    phase: str
    disposition: str | None
    duration_ms: int
    size_bytes: int
    sha256: str | None
    drive_copy: str | None


class ClipPage(BaseModel):
    """One page of clips, newest first; `next` is the `before` of the following one."""

    clips: list[ClipReply]
    next: str | None


class PhotoPage(BaseModel):
    """One page of photos, newest first; `next` is the `before` of the following one."""

    photos: list[ClipReply]
    next: str | None


class FragmentReply(BaseModel):
    """Bytes [start, end) of one fragment; a player may only join at one that starts with a keyframe."""

    start: int
    end: int
    start_ms: int
    duration_ms: int
    keyframe: bool


class IndexReply(BaseModel):
    """Where the fragments of a clip stand; `mime` names the codecs, null while they are not known."""

    init_bytes: int
    size_bytes: int
    duration_ms: int
    mime: str | None
    growing: bool
    fragments: list[FragmentReply]


class ClipStatusReply(BaseModel):
    """`clip_status_v1.json`: only an answer with the module's own size and hash lets it drop its copy."""

    clip_id: str
    disposition: str
    size: int
    sha256: str | None
    received_bytes: int


def _media(base: str, page: type[BaseModel], media_type: str, word: str) -> tuple[Operation, ...]:
    one = base + "/{clip_id}"
    gone = (404, 410)
    return (
        Operation("GET", base, f"{word}s, newest first", "media", "owner", response=page,
                  query=("camera_id", "before", "limit"), problems=(400,)),
        Operation("GET", one, f"One {word}", "media", "owner", response=ClipReply, problems=gone),
        Operation("GET", one + "/media", "The media; a growing clip is followed until it ends", "media", "owner",
                  media_type=media_type, headers=("Range",), query=("download",), problems=(403, *gone, 416)),
        Operation("GET", one + "/download", "The media as a file, its SHA-256 in Repr-Digest", "media", "owner",
                  media_type=media_type, headers=("Range",), problems=(403, *gone, 416)),
        Operation("GET", one + "/poster", "The first picture", "media", "owner", media_type="image/jpeg",
                  problems=(403, *gone)),
        Operation("DELETE", one, f"Delete the {word} for good", "media", "owner", status=204, problems=(403, *gone)),
    )  # fmt: skip


_TUS: Final = ("Tus-Resumable",)
_BYTES: Final = "application/offset+octet-stream"
_ONE_UPLOAD: Final = "/files/{upload_id}"
_SHARES: Final = "/api/v1/clips/{clip_id}/shares"
_SHARED: Final = "/api/v1/shares/{token}"
OPERATIONS: Final = (
    *_media("/api/v1/clips", ClipPage, "video/mp4", "clip"),
    Operation("GET", "/api/v1/clips/{clip_id}/index", "Where the fragments stand, for players", "media", "owner",
              response=IndexReply, problems=(403, 404, 410)),
    Operation("GET", "/api/v1/clips/archive", "Clips as one ZIP archive, of the `ids` with commas between them",
              "media", "owner", query=("ids",), media_type="application/zip", problems=(400, 403, 404, 410, 422)),
    Operation("POST", "/api/v1/clips/drive-copies", "Have clips saved on their module's drive before they are erased",
              "media", "owner", request=DriveCopiesBody, response=DriveCopyReply, is_list=True,
              problems=(400, 403, 404, 409, 410, 415, 422)),
    Operation("GET", "/api/v1/module/live/{view_id}", "The WebSocket on which a module brings a live view", "module",
              "module", status=101, media_type="video/mp4", problems=(404, 426)),
    Operation("GET", "/api/v1/module/clips/{clip_id}/media", "A clip of the module's own, to save it on its drive",
              "module", "module", media_type="video/mp4", headers=("Range",), problems=(404, 410, 416)),
    Operation("PATCH", "/api/v1/module/drive-loans/{loan_id}", "A piece of a clip of the module's drive, for its owner",
              "module", "module", headers=("Upload-Offset",), status=204, problems=(400, 404, 409, 413, 425, 507)),
    Operation("DELETE", "/api/v1/module/drive-loans/{loan_id}", "Say that the rest of a clip will not come", "module",
              "module", status=204, problems=(404,)),
    Operation("POST", _SHARES, "Make a link that shows the clip to whoever has it", "media", "owner",
              request=NewShareBody, response=NewShareReply, status=201, problems=(400, 403, 404, 409, 410, 415, 422)),
    Operation("GET", _SHARES, "The links to a clip, without their addresses", "media", "owner", response=ShareReply,
              is_list=True, problems=(404, 410)),
    Operation("DELETE", _SHARES + "/{share_id}", "Take a link back", "media", "owner", status=204,
              problems=(403, 404)),
    Operation("GET", _SHARED, "What a link shows", "media", "nobody", response=SharedClipReply,
              problems=(404, 410, 429)),
    Operation("GET", _SHARED + "/media", "The clip that a link shows", "media", "nobody", media_type="video/mp4",
              headers=("Range",), problems=(404, 410, 416, 429)),
    Operation("GET", _SHARED + "/poster", "The first picture of the clip that a link shows", "media", "nobody",
              media_type="image/jpeg", problems=(404, 410, 429)),
    *_media("/api/v1/photos", PhotoPage, "image/jpeg", "photo"),
    Operation("GET", "/api/v1/module/clips/{clip_id}", "What the cloud holds of a clip", "module", "module",
              response=ClipStatusReply, problems=(404,)),
    Operation("POST", "/api/v1/module/clips/{clip_id}/replaces", "Delete the photos that a whole clip stands for; "
              "idempotent", "module", "module", request=ReplacesBody, response=ReplacesReply,
              problems=(400, 404, 409, 410, 415, 422)),
    Operation("OPTIONS", "/files/", "What this tus 1.0.0 server can do", "upload", "nobody", status=204),
    Operation("POST", "/files/", "Create an upload; the same clip again gives the same upload", "upload", "module",
              status=201, request_media_type=_BYTES, problems=(400, 403, 408, 410, 412, 413, 415, 460, 507),
              headers=(*_TUS, "Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Checksum")),
    Operation("OPTIONS", _ONE_UPLOAD, "What this tus 1.0.0 server can do", "upload", "nobody", status=204),
    Operation("HEAD", _ONE_UPLOAD, "How far an upload has come", "upload", "module", headers=_TUS,
              problems=(404, 410, 412)),
    Operation("PATCH", _ONE_UPLOAD, "Go on with an upload", "upload", "module", status=204,
              request_media_type=_BYTES, problems=(400, 404, 408, 409, 410, 412, 413, 415, 423, 460, 507),
              headers=(*_TUS, "Upload-Offset", "Upload-Length", "Upload-Checksum")),
    Operation("DELETE", _ONE_UPLOAD, "Give an upload up", "upload", "module", status=204, headers=_TUS,
              problems=(404, 410, 412, 423)),
)  # fmt: skip
