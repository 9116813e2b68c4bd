"""Upkeep: an upload has a last moment, what is purged is found by its age, and hot queries have their indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. An upload that is open now ends at its present expiry at the latest."""
    with op.batch_alter_table("uploads") as batch_op:
        batch_op.add_column(sa.Column("ends_by", sa.DateTime(), nullable=True))
    op.execute("UPDATE uploads SET ends_by = expires_at")
    with op.batch_alter_table("uploads") as batch_op:
        batch_op.alter_column("ends_by", existing_type=sa.DateTime(), nullable=False)
    op.create_index("ix_uploads_open_expires", "uploads", ["finished", "expires_at"])
    op.create_index("ix_uploads_module_open", "uploads", ["module_id", "finished"])

    for name in ("ix_clips_account_captured", "ix_clips_phase", "ix_clips_pool"):
        op.drop_index(name, table_name="clips")
    op.create_index("ix_clips_account_clip", "clips", ["account_id", "clip_id"])
    op.create_index("ix_clips_account_kind_captured", "clips", ["account_id", "kind", "captured_at"])
    op.create_index("ix_clips_camera_kind_captured", "clips", ["camera_id", "kind", "captured_at"])
    op.create_index("ix_clips_account_window", "clips", ["account_id", "phase", "keep_for_days", "retained_from"])
    op.create_index("ix_clips_pool_phase", "clips", ["pool", "phase", "captured_at"])
    op.create_index("ix_clips_phase_gone", "clips", ["phase", "gone_at"])

    op.create_index("ix_leases_grace_until", "leases", ["grace_until"])
    op.create_index("ix_log_entries_at", "log_entries", ["at"])
    op.create_index("ix_modules_online", "modules", ["revoked_at", "online"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_claim_codes_expires_at", "claim_codes", ["expires_at"])
