"""Live view on the diagnostics page: its dialog, with every sentence that its script may have to say."""

from collections.abc import Mapping

from agent.web.languages import Language, msg
from agent.web.markup import Html, fill, join

WORDS: Mapping[str, str] = {
    "begins": msg("The live view begins."),
    "waiting": msg("A clip is being recorded: the live view begins when it is done."),
    "away": msg("The camera is away. The picture comes back with it."),
    "not-shown": msg("The video of this camera cannot be shown live: set it to H.264."),
    "closed": msg("The live view was cut off."),
    "no-microphone": msg("The microphone cannot be used: allow it for this page."),
    "end-limit": msg("The live view has reached its limit."),
    "end-not_answered": msg("Nobody asked to go on: the live view has ended."),
    "end-left": msg("The live view has ended."),
    "end-stopped": msg("The module is stopping, or the camera was taken out of its configuration."),
    "end-logged_out": msg("The owner has logged out: the live view has ended."),
    "end-revoked": msg("The module was removed from its account: the live view has ended."),
    "extended-no_lease": msg("Five minutes only: this module has no lease yet."),
    "extended-lease_over": msg("Five minutes only: the lease is over."),
    "extended-camera_not_confirmed": msg("Five minutes only: confirm this camera on the owner's page first."),
    "extended-model_not_eligible": msg("Five minutes only: a camera of this model has no longer live view here."),
    "extended-not_entitled": msg("Five minutes only: the plan has no longer live view."),
    "saving-no_lease": msg("Not saved: this module has no lease yet."),
    "saving-lease_over": msg("Not saved: the lease is over."),
    "saving-camera_not_confirmed": msg("Not saved: confirm this camera on the owner's page first."),
    "saving-model_not_eligible": msg("Not saved: no plan of this region covers a camera of this model."),
    "saving-not_entitled": msg("Not saved: the plan does not save live views."),
    "saving-extended_not_saved": msg("Not saved: a long live view never is."),
}

DIALOG = """
<dialog class="live-view" aria-label="{label}">
  <form method="dialog"><h2 data-live-part="name"></h2><button aria-label="{close}">&times;</button></form>
  <div class="screen"><video data-live-part="video" autoplay muted playsinline></video>
    <img data-live-part="picture" alt="{label}" hidden></div>
  <p data-live-part="state" role="status"></p>
  <p class="small dim" data-live-part="notes" role="status"></p>
  <p class="question" data-live-part="question" role="alert" hidden>{question}
    <button type="button" data-live-part="go-on">{go_on}</button></p>
  <div class="live-bar">
    <button type="button" data-live-part="again" hidden>{again}</button>
    <button type="button" data-live-part="talk" aria-pressed="false" hidden>{talk}</button>
    <span class="small dim" data-live-part="no-talk" hidden>{no_talk}</span>
    <label class="small"><input type="checkbox" data-live-part="extended"> {extended}</label>
    <label class="small"><input type="checkbox" data-live-part="save"> {save}</label>
  </div>
  <ul hidden>{words}</ul>
</dialog>
"""
WORD = '<li data-word="{name}">{text}</li>'
BUTTON = '<button type="button" class="go-live" disabled title="{title}">{label}</button>'


def live_button(say: Language) -> Html:
    """Write the button of one camera; the page's script enables it while the page is unlocked."""
    return fill(BUTTON, label=say.say("Live"), title=say.say("Watch live, once the page is unlocked"))


def live_dialog(say: Language) -> Html:
    """Write the dialog, once for the page."""
    return fill(
        DIALOG,
        label=say.say("Live view"),
        close=say.say("Close"),
        question=say.say("Do you want to go on watching?"),
        go_on=say.say("Go on"),
        again=say.say("Watch again"),
        talk=say.say("Hold to talk"),
        no_talk=say.say("To talk, open this page over https or on the module itself: browsers keep the microphone."),
        extended=say.say("Up to 90 minutes"),
        save=say.say("Save as a clip"),
        words=join(fill(WORD, name=name, text=say.say(text)) for name, text in WORDS.items()),
    )
