"""A user's word to an RTSP peer that asks for one: digest (RFC 2617), or basic where a camera knows nothing better."""

import base64
import hashlib
import re

PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class RtspLogin:
    """A user's digest (RFC 2617, with and without `qop`), or basic where a camera knows nothing better."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._digest: dict[str, str] | None = None
        self._basic = False
        self._count = 0

    def take(self, challenges: tuple[str, ...]) -> bool:
        """Take the best of what was offered; False when nothing new can be said."""
        stale = any("stale=true" in challenge.replace('"', "").lower() for challenge in challenges)
        if not self._user or self._basic or (self._digest is not None and not stale):
            return False
        for challenge in challenges:
            scheme, _, rest = challenge.partition(" ")
            words = {name.lower(): quoted or bare for name, quoted, bare in PARAMETER.findall(rest)}
            if scheme.lower() == "digest" and words.get("algorithm", "MD5").upper() == "MD5" and "nonce" in words:
                self._digest = words
                return True
        self._basic = any(challenge.lower().startswith("basic") for challenge in challenges)
        return self._basic

    def say(self, method: str, url: str) -> str:
        """Return the header's value, or nothing before there was a challenge."""
        if self._basic:
            return "Basic " + base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        if self._digest is None:
            return ""
        self._count += 1
        realm, nonce = self._digest.get("realm", ""), self._digest["nonce"]
        whole = "auth" in [word.strip() for word in self._digest.get("qop", "").split(",")]
        fresh = f"{self._count:08x}", hashlib.sha256(f"{nonce}{self._count}".encode()).hexdigest()[:16]
        middle = [nonce, *fresh, "auth"] if whole else [nonce]
        secret = _md5(f"{self._user}:{realm}:{self._password}")
        response = _md5(":".join([secret, *middle, _md5(f"{method}:{url}")]))
        words = {"username": self._user, "realm": realm, "nonce": nonce, "uri": url, "response": response}
        if "opaque" in self._digest:
            words["opaque"] = self._digest["opaque"]
        said = ", ".join(f'{name}="{value}"' for name, value in words.items())
        return f'Digest {said}, qop=auth, nc={fresh[0]}, cnonce="{fresh[1]}"' if whole else f"Digest {said}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
