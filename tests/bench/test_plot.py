"""The picture of the benchmark: it shows what was measured, or says what is missing."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.bench.plot import PEERS, VIDEOS, PlotError, drawn, main

RESULTS: dict[str, Any] = {
    "camera": [{"video": video, "mbit_per_s": 3.0, "agent": 0.1, **dict.fromkeys(PEERS, 0.2)} for video in VIDEOS],
    "footage": [{"detector": "agent", "quiet_alarm": 0.03, "frame_f1": 0.98}],
}
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


def test_every_measured_bar_and_point_is_drawn() -> None:
    picture = drawn(RESULTS)
    assert picture.count("<rect") == 1 + 2 * (1 + len(PEERS))
    words = TEXT.findall(picture)
    assert words.count("0.100") == 2
    assert words.count("agent") == 3


def test_a_peer_that_was_not_installed_is_left_out() -> None:
    rows = [{name: value for name, value in row.items() if name != "motion"} for row in RESULTS["camera"]]
    assert "motion" not in TEXT.findall(drawn({**RESULTS, "camera": rows}))


@pytest.mark.parametrize("table", ["camera", "footage"])
def test_missing_tables_are_named(table: str) -> None:
    with pytest.raises(PlotError, match=table):
        drawn({**RESULTS, table: []})


def test_the_command_writes_a_file_or_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, picture = tmp_path / "results.json", tmp_path / "picture.svg"
    assert main([str(results), str(picture)]) == 1
    assert "results.json" in capsys.readouterr().err
    results.write_text(json.dumps(RESULTS), encoding="utf-8")
    assert main([str(results), str(picture)]) == 0
    assert picture.read_text(encoding="utf-8").startswith("<svg")
