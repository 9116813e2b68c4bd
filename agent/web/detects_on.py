"""What the diagnostics say of a camera with a small second stream."""

from agent.domain.detects_on import DetectsOn
from agent.flow.status_board import CameraBoard
from agent.web.detection_documents import DetectsOnDocument
from agent.web.languages import Language, msg
from agent.web.markup import Html, fill

SUMMARY = '<p class="small dim" data-text="detects_on.text">{text}</p>'
SENTENCES = {
    DetectsOn.SECOND: msg("Motion is looked for in its small second stream"),
    DetectsOn.MAIN: msg("Its second stream is not to be had: motion is looked for in the main one, which costs more"),
}


def camera_detects_on(camera: CameraBoard, say: Language) -> DetectsOnDocument | None:
    """Say which stream is looked at; `None` for a camera without a second one, or before either was."""
    if camera.detects_on is None:
        return None
    stream, why = camera.detects_on
    return DetectsOnDocument(stream=stream.value, why=why, text=say.say(SENTENCES[stream]))


def detects_on_summary(document: DetectsOnDocument | None) -> Html:
    """Write what a camera's card says of it."""
    return fill(SUMMARY, text="" if document is None else document.text)
