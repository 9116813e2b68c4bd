"""A motion sensor's level becomes a trigger of the cameras that it stands beside."""

from collections.abc import Callable, Iterable
from typing import Protocol

from agent.domain.trigger import Trigger
from agent.flow.contact import Contact


class Triggered(Protocol):
    """What a sensor can trigger; `MotionToClip` is the one in the agent."""

    def trigger(self, trigger: Trigger, *, active: bool = True) -> None:
        """Take what a sensor says."""


class PirToMotion:
    """Follows one sensor until cancelled. `recorders` are asked at every change: cameras come and go."""

    def __init__(self, contact: Contact, recorders: Callable[[], Iterable[Triggered]]) -> None:
        self._contact = contact
        self._recorders = recorders

    async def run(self) -> None:
        """Hand on each level; a sensor that is let go of sees nothing any more."""
        try:
            while True:
                self._tell(active=await self._contact.next_level())
        finally:
            self._tell(active=False)

    def _tell(self, *, active: bool) -> None:
        for recorder in self._recorders():
            recorder.trigger(Trigger.PIR, active=active)
