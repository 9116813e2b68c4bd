"""Zones on the diagnostics page: their part of the status document, and the dialog in which they are drawn."""

from collections.abc import Mapping

from agent.domain.zones import MOST_ACTIVITY, MOST_CORNERS, MOST_PRIVACY, NO_ZONES, CameraZones, ZoneKind
from agent.flow.status_board import StatusBoard
from agent.web.documents import ZoneDocument, ZonesDocument
from agent.web.languages import Language, msg
from agent.web.markup import Html, fill, join

KINDS: Mapping[ZoneKind, str] = {
    ZoneKind.ACTIVITY: msg("Activity zone: motion in it does not count"),
    ZoneKind.ONLY_HERE: msg("Only here: motion outside does not count"),
    ZoneKind.PRIVACY: msg("Privacy zone: nobody ever sees what is in it"),
}
COST = msg(
    "A privacy zone is painted over in pictures, live views and clips alike, so the module encodes this camera's video "
    "itself: three to five times the work of a camera without one. What was recorded before stays as it is."
)
WORDS: Mapping[str, str] = {
    "saved": msg("Saved. The camera starts anew with these zones."),
    "stale": msg("The zones were changed elsewhere meanwhile: close this and open it again."),
    "corners": msg("A zone needs at least three corners."),
    "locked": msg("The page is locked again."),
    "refused": msg("This cannot be taken: a zone that crosses itself or is too small, or too many of them."),
    "failed": msg("The module could not do it; its log says why."),
    "full": msg("This zone has as many corners as it may have."),
    "most": msg("There are as many zones of this kind as there may be."),
}

BUTTON = '<button type="button" class="edit-zones" disabled>{label}</button>'
SUMMARY = '<p class="small dim" data-text="zones.text">{text}</p><p class="small bad" data-text="zones.slow">{slow}</p>'
OPTION = '<option value="{kind}" data-most="{most}">{text}</option>'
WORD = '<li data-word="{name}">{text}</li>'
DIALOG = """
<dialog class="zones" aria-label="{label}" data-corners="{most_corners}">
  <form method="dialog"><h2 data-zones-part="name"></h2><button aria-label="{close}">&times;</button></form>
  <p class="small dim">{how}</p>
  <div class="canvas"><img alt="{picture}">
    <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true"></svg></div>
  <div class="zones-bar">
    <select data-zones-part="kind" aria-label="{kind}">{kinds}</select>
    <button type="button" data-zones-part="new">{new}</button>
    <button type="button" data-zones-part="undo">{undo}</button>
    <button type="button" data-zones-part="clear">{clear}</button>
    <button type="button" data-zones-part="save">{save}</button>
  </div>
  <p data-zones-part="said" role="status"></p>
  <p class="small dim">{cost}</p>
  <details><summary>{list}</summary>
    <ol class="corners"></ol>
    <button type="button" data-zones-part="corner">{add}</button>
  </details>
  <template id="corner"><li><label>x <input type="number" name="x" min="0" max="100" step="0.1"> %</label>
    <label>y <input type="number" name="y" min="0" max="100" step="0.1"> %</label>
    <button type="button" data-remove aria-label="{remove}">&times;</button></li></template>
  <ul hidden>{words}</ul>
</dialog>
"""


def camera_zones(board: StatusBoard, camera_id: str, say: Language) -> ZonesDocument:
    """Say which zones a camera has."""
    zones = board.zones.cameras.get(camera_id, NO_ZONES)
    every = board.zones.every.get(camera_id, 1)
    slow = msg("The module is too slow to encode all pictures of this camera: it stores one in %(every)s.")
    return ZonesDocument(
        version=zones.version,
        zones=[ZoneDocument(kind=zone.kind.value, corners=list(zone.corners)) for zone in zones.zones],
        text=_count(zones, say),
        slow=say.say(slow, every=every) if every > 1 else "",
    )


def zones_summary(zones: ZonesDocument) -> Html:
    """Write what a camera's card says of its zones."""
    return fill(SUMMARY, text=zones.text, slow=zones.slow)


def zones_button(say: Language) -> Html:
    """Write the button that opens the dialog."""
    return fill(BUTTON, label=say.say("Zones"))


def zones_dialog(say: Language) -> Html:
    """Write the dialog, once for the page."""
    most = {kind: MOST_PRIVACY if kind is ZoneKind.PRIVACY else MOST_ACTIVITY for kind in ZoneKind}
    return fill(
        DIALOG,
        label=say.say("Zones"),
        most_corners=MOST_CORNERS,
        close=say.say("Close"),
        how=say.say("Touch the picture to set the corners of a zone one after the other; drag a corner to move it."),
        picture=say.say("Picture of the camera"),
        kind=say.say("Kind of the next zone"),
        kinds=join(fill(OPTION, kind=kind.value, most=most[kind], text=say.say(text)) for kind, text in KINDS.items()),
        new=say.say("New zone"),
        undo=say.say("Undo"),
        clear=say.say("Take all away"),
        save=say.say("Save the zones"),
        cost=say.say(COST),
        list=say.say("Corners as numbers"),
        add=say.say("Add a corner"),
        remove=say.say("Remove this corner"),
        words=join(fill(WORD, name=name, text=say.say(text)) for name, text in WORDS.items()),
    )


def _count(zones: CameraZones, say: Language) -> str:
    private = len(zones.of(ZoneKind.PRIVACY))
    others = len(zones.zones) - private
    said = [
        say.say_many("%(count)s activity zone", "%(count)s activity zones", others) if others else "",
        say.say_many("%(count)s privacy zone", "%(count)s privacy zones", private) if private else "",
    ]
    return ", ".join(filter(None, said))
