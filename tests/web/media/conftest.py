"""The same running server as the uploads' tests."""

from tests.web.tus.conftest import server

__all__ = ["server"]
