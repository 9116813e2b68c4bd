"""The tables: one column per field of the value it keeps (cloud_stub.domain.records), under the same name."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from cloud_stub.adapters.records_sqlalchemy.columns import UtcTime, Word, id_column, metadata
from cloud_stub.domain.records import ClipPhase, Disposition, DriveCopy

accounts = Table(
    "accounts",
    metadata,
    id_column("account_id", primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("vendor", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("created_on", Date, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("auto_delete_days", Integer),
    Column("locale", String(16), nullable=False),
    Column("subdivision", String(16)),
)

sessions = Table(
    "sessions",
    metadata,
    id_column("token_hash", primary_key=True),
    id_column("account_id", nullable=False),
    Column("csrf_token", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_sessions_expires_at", "expires_at"),
)

claim_codes = Table(
    "claim_codes",
    metadata,
    id_column("code_hash", primary_key=True),
    id_column("account_id", nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    id_column("module_id"),
    Index("ix_claim_codes_expires_at", "expires_at"),
)

modules = Table(
    "modules",
    metadata,
    id_column("module_id", primary_key=True),
    id_column("account_id", nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("model", String(64), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("claimed_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("online", Boolean, nullable=False),
    Column("session", Integer),
    Column("state", Text),
    Column("state_at", UtcTime),
    Index("ix_modules_online", "revoked_at", "online"),
)

cameras = Table(
    "cameras",
    metadata,
    id_column("camera_id", primary_key=True),
    id_column("module_id", nullable=False, index=True),
    id_column("account_id", nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("proposed_model", String(64), nullable=False),
    Column("model", String(64)),
    Column("confirmed_at", UtcTime),
    Column("source_kind", String(32), nullable=False),
    Column("added_at", UtcTime, nullable=False),
)

trials = Table(
    "trials",
    metadata,
    id_column("trial_id", primary_key=True),
    id_column("account_id", nullable=False, index=True),
    Column("plan", String(64), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    id_column("camera_id"),
)

leases = Table(
    "leases",
    metadata,
    id_column("module_id", primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("grace_until", UtcTime, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("claims", Text, nullable=False),
    Column("token", Text, nullable=False),
    Index("ix_leases_grace_until", "grace_until"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("item_id", Integer, primary_key=True, autoincrement=True),
    id_column("module_id", nullable=False),
    Column("topic", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("retain", Boolean, nullable=False),
)

lab_clock = Table(
    "lab_clock",
    metadata,
    Column("only_row", Integer, primary_key=True, autoincrement=False),
    Column("now", UtcTime, nullable=False),
    Column("frozen", Boolean, nullable=False),
    Column("set_at", UtcTime, nullable=False),
    Column("advancing_to", UtcTime),
)

seen_events = Table(
    "seen_events",
    metadata,
    Column("seen_no", Integer, primary_key=True, autoincrement=True),
    id_column("module_id", nullable=False),
    id_column("event_id", nullable=False),
    UniqueConstraint("module_id", "event_id", name="uq_seen_events_event"),
    Index("ix_seen_events_module", "module_id", "seen_no"),
)

log_entries = Table(
    "log_entries",
    metadata,
    Column("entry_id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    id_column("account_id", nullable=False, index=True),
    Column("what", String(64), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("rule", String(128), nullable=False),
    Index("ix_log_entries_at", "at"),
)

clips = Table(
    "clips",
    metadata,
    id_column("module_id", primary_key=True),
    id_column("clip_id", primary_key=True),
    id_column("account_id", nullable=False),
    id_column("camera_id", nullable=False),
    Column("kind", String(16), nullable=False),
    Column("clip_reason", String(32), nullable=False),
    Column("sink", String(16), nullable=False),
    Column("why", String(32), nullable=False),
    Column("grant", String(160), nullable=False),
    Column("lease_seq", BigInteger, nullable=False),
    Column("pool", String(160)),
    Column("keep_for_days", Integer),
    Column("captured_at", UtcTime, nullable=False),
    Column("clock_trusted", Boolean, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("retained_from", UtcTime, nullable=False),
    Column("phase", Word(ClipPhase), nullable=False),
    Column("disposition", Word(Disposition)),
    Column("duration_ms", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("gone_at", UtcTime),
    Column("gone_because", String(64)),
    Column("kept_until", UtcTime),
    Column("drive_copy", Word(DriveCopy)),
    Index("ix_clips_account_clip", "account_id", "clip_id"),
    Index("ix_clips_account_kind_captured", "account_id", "kind", "captured_at"),
    Index("ix_clips_camera_kind_captured", "camera_id", "kind", "captured_at"),
    Index("ix_clips_account_window", "account_id", "phase", "keep_for_days", "retained_from"),
    Index("ix_clips_pool_phase", "pool", "phase", "captured_at"),
    Index("ix_clips_phase_gone", "phase", "gone_at"),
    Index("ix_clips_kept_until", "kept_until"),
    Index("ix_clips_account_retained", "account_id", "phase", "retained_from"),
)

uploads = Table(
    "uploads",
    metadata,
    id_column("upload_id", primary_key=True),
    id_column("clip_id", nullable=False),
    id_column("module_id", nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger),
    Column("metadata", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("ends_by", UtcTime, nullable=False),
    Column("finished", Boolean, nullable=False),
    Index("ix_uploads_open_expires", "finished", "expires_at"),
    Index("ix_uploads_module_open", "module_id", "finished"),
    UniqueConstraint("module_id", "clip_id", name="uq_uploads_clip"),
)

shares = Table(
    "shares",
    metadata,
    id_column("token_hash", primary_key=True),
    id_column("account_id", nullable=False),
    id_column("clip_id", nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Index("ix_shares_clip", "account_id", "clip_id"),
)
