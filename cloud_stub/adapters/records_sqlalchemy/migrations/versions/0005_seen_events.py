"""Seen events: the ids of each module's newest events, so that none is taken twice after a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seen_events",
        sa.Column("seen_no", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("module_id", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seen_no"),
        sa.UniqueConstraint("module_id", "event_id", name="uq_seen_events_event"),
    )
    op.create_index("ix_seen_events_module", "seen_events", ["module_id", "seen_no"])
