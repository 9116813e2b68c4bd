"""Sensitivity on the diagnostics page: its part of the status document, and the dialog in which it is chosen."""

from collections.abc import Mapping

from agent.domain.motion_why import LEAST_SENSITIVITY, MOST_SENSITIVITY, STANDARD_SENSITIVITY
from agent.domain.sensitivity import LEVELS, SetBy, smallest_side
from agent.flow.status_board import StatusBoard
from agent.vision.detector import MINIMUM_AREA
from agent.vision.small_picture import SMALL_WIDTH
from agent.web.documents import SensitivityDocument
from agent.web.languages import Language, msg
from agent.web.markup import Html, fill, join
from hardware.camera import StreamInfo

UNKNOWN_PICTURE = (SMALL_WIDTH, SMALL_WIDTH * 9 // 16)
MUCH_LESS = msg("Much less: only what is very large or very close counts.")
LESS = msg("Less: only what is large or close counts. There are fewer alerts, and people far away are passed over.")
A_LITTLE_LESS = msg("A little less than usual: what is small or far away is passed over.")
USUAL = msg("As usual: a person some way off counts.")
MORE = msg("More: smaller and more distant things count too; so may animals, rain and insects.")
MUCH_MORE = msg("Much more: even very small things count. Expect many clips of leaves, rain and insects.")
LEVEL_WORDS: Mapping[int, str] = {
    1: MUCH_LESS,
    2: LESS,
    3: LESS,
    4: A_LITTLE_LESS,
    5: USUAL,
    6: MORE,
    7: MORE,
    8: MUCH_MORE,
    9: MUCH_MORE,
}
WORDS: Mapping[str, str] = {
    "share": msg("The smallest thing that counts is about as large as the square: {share} of the picture."),
    "reset": msg("As in the configuration ({sensitivity})"),
    "saved": msg("Saved: the camera uses sensitivity {sensitivity} from now on."),
    "locked": msg("The page is locked again."),
    "failed": msg("The module could not do it; its log says why."),
}

BUTTON = '<button type="button" class="edit-sensitivity" disabled>{label}</button>'
SUMMARY = '<p class="small dim" data-text="sensitivity.text">{text}</p>'
LEVEL = '<li data-level="{level}">{text}</li>'
WORD = '<li data-word="{name}">{text}</li>'
DIALOG = """
<dialog class="sensitivity" aria-label="{label}">
  <form method="dialog"><h2 data-sensitivity="name"></h2><button aria-label="{close}">&times;</button></form>
  <p class="dim">{how}</p>
  <div class="view"><img alt="{picture}"><span class="square" aria-hidden="true"></span></div>
  <label class="scale"><span>{less}</span>
    <input type="range" min="{least}" max="{most}" step="1" value="{standard}" aria-label="{label}">
    <span>{more}</span></label>
  <p class="chosen"><output></output><span data-sensitivity="means"></span></p>
  <p data-sensitivity="share"></p>
  <div class="sensitivity-bar">
    <button type="button" data-sensitivity="use">{use}</button>
    <button type="button" data-sensitivity="reset" hidden></button>
  </div>
  <p data-sensitivity="said" role="status"></p>
  <p class="small dim">{by_itself}</p>
  <ul hidden>{levels}{words}</ul>
</dialog>
"""


def camera_sensitivity(
    board: StatusBoard, camera_id: str, stream: StreamInfo | None, say: Language
) -> SensitivityDocument:
    """Say how sensitive a camera is, who said so, and how large the smallest thing is at each sensitivity."""
    now = board.sensitivity.of(camera_id)
    text = msg("Sensitivity %(level)s of 9")
    if now.set_by is SetBy.OWNER and now.level != now.configured:
        text = msg("Sensitivity %(level)s of 9, set by the owner")
    width, height = UNKNOWN_PICTURE if stream is None else _small(stream)
    return SensitivityDocument(
        level=now.level,
        set_by=now.set_by.value,
        configured=now.configured,
        text=say.say(text, level=now.level),
        smallest_sides=[round(smallest_side(level, MINIMUM_AREA, width, height), 4) for level in LEVELS],
    )


def _small(stream: StreamInfo) -> tuple[int, int]:
    """Return the width and height that the detector sees (agent.vision.small_picture)."""
    factor = max(1, stream.width // SMALL_WIDTH)
    return stream.width // factor, max(1, stream.height // factor)


def sensitivity_summary(text: str) -> Html:
    """Write what a camera's card says of it."""
    return fill(SUMMARY, text=text)


def sensitivity_button(say: Language) -> Html:
    """Write the button that opens the dialog."""
    return fill(BUTTON, label=say.say("Sensitivity"))


def sensitivity_dialog(say: Language) -> Html:
    """Write the dialog, once for the page."""
    return fill(
        DIALOG,
        label=say.say("Sensitivity"),
        close=say.say("Close"),
        how=say.say("How much has to move before it counts? Touch the picture to hold the square against something."),
        picture=say.say("Picture of the camera"),
        less=say.say("Less"),
        more=say.say("More"),
        least=LEAST_SENSITIVITY,
        most=MOST_SENSITIVITY,
        standard=STANDARD_SENSITIVITY,
        use=say.say("Use this sensitivity"),
        by_itself=say.say(
            "It counts at once, and the recording goes on. Where leaves, rain or shadows move all the time, the camera "
            "asks for more by itself."
        ),
        levels=join(fill(LEVEL, level=level, text=say.say(text)) for level, text in LEVEL_WORDS.items()),
        words=join(fill(WORD, name=name, text=say.say(text)) for name, text in WORDS.items()),
    )
