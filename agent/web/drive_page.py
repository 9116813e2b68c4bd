"""The HTML of the USB drive's clips on the diagnostics page; drive.js fills it on demand."""

from agent.web.languages import Language
from agent.web.markup import Html, fill

DRIVE = """
<section class="card drive" aria-label="{title}">
  <div class="bar"><h2>{title}</h2><span class="small dim" data-drive-total></span>
    <button type="button" data-drive-list>{show}</button></div>
  <div class="controls"><button type="button" data-drive-eject disabled>{eject}</button>
    <button type="button" data-drive-adopt hidden disabled>{adopt}</button></div>
  <p class="small" role="status" data-drive-said></p>
  <ol class="drive-clips"></ol>
  <button type="button" data-drive-more hidden>{more}</button>
  <video controls playsinline hidden></video><img alt="{photo}" hidden>
  <template id="drive-clip"><li><button type="button" data-play>{play}</button>
    <time></time> <b></b> <span class="small dim" data-size></span>
    <span class="small dim" data-backup hidden>{backup}</span>
    <button type="button" data-delete disabled>{delete}</button></li></template>
  <template id="drive-words"><span data-word="empty">{empty}</span><span data-word="changed">{changed}</span>
    <span data-word="not_played">{not_played}</span><span data-word="sure">{sure}</span>
    <span data-word="ejected">{ejected}</span><span data-word="undated">{undated}</span></template>
</section>
"""


def drive_html(say: Language) -> Html:
    """Write the section of a module that has a drive."""
    return fill(
        DRIVE,
        title=say.say("Clips on the USB drive"),
        show=say.say("Show the clips"),
        eject=say.say("Eject the drive"),
        adopt=say.say("Use this drive"),
        more=say.say("More clips"),
        play=say.say("Play"),
        photo=say.say("Photo"),
        backup=say.say("backup"),
        delete=say.say("Delete"),
        empty=say.say("No clip of this module is on the drive."),
        changed=say.say("The clips on the drive changed meanwhile: the list begins anew."),
        not_played=say.say(
            "This clip cannot be played: the drive was pulled out, or the browser cannot play its format."
        ),
        sure=say.say("Delete this clip from the drive for good?"),
        ejected=say.say("The drive can be taken out."),
        undated=say.say("undated"),
    )
