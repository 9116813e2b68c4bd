"""A pool of free cloud storage in a sentence: for how long it is enough, and which clip goes next."""

from typing import Final

from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview

HOURS_A_DAY: Final = 24
SAID_IN_HOURS: Final = 48


def pool_outlook(pool: str, overview: Overview, language: Language) -> str:
    """Return how many days of clips a pool holds at the present rate, and what it lets go of first; empty if unused."""
    forecast = overview.pool_forecasts[pool]
    sentences = []
    if forecast.days is not None:
        hours = round(forecast.days * HOURS_A_DAY)
        sentences.append(
            language.say_many(
                "At your present rate it holds about %(count)s hour.",
                "At your present rate it holds about %(count)s hours.",
                max(1, hours),
            )
            if hours < SAID_IN_HOURS
            else language.say_many(
                "At your present rate it holds about %(count)s day.",
                "At your present rate it holds about %(count)s days.",
                round(forecast.days),
            )
        )
    oldest = forecast.next_evicted
    if oldest is not None:
        camera = overview.camera_name(oldest.camera_id) or language.say("A camera that was removed")
        when = language.moment(oldest.captured_at, overview.account.time_zone)
        sentences.append(language.say("Next to go: %(when)s, %(camera)s.", when=when, camera=camera))
    return " ".join(sentences)
