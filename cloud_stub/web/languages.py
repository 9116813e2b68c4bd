"""The languages of the pages: which one a request gets, its Jinja environment, and how it writes times and money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib import resources
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime, format_time
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_precision
from babel.support import NullTranslations, Translations
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

LANGUAGES: Mapping[str, str] = {"en": "English", "fr": "Français"}
DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code, its translations and the Jinja environment that speaks it."""

    code: str
    translations: NullTranslations
    environment: Environment

    def say(self, message: str, **values: object) -> str:
        """Return a message in this language with `%(name)s` values put in."""
        said: str = self.translations.ugettext(message)
        return said % values if values else said

    def say_many(self, one: str, many: str, count: int, **values: object) -> str:
        """Return the singular or plural message for `count`, which is also the value `%(count)s`."""
        said: str = self.translations.ungettext(one, many, count)
        return said % {"count": count, **values}

    def day(self, moment: datetime | date, time_zone: str) -> str:
        """Write a day, with its year, in an account's time zone."""
        local = moment.astimezone(ZoneInfo(time_zone)).date() if isinstance(moment, datetime) else moment
        return format_date(local, format="long", locale=self.code)

    def clock_time(self, moment: datetime, time_zone: str) -> str:
        """Write a time of day, to the minute, in an account's time zone."""
        return format_time(moment, format="short", tzinfo=ZoneInfo(time_zone), locale=self.code)

    def moment(self, moment: datetime, time_zone: str) -> str:
        """Write a day and a time of day, to the minute, in an account's time zone."""
        return f"{self._short_day(moment, time_zone)} {self.clock_time(moment, time_zone)}"

    def exact_moment(self, moment: datetime, time_zone: str) -> str:
        """Write a day and a time of day, to the second, in an account's time zone."""
        return format_datetime(moment, format="medium", tzinfo=ZoneInfo(time_zone), locale=self.code)

    def _short_day(self, moment: datetime, time_zone: str) -> str:
        written = format_date(moment.astimezone(ZoneInfo(time_zone)).date(), format="medium", locale=self.code)
        return f"{written}," if self.code == "en" else f"{written} à"

    def money(self, minor_units: int, currency: str) -> str:
        """Write an amount given in minor units; whole amounts lose their decimals."""
        digits = get_currency_precision(currency)
        amount = Decimal(minor_units).scaleb(-digits)
        whole = minor_units % 10**digits == 0
        written: str = format_currency(
            amount,
            currency,
            format="#,##0\u00a0¤" if whole and self.code == "fr" else "¤#,##0" if whole else None,
            locale=self.code,
            currency_digits=not whole,
        )
        return written

    @property
    def country(self) -> str:
        """Return the country that a form in this language starts with."""
        return {"fr": "FR"}.get(self.code, "US")

    def countries(self, codes: Sequence[str]) -> str:
        """Write the names of countries, given by their ISO codes."""
        locale = Locale.parse(self.code)
        return format_list([locale.territories.get(code, code) for code in codes], locale=locale)

    def length(self, duration_ms: int) -> str:
        """Write a length as `0:07` or `1:02:03`; a part of a second counts as begun."""
        seconds = -(-duration_ms // 1000)
        hours, minutes = divmod(seconds // 60, 60)
        tail = f"{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
        return f"{hours}:{tail}" if hours else tail

    def span(self, duration_ms: int) -> str:
        """Write a length of time in words, as `1 h 23 min`, `4 min` or `12 s`."""
        seconds = duration_ms // 1000
        if seconds < 60:  # noqa: PLR2004 - a minute
            return f"{seconds} s"
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"

    def bytes(self, count: int) -> str:
        """Write a number of bytes in units of a thousand."""
        units = ["o", "ko", "Mo", "Go", "To"] if self.code == "fr" else ["B", "kB", "MB", "GB", "TB"]
        amount, unit = float(count), units[0]
        for unit in units:  # noqa: B007 - the unit reached is what is written
            if amount < 1000:  # noqa: PLR2004 - units of a thousand
                break
            amount /= 1000
        text = f"{amount:.0f}" if amount >= 10 or unit == units[0] else f"{amount:.1f}"  # noqa: PLR2004 - two digits
        return f"{text.replace('.', ',') if self.code == 'fr' else text}\u00a0{unit}"


class Languages:
    """All languages, loaded once; raises nothing when a catalog is missing: the page is then in English."""

    def __init__(self) -> None:
        self._languages = {code: _load(code) for code in LANGUAGES}

    def get(self, code: str) -> Language:
        """Return a language by its code, English when it is none of ours."""
        return self._languages.get(code, self._languages[DEFAULT_LANGUAGE])

    def choose(self, asked: str | None, account: str | None, accepted: str) -> Language:
        """Return the language of a request: `?lang=`, else the account's, else `Accept-Language`."""
        for code in (asked, account):
            if code in self._languages:
                return self._languages[code]
        found = negotiate_locale(_by_weight(accepted), list(LANGUAGES), sep="-")
        return self.get((found or DEFAULT_LANGUAGE)[:2])


def _by_weight(accepted: str) -> list[str]:
    """Return the tags of an Accept-Language header, best first; what cannot be read weighs nothing."""
    weighed: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            weighed.append((-weight, tag.strip().split("-")[0].lower()))
    return [tag for _, tag in sorted(weighed, key=lambda pair: pair[0])]


def _load(code: str) -> Language:
    folder = resources.files("cloud_stub.web") / "translations"
    translations: NullTranslations = NullTranslations()
    if code != DEFAULT_LANGUAGE:
        with resources.as_file(folder) as path:
            translations = Translations.load(str(path), [code])
    environment = Environment(
        loader=PackageLoader("cloud_stub.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension adds it
        translations.ugettext, translations.ungettext, newstyle=True
    )
    language = Language(code, translations, environment)
    environment.globals["language"] = language
    environment.globals["language_names"] = LANGUAGES
    environment.filters["lines"] = lambda text: Markup("<br>").join(str(text).splitlines())
    return language
