"""Port of lending a clip of the drive to its owner through the cloud, which keeps it for an hour."""

from typing import Protocol


class ClipLoans(Protocol):
    """Where the pieces go. Raises `TryLater` or `Refused` as `Uploads` does."""

    async def append(self, loan_id: str, offset: int, piece: bytes) -> None:
        """Send a piece from `offset` on; one that was sent before may be sent again."""

    async def give_up(self, loan_id: str) -> None:
        """Say that the rest will not come."""
