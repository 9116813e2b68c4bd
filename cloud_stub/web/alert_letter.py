"""An alert in words: one mail in the owner's language, plain text, with the clip's address."""

from cloud_stub.domain.records import Account
from cloud_stub.flow.alert_to_owner import AlertFacts, Write
from cloud_stub.flow.notices_to_owner import Letter
from cloud_stub.web.languages import Language, Languages

LONGEST_TITLE = 255


def alert_writer(languages: Languages, public_url: str) -> Write:
    """Return what puts an alert into the language of an account; links lead to `public_url`."""
    return lambda facts, account: alert_letter(languages.get(account.locale), facts, account, public_url.rstrip("/"))


def alert_letter(language: Language, facts: AlertFacts, account: Account, url: str) -> Letter:
    """Return one mail in words."""
    title = (
        language.say("%(camera)s: a person", camera=facts.camera)
        if facts.person
        else language.say("%(camera)s: motion", camera=facts.camera)
    )
    when = language.exact_moment(facts.at, account.time_zone)
    said = (
        language.say("A person was seen by %(camera)s: %(when)s.", camera=facts.camera, when=when)
        if facts.person
        else language.say("Something moved in front of %(camera)s: %(when)s.", camera=facts.camera, when=when)
    )
    clip = f"{url}/clips/{facts.clip_id}" if facts.clip_id else ""
    end = language.say_many(
        "At most one such mail of this camera every %(count)s minute; change it here: %(url)s",
        "At most one such mail of this camera every %(count)s minutes; change it here: %(url)s",
        facts.every_minutes,
        url=f"{url}/alerts",
    )
    return Letter(title[:LONGEST_TITLE], "\n\n".join(filter(None, [said, clip, "--", end])) + "\n")
