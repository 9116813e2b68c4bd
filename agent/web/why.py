"""Why a clip was made, and whether it would have been with another sensitivity: their routes on the diagnostics."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Final

from aiohttp import web

from agent.domain.clip import ClipRow
from agent.domain.motion_why import MotionWhy
from agent.errors import BadInput, Refused
from agent.flow.clip_replay import ClipReplays, Replay
from agent.flow.motion_to_why import MotionToWhy
from agent.ports import Ledger
from agent.web.changes import Changes
from agent.web.guard import problem
from agent.web.languages import Language, choose_language
from agent.web.why_words import decimal, why_sentences

STATUS_OF: Final = {"clip_unknown": 404, "clip_gone": 410, "still_recording": 409, "replay_busy": 409}


class WhyRoutes:
    """Handlers. Looking is free; a replay changes nothing but costs a core for a while, so the page must be unlocked.

    Else every program of this host, and every device that may look at the page, could keep the module busy.
    """

    def __init__(self, whys: MotionToWhy, replays: ClipReplays, ledger: Ledger, changes: Changes) -> None:
        self._whys = whys
        self._replays = replays
        self._ledger = ledger
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/clips/{clip_id}/why", self.why, allow_head=False),
            web.get("/why/{event_id}.jpg", self.picture, allow_head=False),
            web.get("/api/v1/replay", self.replay, allow_head=False),
            web.post("/api/v1/clips/{clip_id}/replay", self.begin),
            web.delete("/api/v1/replay", self.stop),
        ]

    async def why(self, request: web.Request) -> web.Response:
        """Answer every motion of one clip, with its reasons as words and as numbers."""
        row = await self._ledger.get(request.match_info["clip_id"])
        if row is None:
            return problem(404, "clip_unknown", "Unknown clip", "The ledger has no clip with this id.")
        say = choose_language(request.query.get("lang"), request.headers.get("Accept-Language", ""))
        events = [_document(why, row, say) for why in self._whys.of_clip(row.clip_id)]
        return web.json_response(
            {
                "clip_id": row.clip_id,
                "camera_id": row.camera_id,
                "events": events,
                "duration_s": None if row.duration_ms is None else row.duration_ms / 1000,
                "replayable": bool(row.path or row.usb_path) and row.duration_ms is not None,
            }
        )

    async def picture(self, request: web.Request) -> web.Response:
        """Answer the picture of one motion, its region outlined."""
        picture = await self._whys.picture(request.match_info["event_id"])
        if picture is None:
            return problem(404, "no_picture", "No picture", "No picture was kept of this motion.")
        return web.Response(body=picture, content_type="image/jpeg")

    async def begin(self, request: web.Request) -> web.Response:
        """Begin a replay; the query's `sensitivity` is 1 to 9."""
        refused = self._changes.refusal(request)
        if refused is not None:
            return refused
        asked = request.query.get("sensitivity", "")
        try:
            sensitivity = int(asked) if len(asked) == 1 and "0" <= asked <= "9" else 0
            replay = await self._replays.begin(request.match_info["clip_id"], sensitivity)
        except BadInput as error:
            return problem(400, "bad_sensitivity", "Bad sensitivity", str(error))
        except Refused as error:
            return problem(STATUS_OF[error.code], error.code, "Not replayed", str(error))
        return web.json_response(replay_document(replay), status=202)

    async def replay(self, _: web.Request) -> web.Response:
        """Answer how far the newest replay is, and its answer."""
        newest = self._replays.newest
        if newest is None:
            return problem(404, "no_replay", "No replay", "Nothing was replayed since the agent started.")
        return web.json_response(replay_document(newest))

    async def stop(self, request: web.Request) -> web.Response:
        """Stop the replay that runs, if one does."""
        refused = self._changes.refusal(request)
        if refused is not None:
            return refused
        await self._replays.stop()
        return web.Response(status=204)

    async def close(self, _: web.Application) -> None:
        """Stop with the application (signal `on_shutdown`)."""
        await self._replays.stop()


def replay_document(replay: Replay) -> Mapping[str, object]:
    """Write a replay down."""
    answer = None if replay.answer is None else asdict(replay.answer)
    return {
        "clip_id": replay.clip_id,
        "sensitivity": replay.sensitivity,
        "phase": replay.phase.value,
        "share": round(replay.share, 3),
        "detail": replay.detail,
        "answer": answer,
    }


def _document(why: MotionWhy, row: ClipRow, say: Language) -> Mapping[str, object]:
    began_s, ended_s = _offset_s(row, why.decided_at), _offset_s(row, why.ended_at)
    return {
        **asdict(why),
        "stage": why.stage.value,
        "start_s": max(0.0, round(began_s - why.decided_after_s, 2)) if began_s is not None else None,
        "decided_s": began_s,
        "end_s": ended_s,
        "sentences": why_sentences(why, say),
        "score_text": decimal(why.score, say),
        "picture_url": f"/why/{why.event_id}.jpg",
    }


def _offset_s(row: ClipRow, at: str | None) -> float | None:
    """Return how many seconds into the clip something was; `None` where the clock was put right meanwhile."""
    if at is None:
        return None
    try:
        offset_s = (datetime.fromisoformat(at) - datetime.fromisoformat(row.captured_at)).total_seconds()
    except (TypeError, ValueError):
        return None
    longest_s = 3600.0 if row.duration_ms is None else row.duration_ms / 1000 + 1.0
    return round(offset_s, 2) if -1.0 <= offset_s <= longest_s else None
