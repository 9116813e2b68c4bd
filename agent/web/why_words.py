"""What the diagnostics page says of one motion: what moved, how large, where, and what tipped the scale."""

from agent.domain.motion_why import Box, MotionWhy, Stage
from agent.web.languages import DECIMAL_POINT, Language, msg

STAGES = {
    Stage.OBJECT: msg("Something moved in the picture."),
    Stage.LIGHT: msg("The light changed in the whole picture at once: the clip is kept, nobody is alerted."),
    Stage.SENSOR: msg("The motion sensor beside the camera told of it."),
}
SIZES = (
    (0.01, msg("something small")),
    (0.05, msg("about as large as a person some way off")),
    (0.2, msg("about as large as a person close by")),
    (1.0, msg("something very large or very close")),
)
PLACES = (
    (msg("at the top left"), msg("at the top"), msg("at the top right")),
    (msg("on the left"), msg("in the middle"), msg("on the right")),
    (msg("at the bottom left"), msg("at the bottom"), msg("at the bottom right")),
)
CLOSE_CALL = 1.5


def why_sentences(why: MotionWhy, say: Language) -> list[str]:
    """Say why, one thought a sentence."""
    said = [say.say(STAGES[why.stage])]
    if why.stage is not Stage.OBJECT:
        return said
    place = "" if why.box is None else ", " + say.say(PLACES[_third(why.box, 1)][_third(why.box, 0)])
    size = say.say(next(text for most, text in SIZES if why.area <= most or most >= 1.0))
    said.append(
        say.say(
            msg("It covered %(share)s%% of the picture (%(size)s)%(place)s."),
            share=decimal(100 * why.area, say),
            size=size,
            place=place,
        )
    )
    threshold = say.say(
        msg("Its score was %(score)s, and %(threshold)s was enough at sensitivity %(sensitivity)s."),
        score=decimal(why.score, say),
        threshold=decimal(why.threshold, say),
        sensitivity=why.sensitivity,
    )
    said.append(threshold)
    if why.score < CLOSE_CALL * why.threshold:
        said.append(say.say(msg("That was close: a little less sensitive and it would have been passed over.")))
    if why.threshold > 1.0:
        said.append(say.say(msg("More than usual was asked for, because rain, leaves or shadows moved before.")))
    return said


def decimal(value: float, say: Language) -> str:
    """Write a number with one digit behind the point of the language."""
    return f"{value:.1f}".replace(".", say.say(DECIMAL_POINT))


def _third(box: Box, axis: int) -> int:
    centre = box[axis] + box[axis + 2] / 2
    return min(2, max(0, int(3 * centre)))
