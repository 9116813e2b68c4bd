"""The camera port: encoded packets of picture and sound, and the errors a camera can end with."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """The sound beside a video: `codec` is `aac` or `opus`, `extradata` tells a decoder how to read it.

    AAC is never ADTS: `extradata` is its AudioSpecificConfig. Opus may have none.
    """

    codec: str
    sample_rate: int
    channels: int
    extradata: bytes


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a decoder or a muxer must know before the first packet.

    `codec` is FFmpeg's name (`h264`, `hevc`); `extradata` is what the container or the SDP gave (may be empty: an
    Annex-B stream carries its parameter sets in band). `time_base` is the unit of `pts` and `dts` in seconds, of sound
    as well. `audio` is `None` without sound; `sound_left_out` says in a sentence why sound that is there is not taken.
    """

    codec: str
    width: int
    height: int
    time_base: Fraction
    nominal_fps: float
    extradata: bytes
    audio: AudioInfo | None = None
    sound_left_out: str = ""


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One access unit of picture or sound, untouched since the camera's (or our own single) encoder.

    `pts` and `dts` are in `StreamInfo.time_base`, both always set; `dts` rises strictly among the pictures (and among
    the sounds) of one opening of a source, whatever the camera sent (sources repair equal, missing and backward stamps;
    a repaired gap keeps the nominal frame interval). Sound comes as it arrived, so a little before or after the picture
    of its time; it is never a keyframe. `arrived_s` is the monotonic time of arrival, in seconds. `stream` stands on a
    keyframe from which on the pictures are described anew (another size): it ends what needs one description.
    """

    data: bytes
    pts: int
    dts: int
    duration: int
    is_keyframe: bool
    arrived_s: float
    is_audio: bool = False
    stream: StreamInfo | None = None


class CameraError(Exception):
    """A camera could not be used; the text names what to do and never contains a password."""


class CameraRefused(CameraError):  # noqa: N818 - reads as a sentence where it is caught: "camera refused"
    """Wrong address, wrong password, no video in the stream, or a codec we cannot store: trying again will not help."""


class CameraLost(CameraError):  # noqa: N818 - reads as a sentence where it is caught: "camera lost"
    """The camera does not answer or stopped sending: try again after a while."""


class CameraSource(Protocol):
    """One video source. The three calls come from one thread of the owner; `close` may come from any thread.

    A source is opened once; after `CameraLost` the owner closes it and makes a new one.
    """

    def open(self) -> StreamInfo:
        """Block until the stream is described, at most 10 s; raise `CameraRefused` or `CameraLost`."""

    def packets(self) -> Iterator[EncodedPacket]:
        """Yield packets from a keyframe on; block at most 6 s for the next, then raise `CameraLost`.

        Ends normally only for a source that has an end (a file that is not looped), or after `close`.
        """

    def close(self) -> None:
        """Release the camera and end a running `packets` within a second. Idempotent."""
