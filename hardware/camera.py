"""The camera port: encoded packets in decoding order, and the errors a camera can end with."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a decoder or a muxer must know before the first packet.

    `codec` is FFmpeg's name (`h264`, `hevc`); `extradata` is what the container or the SDP gave (may be empty: an
    Annex-B stream carries its parameter sets in band). `time_base` is the unit of `pts` and `dts` in seconds.
    """

    codec: str
    width: int
    height: int
    time_base: Fraction
    nominal_fps: float
    extradata: bytes


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One access unit, untouched since the camera's (or our own single) encoder.

    `pts` and `dts` are in `StreamInfo.time_base`, both always set; `dts` rises strictly through one opening of a
    source, whatever the camera sent (sources repair equal, missing and backward stamps; a repaired gap keeps the
    nominal frame interval). `arrived_s` is the monotonic time of arrival, in seconds.
    """

    data: bytes
    pts: int
    dts: int
    duration: int
    is_keyframe: bool
    arrived_s: float


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
