"""The HTML of the dialog that says why a clip was made; why.js fills it on demand."""

from agent.domain.motion_why import LEAST_SENSITIVITY, MOST_SENSITIVITY, STANDARD_SENSITIVITY
from agent.web.languages import Language
from agent.web.markup import Html, fill

BUTTON = '<button type="button" class="ask-why" {hidden}>{label}</button>'
DIALOG = """
<dialog class="why" aria-label="{title}">
  <form method="dialog"><h2>{title}</h2><button aria-label="{close}">&times;</button></form>
  <p class="dim" data-why="none" hidden>{none}</p>
  <ol class="why-events"></ol>
  <h3>{would}</h3>
  <p class="small dim">{how} <span data-why="now"></span></p>
  <p class="small when-locked">{locked}</p>
  <div class="why-bar when-unlocked">
    <label>{sensitivity} <input type="range" min="{least}" max="{most}" step="1" value="{standard}">
      <output>{standard}</output></label>
    <button type="button" data-why="begin">{begin}</button>
    <button type="button" data-why="stop" hidden>{stop}</button>
    <progress max="1" value="0" hidden aria-label="{progress}"></progress>
  </div>
  <p role="status" data-why="said"></p>
  <p class="when-unlocked" data-why="offer" hidden><button type="button" data-why="use"></button></p>
  <div class="why-lines" hidden>
    <p class="small"><b>{gave}</b></p>
    <svg data-why="gave" viewBox="0 0 1000 20" preserveAspectRatio="none" role="img" aria-label="{gave}"></svg>
    <p class="small dim why-ends"><span>0 s</span><span data-why="length"></span></p>
    <div data-why="replayed" hidden>
      <p class="small"><b>{would_give}</b></p>
      <svg data-why="answer" viewBox="0 0 1000 20" preserveAspectRatio="none" role="img"
        aria-label="{would_give}"></svg>
      <svg data-why="trace" viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="{curve}"></svg>
      <p class="small dim">{curve}</p>
      <ol class="small" data-why="list"></ol>
      <p class="small dim">{blank}</p>
    </div>
  </div>
  <template id="why-event"><li><img alt="{picture}"><ul></ul></li></template>
  <template id="why-words"><span data-word="zero">{zero}</span><span data-word="one">{one}</span>
    <span data-word="many">{many}</span><span data-word="event">{event}</span><span data-word="light">{light}</span>
    <span data-word="use">{use}</span><span data-word="used">{used}</span><span data-word="now">{now}</span>
    <span data-word="stopped">{stopped}</span><span data-word="failed">{failed}</span></template>
</dialog>
"""


def why_button(say: Language, *, hidden: Html) -> Html:
    """Write the button of one clip's row."""
    return fill(BUTTON, label=say.say("Why?"), hidden=hidden)


def why_dialog(say: Language) -> Html:
    """Write the dialog, once for the page."""
    return fill(
        DIALOG,
        title=say.say("Why this clip?"),
        close=say.say("Close"),
        none=say.say("No reason was kept for this clip: it was not made for a motion, or it is too long ago."),
        would=say.say("Would it have fired?"),
        how=say.say(
            "The clip runs through the same detector once more, with the camera's zones of now. 1 sees only what is "
            "large, 9 also what is very small."
        ),
        locked=say.say("Unlock the page to try it: it costs the module some work."),
        sensitivity=say.say("Sensitivity"),
        least=LEAST_SENSITIVITY,
        most=MOST_SENSITIVITY,
        standard=STANDARD_SENSITIVITY,
        begin=say.say("Try it"),
        stop=say.say("Stop"),
        progress=say.say("Progress"),
        gave=say.say("What the camera gave"),
        would_give=say.say("What it would have given"),
        curve=say.say("How much moved; above the line it counts as motion."),
        blank=say.say(
            "The detector begins this with an empty memory, where the camera had watched for long: the first second "
            "does not count, and what moved from the start may be missed."
        ),
        picture=say.say("The picture when it was decided; what moved is outlined."),
        zero=say.say("With sensitivity {sensitivity} it would not have fired."),
        one=say.say("With sensitivity {sensitivity} it would have fired once."),
        many=say.say("With sensitivity {sensitivity} it would have fired {count} times."),
        event=say.say("{start} s to {end} s: {share} of the picture, score {score} of {threshold}"),
        light=say.say("{start} s to {end} s: the light changed"),
        use=say.say("Use sensitivity {sensitivity} for {camera}"),
        used=say.say("{camera} uses sensitivity {sensitivity} from now on."),
        now=say.say("{camera} uses sensitivity {sensitivity} now."),
        stopped=say.say("Stopped."),
        failed=say.say("This clip could not be tried; the module's log says why."),
    )
