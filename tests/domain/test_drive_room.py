"""What a full drive gives up for a new clip: what may never go first, then the order."""

from hypothesis import given
from hypothesis import strategies as st

from agent.domain.drive_room import OnDrive, to_overwrite


def clip(name: str, at: str = "2026-03-01T00:00:00Z", *, backup: bool = False, may_go: bool = True) -> OnDrive:
    return OnDrive(name, 10, at, backup, may_go)


def names(clips: list[OnDrive], missing: int, *, for_backup: bool = False) -> list[str]:
    return [one.clip_id for one in to_overwrite(clips, missing, for_backup=for_backup)]


def test_nothing_goes_when_all_of_it_would_not_do_or_none_is_needed() -> None:
    assert names([clip("a"), clip("b", may_go=False)], 11) == []
    assert names([clip("a")], 0) == []


def test_a_backup_makes_only_backups_go() -> None:
    assert names([clip("a")], 5, for_backup=True) == []
    assert names([clip("a"), clip("b", backup=True)], 5, for_backup=True) == ["b"]


def test_backups_go_first_then_the_oldest_and_undated_ones_last() -> None:
    clips = [clip("undated", ""), clip("new", "2026-03-02T00:00:00Z"), clip("old"), clip("copy", "2027", backup=True)]
    assert names(clips, 40) == ["copy", "old", "new", "undated"]
    assert names(clips, 11) == ["copy", "old"]


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans(), st.booleans())), st.integers(0, 300), st.booleans())
def test_what_goes_is_enough_and_not_one_too_many(
    made: list[tuple[int, bool, bool]], missing: int, for_backup: bool
) -> None:
    clips = [OnDrive(str(number), size, "", backup, may) for number, (size, backup, may) in enumerate(made)]
    chosen = to_overwrite(clips, missing, for_backup=for_backup)
    able = [one for one in clips if one.may_go and (one.is_backup or not for_backup)]
    if sum(one.size_bytes for one in able) < missing:
        assert not chosen
        return
    assert all(one in able for one in chosen)
    assert sum(one.size_bytes for one in chosen) >= missing
    assert not chosen or sum(one.size_bytes for one in chosen[:-1]) < missing
