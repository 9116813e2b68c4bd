"""What weather draws raises the threshold; what people do does not."""

import numpy as np

from agent.vision.clutter import MOST, Blob, Clutter

MINIMUM_AREA = 0.003
LOOK_S = 1 / 6


def blob(x: float, y: float, area: float = 0.005, side: float = 0.06) -> Blob:
    return Blob(area, (x, y, side, side))


def shown(looks: list[list[Blob]], *, moving: bool = True) -> Clutter:
    clutter = Clutter()
    for blobs in looks:
        clutter.learn(blobs, LOOK_S, MINIMUM_AREA, moving=moving)
    return clutter


def test_at_first_the_smallest_area_is_enough() -> None:
    assert Clutter().threshold(MINIMUM_AREA) == 1.0


def test_drops_that_are_somewhere_else_at_each_look_raise_the_threshold_even_while_they_count_as_motion() -> None:
    dice = np.random.default_rng(1)
    clutter = shown([[blob(*dice.uniform(0, 0.9, 2))] for _ in range(60)])
    assert 2.5 < clutter.threshold(MINIMUM_AREA) < MOST


def test_a_crowd_of_flakes_raises_it_though_each_is_near_another_ones_place() -> None:
    dice = np.random.default_rng(2)
    clutter = shown([[blob(*dice.uniform(0, 0.9, 2)) for _ in range(20)] for _ in range(60)])
    assert clutter.threshold(MINIMUM_AREA) > 2.5


def test_six_people_who_walk_do_not() -> None:
    looks = [[blob(0.1 * place + 0.004 * look, 0.15 * place) for place in range(6)] for look in range(90)]
    assert shown(looks).threshold(MINIMUM_AREA) == 1.0


def test_cars_that_come_one_after_the_other_do_not() -> None:
    looks = [[] if look % 12 > 5 else [blob(0.15 * (look % 12), 0.5, area=0.03, side=0.2)] for look in range(120)]
    assert shown(looks).threshold(MINIMUM_AREA) == 1.0


def test_somebody_who_stays_in_one_place_is_learnt_only_while_nothing_moves() -> None:
    looks = [[blob(0.5, 0.5)] for _ in range(60)]
    assert shown(looks, moving=True).threshold(MINIMUM_AREA) == 1.0
    assert shown(looks, moving=False).threshold(MINIMUM_AREA) > 1.5


def test_it_is_forgotten_when_the_rain_is_over() -> None:
    dice = np.random.default_rng(3)
    rain = [[blob(*dice.uniform(0, 0.9, 2))] for _ in range(60)]
    dry: list[list[Blob]] = [[] for _ in range(240)]
    assert shown(rain + dry, moving=False).threshold(MINIMUM_AREA) == 1.0


def test_a_small_blob_follows_within_half_its_length_and_a_large_one_within_two() -> None:
    clutter = Clutter()
    clutter.learn([blob(0.2, 0.5, area=0.005, side=0.06)], LOOK_S, MINIMUM_AREA, moving=False)
    assert clutter.follows([blob(0.28, 0.5, area=0.005, side=0.06)])
    assert not clutter.follows([blob(0.32, 0.5, area=0.005, side=0.06)])
    clutter.learn([blob(0.0, 0.5, area=0.05, side=0.2)], LOOK_S, MINIMUM_AREA, moving=False)
    assert clutter.follows([blob(0.5, 0.5, area=0.05, side=0.2)])
    assert not clutter.follows([])


def test_where_an_insect_came_from_nowhere_what_is_as_small_must_be_seen_once_more() -> None:
    clutter = shown([[] for _ in range(60)])
    assert clutter.looks_more(1.5) == 0
    for place in (0.1, 0.6):
        clutter.learn([blob(place, place)], LOOK_S, MINIMUM_AREA, moving=False)
    assert clutter.looks_more(1.5) == 1
    assert clutter.looks_more(3.0) == 0
    for _ in range(240):
        clutter.learn([], LOOK_S, MINIMUM_AREA, moving=False)
    assert clutter.looks_more(1.5) == 0
