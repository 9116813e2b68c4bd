"""What the diagnostics say of a camera whose pictures are decoded only when its packets tell of something."""

from agent.flow.status_board import CameraBoard
from agent.vision.packet_gate import MOTIONS_TO_TRUST, GateReport
from agent.web.detection_documents import PacketGateDocument
from agent.web.languages import Language, msg
from agent.web.markup import Html, fill

SUMMARY = '<p class="small dim" data-text="packet_gate.text">{text}</p>'


def camera_packet_gate(camera: CameraBoard, say: Language) -> PacketGateDocument | None:
    """Say how much of a camera's video was not decoded, and what that rests on; `None` where all of it always is."""
    if camera.gate is None:
        return None
    report = camera.gate()
    if not report.possible:
        text = say.say(msg("Looks at every picture: this video does not allow less"))
        return _document(report, text)
    share = round(100 * report.asleep_s / report.heard_s) if report.heard_s else 0
    if report.trusted:
        text = say.say(
            msg("Rests while nothing moves: %(share)s %% of the time, proved by %(motions)s motions"),
            share=share,
            motions=report.motions,
        )
    else:
        text = say.say(
            msg("Looks at every picture, until %(needed)s motions show that it may rest (now %(motions)s)"),
            needed=MOTIONS_TO_TRUST,
            motions=min(report.motions, MOTIONS_TO_TRUST - 1),
        )
    return _document(report, text)


def _document(report: GateReport, text: str) -> PacketGateDocument:
    return PacketGateDocument(
        heard_s=report.heard_s,
        asleep_s=report.asleep_s,
        motions=report.motions,
        missed=report.missed,
        trusted=report.trusted,
        text=text,
    )


def packet_gate_summary(document: PacketGateDocument | None) -> Html:
    """Write what a camera's card says of it."""
    return fill(SUMMARY, text="" if document is None else document.text)
