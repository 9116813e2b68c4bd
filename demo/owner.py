"""An owner at the cloud's API: what a script does that lives next to a running cloud."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any

TIMEOUT_S = 30.0


class ApiRefusal(Exception):  # noqa: N818 - an answer, not a fault
    """The cloud refused; `code` is the stable word of its problem document."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code


class Owner:
    """An owner of the cloud at `url`; calls raise ApiRefusal for a refusal and OSError without a cloud."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self.url = url
        self.email = email
        self.password = password
        self._csrf = ""
        self._open = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        ).open

    def log_in(self) -> None:
        """Open a session."""
        reply = self.call("POST", "/api/v1/session", {"email": self.email, "password": self.password})
        self._csrf = str(reply["csrf_token"])

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - a JSON document
        """Call the API and return its JSON document (`None` for an empty answer)."""
        content = self.fetch(method, path, None if body is None else json.dumps(body).encode())
        return json.loads(content) if content else None

    def fetch(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Call anything below the cloud's address and return its bytes."""
        headers = {"X-CSRF-Token": self._csrf, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)  # noqa: S310 - our own cloud's address
        try:
            with self._open(request, timeout=TIMEOUT_S) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None

    def claim_code(self) -> str:
        """Make a claim code."""
        return str(self.call("POST", "/api/v1/claim-codes")["code"])

    def cameras(self) -> list[dict[str, Any]]:
        """Return the cameras as the API shows them."""
        return _items(self.call("GET", "/api/v1/cameras"))

    def modules(self) -> list[dict[str, Any]]:
        """Return the modules as the API shows them."""
        return _items(self.call("GET", "/api/v1/modules"))

    def clips(self) -> list[dict[str, Any]]:
        """Return the newest clips, newest first."""
        return _items(self.call("GET", "/api/v1/clips"))

    def confirm(self, camera_id: str, model: str) -> None:
        """Confirm a camera's model; that may start the trial."""
        self.call("POST", f"/api/v1/cameras/{camera_id}/confirmation", {"model": model})

    def end_trial(self) -> None:
        """End the running trial now."""
        self.call("DELETE", "/api/v1/trial")


def _items(reply: object) -> list[dict[str, Any]]:
    if isinstance(reply, dict):
        reply = next(value for value in reply.values() if isinstance(value, list))
    return list(reply) if isinstance(reply, list) else []


def _refusal(error: urllib.error.HTTPError) -> ApiRefusal:
    try:
        problem = json.loads(error.read())
        return ApiRefusal(error.code, str(problem.get("code", "")), str(problem.get("detail", "")))
    except ValueError:
        return ApiRefusal(error.code, "", str(error.reason))
