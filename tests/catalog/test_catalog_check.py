"""`veilleur-cloud catalog check`: every mistake by file and key, or what a catalog means and what is out of reach."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud_stub.__main__ import app
from cloud_stub.catalog import FOLDER
from cloud_stub.catalog.check import check
from tests.catalog.made_up import LANTERN, SMALL

YEARLY = """[cancel.terms_by_interval.year]
modes = ["now"]
default = "now"
choice = "never"
unused_time = { now = "credit" }

[cancel.terms]"""


def write(folder: Path, text: str, name: str = "vendor.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_mistakes_are_all_printed_and_the_exit_code_is_1(tmp_path: Path) -> None:
    bad = write(tmp_path, LANTERN.replace("limit_s = 20", "limit_s = 0\ncolour = 3"))
    done = CliRunner().invoke(app, ["catalog", "check", str(FOLDER / "blink.toml"), str(bad)])
    assert done.exit_code == 1
    assert f"{FOLDER / 'blink.toml'}: fine" in done.output
    assert f"{bad}: `quota.limit_s`" in done.output
    assert f"{bad}: `quota.colour` is not a key of a catalog (keys allowed here: limit_s, when_full)" in done.output
    assert f"{bad}: fine" not in done.output


def test_sound_catalogs_are_put_into_sentences_and_the_exit_code_is_0(tmp_path: Path) -> None:
    good = write(tmp_path, LANTERN)
    done = CliRunner().invoke(app, ["catalog", "check", str(good)])
    assert done.exit_code == 0
    lines = [line.strip() for line in done.output.splitlines()]
    assert lines[0] == f"{good}: fine"
    for sentence in (
        "Glow covers one camera; clips stay for 5 days; sold by the week and the year.",
        "Blaze: 210 a week, 800 a month, 9000 a year, in minor units of JPY.",
        "A trial of 3 days of Glow for the camera that starts it, for each new camera.",
        "A free pool holds 20 s; when it is full, no clip is taken.",
        "Cancelling a plan by the year: at once, the unused time is refunded.",
        "When a plan ends, clips beyond the window that the camera then has are erased, at least 2 days.",
    ):
        assert sentence in lines
    assert "warning" not in done.output


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["catalog", "check", str(tmp_path / "absent.toml")])
    assert done.exit_code == 1
    assert "absent.toml cannot be read" in done.output


@pytest.mark.parametrize(
    ("text", "old", "new", "warning"),
    [
        (LANTERN, 'plans = ["glow", "blaze"]', 'plans = ["blaze"]', "`plans.glow` is in no model's `plans`"),
        (
            SMALL,
            "[regions.EU.prices.recording.by_keep_for_days]\n7 = { month = 500 }\n30 = { month = 900 }\n",
            "",
            "no `prices`",
        ),
        (LANTERN, 'granted_by = ["blaze"]', "", "`features.video_sharing` is granted by nobody"),
        (LANTERN, 'granted_by = ["blaze"]', 'granted_by = ["blaze"]\nby_model = true', "`feature_models` lists one"),
        (
            LANTERN,
            'granted_by = ["blaze"]',
            'granted_by = ["blaze"]\nscope = "account"',
            "in no region's `account_features`",
        ),
        (SMALL, "standard = true", "standard = true\nneeds_local_storage = true", "no module model has it"),
        (LANTERN, 'models = ["wick", "ember"]', 'models = ["wick"]', "`models.ember` is in no region's `models`"),
        (LANTERN, 'trial_models = ["wick"]', "", "`trial` never starts"),
        (LANTERN, '"quota", "local"', '"local"', "`quota` is never used"),
        (SMALL, '["free_tier", "cloud"', '["cloud"', "`plans.free.cloud_clips` is out of reach"),
        (
            LANTERN,
            "glow = { week = 70,",
            "glow = { week = 70, month = 80,",
            "has a price by month: the plan is not sold so",
        ),
        (SMALL, 'models = ["spot"]\n', 'models = ["spot"]\ntrial_models = ["spot"]\n', "and there is no `trial`"),
        (
            SMALL,
            "[cancel.terms]",
            YEARLY,
            "`cancel.terms_by_interval.year`: no plan is sold by the year",
        ),
        (LANTERN, 'intervals = ["week", "year"]', "intervals = []", "has a price by week, year"),
        (
            LANTERN,
            '{ period_end = "nothing"',
            '{ period_end = "refund"',
            "`cancel.terms` gives a refund at the end of a period",
        ),
        (
            LANTERN,
            'period_end", unused_time = "nothing" }',
            'period_end", unused_time = "credit" }',
            "`change.downgrade` gives",
        ),
    ],
)
def test_what_can_never_take_effect_is_warned_of(tmp_path: Path, text: str, old: str, new: str, warning: str) -> None:
    assert old in text
    report = check(write(tmp_path, text.replace(old, new, 1)))
    assert report.mistakes == ()
    assert any(warning in each for each in report.warnings), report.warnings
