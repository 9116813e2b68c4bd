"""Provinces and states that sign-up asks for, where a catalog has rules of its own for some of them (R018)."""

from collections.abc import Mapping
from typing import Final

from cloud_stub.domain.catalog import Region
from cloud_stub.errors import CloudError
from cloud_stub.web.languages import Language
from cloud_stub.web.words import N_

KNOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "CA": {
        "CA-AB": N_("Alberta"),
        "CA-BC": N_("British Columbia"),
        "CA-MB": N_("Manitoba"),
        "CA-NB": N_("New Brunswick"),
        "CA-NL": N_("Newfoundland and Labrador"),
        "CA-NS": N_("Nova Scotia"),
        "CA-NT": N_("Northwest Territories"),
        "CA-NU": N_("Nunavut"),
        "CA-ON": N_("Ontario"),
        "CA-PE": N_("Prince Edward Island"),
        "CA-QC": N_("Quebec"),
        "CA-SK": N_("Saskatchewan"),
        "CA-YT": N_("Yukon"),
    }
}
"""By country, the names of all its subdivisions, so that an owner finds the one that is no exception too."""


def subdivisions_of(region: Region) -> tuple[str, ...]:
    """Return what an owner in a region chooses from (ISO 3166-2); nothing where no rule depends on it."""
    ruled = {code for codes in region.no_renewal_in.values() for code in codes}
    countries = {code.partition("-")[0] for code in ruled}
    return tuple(sorted(ruled | {code for country in countries for code in KNOWN.get(country, ())}))


def say_subdivision(code: str, language: Language) -> str:
    """Return the name of a subdivision; one whose country is not listed here is called by its code."""
    name = KNOWN.get(code.partition("-")[0], {}).get(code)
    return code if name is None else language.say(name)


def check_subdivision(code: str | None, region: Region) -> str | None:
    """Return a subdivision of a region, or `None` where none was said; CloudError 422 `bad_choice`."""
    if not code:
        return None
    if code not in subdivisions_of(region):
        raise CloudError("bad_choice", 422, "This province or state is none of the choices.")
    return code
