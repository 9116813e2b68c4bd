"""A replay ends by itself: at its bound with words, at once when it is stopped, and with an answer otherwise."""

from itertools import chain, repeat
from pathlib import Path

import pytest

from agent.adapters.camera_feed_pyav import replay_file
from agent.adapters.camera_feed_pyav.replay_file import MOST_WALL_S, ThreadReplayer
from agent.ports.why import Replayed, ReplayStopped
from agent.vision.detector import MINIMUM_AREA
from agent.vision.zones import WATCH_ALL
from tests.adapters.cloud_media.media import make_clip


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(make_clip(seconds=2))
    return path


async def replayed(replayer: ThreadReplayer, clip: Path, *, stopped: bool = False) -> Replayed:
    return await replayer.replay(clip, MINIMUM_AREA, WATCH_ALL, lambda _share: None, lambda: stopped)


async def test_a_replay_within_its_bounds_is_answered(clip: Path) -> None:
    answer = await replayed(ThreadReplayer(lambda: 0.0), clip)
    assert answer.duration_s == pytest.approx(2.0, abs=0.1)


async def test_a_replay_that_gets_too_little_of_a_busy_module_ends_with_words(clip: Path) -> None:
    passing = chain([0.0], repeat(MOST_WALL_S + 1.0))
    with pytest.raises(ReplayStopped, match="takes too long to replay on this module"):
        await replayed(ThreadReplayer(lambda: next(passing)), clip)


async def test_a_replay_that_costs_too_much_ends_with_words(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_file, "MOST_CPU_S", 0.0)
    with pytest.raises(ReplayStopped, match="takes too long to replay on this module"):
        await replayed(ThreadReplayer(lambda: 0.0), clip)


async def test_a_replay_that_is_stopped_ends_without_words(clip: Path) -> None:
    with pytest.raises(ReplayStopped, match=r"^$"):
        await replayed(ThreadReplayer(lambda: 0.0), clip, stopped=True)
