"""The port of person detection: a model that is loaded once and is shown crops, off the event loop."""

from collections.abc import Sequence
from typing import Protocol

from agent.vision.person import Crop, PersonSeen


class PersonDetector(Protocol):
    """One model in memory; the owner shows it one crop at a time."""

    async def load(self) -> None:
        """Bring the model into memory; idempotent.

        Raises Refused with `not_installed`, or BadInput for a file that is no such model.
        """

    async def look(self, crop: Crop) -> Sequence[PersonSeen]:
        """Return the persons in a crop, the surest first, in shares of the whole picture; `load` comes before."""
