"""The languages of the diagnostics page: which one a request gets, and how it is spoken (gettext catalogs)."""

import gettext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TRANSLATIONS = Path(__file__).parent / "translations"
DOMAIN = "diagnostics"
LANGUAGES = ("en", "fr")


def msg(text: str) -> str:
    """Mark a sentence for translation where it is written down, and leave it as it is."""
    return text


def msg_many(one: str, many: str) -> tuple[str, str]:
    """Mark a sentence with a singular and a plural."""
    return one, many


@dataclass(frozen=True, slots=True)
class Language:
    """One language. The catalogs are compiled by Babel and read by the standard library, which costs no memory."""

    code: str
    catalog: gettext.NullTranslations

    def say(self, text: str, **values: object) -> str:
        """Return a marked sentence in this language, with `%(name)s` values put in."""
        said = self.catalog.gettext(text) if text else ""
        return said % values if values else said

    def say_many(self, one: str, many: str, count: int) -> str:
        """Return the form that fits `count`, which is `%(count)s` in it."""
        return self.catalog.ngettext(one, many, count) % {"count": count}

    def span(self, seconds: float) -> str:
        """Say a length of time in the largest unit of which there are at least two: 90 seconds, 2 hours."""
        for unit_s, (one, many) in SPANS:
            if seconds >= 2 * unit_s:
                return self.say_many(one, many, int(seconds // unit_s))
        return self.say_many("%(count)s second", "%(count)s seconds", int(max(seconds, 0)))

    def size(self, count: int) -> str:
        """Say a number of bytes in decimal units, as drives are sold."""
        step = 0
        while count >= 1000 ** (step + 1) and step + 1 < len(UNITS):
            step += 1
        value = count / 1000**step
        number = f"{value:.0f}" if step == 0 or value >= 100 else f"{value:.1f}"  # noqa: PLR2004 - three digits do
        return f"{number.replace('.', self.say(DECIMAL_POINT))} {self.say(UNITS[step])}"


DECIMAL_POINT = msg(".")
UNITS = (msg("bytes"), msg("kB"), msg("MB"), msg("GB"), msg("TB"))
SPANS = (
    (86_400, msg_many("%(count)s day", "%(count)s days")),
    (3600, msg_many("%(count)s hour", "%(count)s hours")),
    (60, msg_many("%(count)s minute", "%(count)s minutes")),
)


@cache
def language(code: str) -> Language:
    """Return a language by its code."""
    return Language(code, gettext.translation(DOMAIN, TRANSLATIONS, languages=[code], fallback=True))


def choose_language(asked: str | None, accept_language: str) -> Language:
    """Return the language of `?lang=`, else the best of the Accept-Language header, else English."""
    if asked in LANGUAGES:
        return language(asked)
    best, best_weight = LANGUAGES[0], 0.0
    for part in accept_language.split(","):
        tag, _, weight_text = part.strip().partition(";q=")
        code = tag.strip().lower().partition("-")[0]
        try:
            weight = float(weight_text) if weight_text else 1.0
        except ValueError:
            continue
        if code in LANGUAGES and weight > best_weight:
            best, best_weight = code, weight
    return language(best)
