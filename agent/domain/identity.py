"""Who this module is to its cloud: what a claim gave it, for good."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LeaseKey:
    """One pinned Ed25519 key that may sign leases; `public_key` is its 32 bytes in base64url without padding."""

    kid: str
    use: str
    public_key: str


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the module's broker listens."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """`secret` is the MQTT password and, as `{module_id}.{secret}`, the HTTP bearer; it is never shown or logged.

    `ca_pem` is the certificate authority of cloud and broker, or `None` when they use a public one or no TLS.
    """

    module_id: str
    account_id: str
    secret: str = field(repr=False)
    issuer: str
    cloud_url: str
    broker: BrokerAddress
    ca_pem: str | None
    lease_keys: tuple[LeaseKey, ...]

    @property
    def bearer(self) -> str:
        """Return the HTTP bearer token: secret, for the Authorization header only."""
        return f"{self.module_id}.{self.secret}"


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """What a module says of itself when it trades a claim code for its identity (`claim_request_v1.json`)."""

    code: str
    module_model: str
    name: str
    software: str
