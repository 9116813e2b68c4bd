"""Results in a file: runs of parts of the benchmark add up to one, and no other file is overwritten."""

import json
from pathlib import Path

import pytest

from tests.bench.results import Results


def test_a_run_replaces_its_own_tables_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    first = Results(path)
    first.add("camera", {"agent": 0.1})
    first.add("footage", {"frame_f1": 0.9})
    second = Results(path)
    second.add("camera", {"agent": 0.2})
    second.add("camera", {"agent": 0.3})
    words = json.loads(path.read_text(encoding="utf-8"))
    assert words["camera"] == [{"agent": 0.2}, {"agent": 0.3}]
    assert words["footage"] == [{"frame_f1": 0.9}]


def test_a_file_that_holds_no_results_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match="name another file"):
        Results(path)
    assert path.read_text(encoding="utf-8") == "[]"
