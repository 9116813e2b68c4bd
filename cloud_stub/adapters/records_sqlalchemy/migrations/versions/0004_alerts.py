"""Alerts: what moved, what owners want mail of, and how often something was not mailed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("module_id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("clip_id", sa.String(length=64), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("person", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("mail_state", sa.String(length=32), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    op.create_index("ix_alerts_account_received", "alerts", ["account_id", "received_at"])
    op.create_index("ix_alerts_camera_received", "alerts", ["camera_id", "received_at"])
    op.create_index("ix_alerts_mail_state", "alerts", ["mail_state", "received_at"])
    op.create_index("ix_alerts_received_at", "alerts", ["received_at"])
    op.create_table(
        "alert_settings",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("mail", sa.String(length=32), nullable=False),
        sa.Column("every_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id"),
    )
    op.create_index("ix_alert_settings_account_id", "alert_settings", ["account_id"])
    op.create_table(
        "alert_counts",
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("newest_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("camera_id", "verdict"),
    )
    op.create_index("ix_alert_counts_account_id", "alert_counts", ["account_id"])
