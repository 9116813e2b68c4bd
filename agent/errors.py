"""The agent's errors, by what the caller should do next.

AgentError
├── TryLater     the same call may go through after a while (network, broker, a drive that is away)
├── Refused      the other side said no for good; trying the same again is pointless; `code` is its stable word
└── BadInput     a person must change something: the text says what and how
"""


class AgentError(Exception):
    """Base of all errors that the agent raises on purpose; the text is a sentence for a person, without secrets."""


class TryLater(AgentError):  # noqa: N818 - reads as an instruction where it is caught
    """The call may go through later. `after_s` is what the other side asked for (Retry-After), if it did."""

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class Refused(AgentError):  # noqa: N818 - reads as a statement where it is caught
    """The other side answered no for good. `code` is the stable word of its problem document."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BadInput(AgentError):  # noqa: N818 - reads as a statement where it is caught
    """Configuration, claim code or argument that a person must correct."""
