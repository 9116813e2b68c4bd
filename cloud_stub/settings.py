"""The cloud's settings: one TOML file; with none, everything is embedded and on loopback."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cloud_stub.errors import BadConfiguration

Port = Annotated[int, Field(ge=0, le=65535)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Strict):
    """Where pages, API and uploads are served, and the address that browsers and modules use for it."""

    host: str = "127.0.0.1"
    port: Port = 8400
    public_url: str | None = None
    certificate: Path | None = None
    private_key: Path | None = None
    behind_proxy: bool = False
    sign_up: bool = True

    @model_validator(mode="after")
    def _loopback_or_tls(self) -> "HttpSettings":
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("`certificate` and `private_key` go together")
        if self.certificate is None and self.host not in {"127.0.0.1", "::1", "localhost"} and not self.behind_proxy:
            raise ValueError(
                "beyond loopback give a `certificate`, or set `behind_proxy = true` behind one that has it"
            )
        return self

    @property
    def url(self) -> str:
        """Return the address that others use, without a slash at the end."""
        scheme = "https" if self.certificate else "http"
        return (self.public_url or f"{scheme}://{self.host}:{self.port}").rstrip("/")


class EmbeddedBrokerSettings(_Strict):
    """The demo's broker: loopback only."""

    port: Port = 8402


class MosquittoSettings(_Strict):
    """A Mosquitto with the dynamic-security plugin; `password_file` holds the admin's password alone."""

    host: str
    port: Port = 8883
    ca_file: Path
    user: str = "veilleur-cloud"
    password_file: Path


class BrokerSettings(_Strict):
    """Exactly one of the two."""

    embedded: EmbeddedBrokerSettings | None = None
    mosquitto: MosquittoSettings | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "BrokerSettings":
        if (self.embedded is None) == (self.mosquitto is None):
            raise ValueError("give either [broker.embedded] or [broker.mosquitto]")
        return self


class StorageSettings(_Strict):
    """Where records, staged uploads and blobs stand. `blobs_url` is an object store (`s3://bucket`)."""

    state_dir: Path = Path("var/cloud")
    blobs_url: str | None = None
    upload_expires_after_s: Annotated[float, Field(gt=0)] = 24 * 3600.0
    largest_upload_bytes: Annotated[int, Field(gt=0)] = 512 * 1024 * 1024
    open_uploads_per_module: Annotated[int, Field(gt=0)] = 64
    erasure_waits_for_drive_h: Annotated[float, Field(gt=0)] = 24.0


class RecordSettings(_Strict):
    """How many days of 24 hours the cloud keeps what only serves to answer questions (cloud_stub.domain.keeping)."""

    log_kept_for_days: Annotated[int, Field(gt=0)] = 400
    leases_kept_for_days: Annotated[int, Field(gt=0)] = 400
    tombstones_kept_for_days: Annotated[int, Field(gt=0)] = 420


class CatalogSettings(_Strict):
    """A folder with the operator's own catalogs, one TOML file a vendor, beside those that come with the cloud."""

    folder: Path | None = None


class MailSettings(_Strict):
    """The SMTP server that takes messages to owners; `password_file` holds the password of `user` alone.

    `security`: `tls` from the first byte (port 465), `starttls` (587), or `none`, on this machine only.
    """

    host: str
    port: Port = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    sender: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")]
    sender_name: str = "Veilleur"
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0)] = 20.0

    @model_validator(mode="after")
    def _login_and_secrecy(self) -> "MailSettings":
        if (self.user is None) != (self.password_file is None):
            raise ValueError("`user` and `password_file` go together")
        if self.security == "none" and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("mail leaves this machine encrypted only: `security` is `tls` or `starttls`")
        return self


class LabSettings(_Strict):
    """A lab cloud runs on a clock that a person can freeze and advance."""

    enabled: bool = False


class Settings(_Strict):
    """The whole file."""

    http: HttpSettings = HttpSettings()
    broker: BrokerSettings = BrokerSettings(embedded=EmbeddedBrokerSettings())
    storage: StorageSettings = StorageSettings()
    records: RecordSettings = RecordSettings()
    catalog: CatalogSettings = CatalogSettings()
    mail: MailSettings | None = None
    lab: LabSettings = LabSettings()


def load_settings(path: Path | None) -> Settings:
    """Read and check the file, or return the defaults; raises BadConfiguration naming file, key and what is allowed."""
    if path is None:
        return Settings()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadConfiguration(f"There is no configuration at {path}: copy docs/cloud.example.toml there.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read: {error}") from error
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise BadConfiguration(
            "\n".join(_sentence(path, found["loc"], found["msg"]) for found in error.errors())
        ) from error


def _sentence(path: Path, location: tuple[int | str, ...], message: str) -> str:
    names = [str(name) for name in location]
    model: type[BaseModel] = Settings
    for name in names[:-1]:
        inner = model.model_fields[name].annotation if name in model.model_fields else None
        kinds = [kind for kind in getattr(inner, "__args__", (inner,)) if isinstance(kind, type)]
        model = next((kind for kind in kinds if issubclass(kind, BaseModel)), model)
    allowed = ", ".join(sorted(model.model_fields))
    return f"{path}: `{'.'.join(names)}`: {message.removeprefix('Value error, ')} (allowed here: {allowed})"
