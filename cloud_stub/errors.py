"""The cloud's errors: one class, one stable code each, mapped to a problem document in one place (web/problems.py)."""


class CloudError(Exception):
    """A refusal with a reason. `code` is the stable word of the problem document, `status` its HTTP status.

    The text is a sentence for the person or device that asked: what is wrong and what to do; it holds no secrets.
    """

    def __init__(self, code: str, status: int, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after_s = retry_after_s


class BadConfiguration(Exception):  # noqa: N818 - reads as a statement where it is caught
    """A setting or a catalog is wrong: the text names file, key and what is allowed; the cloud does not start."""
