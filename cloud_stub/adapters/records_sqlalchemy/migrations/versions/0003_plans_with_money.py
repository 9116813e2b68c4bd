"""Plans with money: holders, periods, attachments, invoices, the store, messages, shares."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CARRY_SUBSCRIPTIONS = """
INSERT INTO subscriptions (
    subscription_id, holder_id, account_id, vendor, region, time_zone, plan, interval, quantity, price_minor, currency,
    channel, bought_at, starts_at, anchor_at, anchor_period, periods, payment, ended_at
)
SELECT
    old.subscription_id, old.account_id, old.account_id, accounts.vendor, accounts.region, accounts.time_zone, old.plan,
    old.interval, 1, 0, 'EUR', 'browser', old.starts_at, old.starts_at, old.starts_at, 0, 0, 'not_due', old.ended_at
FROM subscriptions_without_money AS old JOIN accounts ON accounts.account_id = old.account_id
"""
"""Plans of before cost nothing: they stay their account's own, at no price."""
CARRY_ATTACHMENTS = """
INSERT INTO attachments (attachment_id, subscription_id, camera_id, attached_by, attached_at)
SELECT subscription_id, subscription_id, camera_id, 'user', starts_at
FROM subscriptions_without_money WHERE camera_id IS NOT NULL
"""


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_subscriptions_account_id", "subscriptions")
    op.rename_table("subscriptions", "subscriptions_without_money")
    _plans()
    _money()
    _store()
    _owners()
    _columns()

    op.execute(CARRY_SUBSCRIPTIONS)
    op.execute(CARRY_ATTACHMENTS)
    op.drop_table("subscriptions_without_money")


def _plans() -> None:
    op.create_table(
        "attachments",
        sa.Column("attachment_id", sa.String(length=64), nullable=False),
        sa.Column("subscription_id", sa.String(length=64), nullable=False),
        sa.Column("camera_id", sa.String(length=64), nullable=False),
        sa.Column("attached_by", sa.String(length=32), nullable=False),
        sa.Column("attached_at", sa.DateTime(), nullable=False),
        sa.Column("detached_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("attachment_id"),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_subscription_id"), ["subscription_id"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("subscription_id", sa.String(length=64), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("vendor", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("interval", sa.String(length=32), nullable=False),
        sa.Column("keep_for_days", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("bought_at", sa.DateTime(), nullable=False),
        sa.Column("starts_at", sa.DateTime(), nullable=False),
        sa.Column("anchor_at", sa.DateTime(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("payment", sa.String(length=32), nullable=False),
        sa.Column("first_paid_at", sa.DateTime(), nullable=True),
        sa.Column("past_due_since", sa.DateTime(), nullable=True),
        sa.Column("paused_at", sa.DateTime(), nullable=True),
        sa.Column("ends_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_because", sa.String(length=32), nullable=True),
        sa.Column("replaces", sa.String(length=64), nullable=True),
        sa.Column("anchor_period", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subscription_id"),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriptions_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscriptions_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(
            "ix_subscriptions_live", ["ended_at", "holder_id", "bought_at", "subscription_id"], unique=False
        )


def _money() -> None:
    op.create_table(
        "credit_notes",
        sa.Column("credit_note_id", sa.String(length=64), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("vendor", sa.String(length=64), nullable=False),
        sa.Column("subscription_id", sa.String(length=64), nullable=False),
        sa.Column("invoice_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("left_minor", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.DateTime(), nullable=False),
        sa.Column("refunded_at", sa.DateTime(), nullable=True),
        sa.Column("refund_reference", sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint("credit_note_id"),
    )
    with op.batch_alter_table("credit_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_notes_holder_id"), ["holder_id"], unique=False)
        unrefunded = ["kind", "refunded_at", "issued_at", "credit_note_id"]
        batch_op.create_index("ix_credit_notes_unrefunded", unrefunded, unique=False)
        batch_op.create_index("ix_credit_notes_holder_unrefunded", ["holder_id", *unrefunded], unique=False)

    op.create_table(
        "invoice_numbers",
        sa.Column("vendor", sa.String(length=64), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("vendor"),
    )
    op.create_table(
        "invoices",
        sa.Column("invoice_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=True),
        sa.Column("vendor", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("credit_minor", sa.Integer(), nullable=False),
        sa.Column("charged_minor", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.DateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(), nullable=True),
        sa.Column("paid_at", sa.DateTime(), nullable=True),
        sa.Column("payment_reference", sa.String(length=128), nullable=True),
        sa.Column("billing_address", sa.Text(), nullable=True),
        sa.Column("unanswered_since", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("invoice_id"),
        sa.UniqueConstraint("number"),
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoices_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index("ix_invoices_next", ["status", "next_attempt_at", "invoice_id"], unique=False)
        batch_op.create_index("ix_invoices_holder_status", ["holder_id", "status", "issued_at", "number"], unique=False)

    op.create_table(
        "invoice_shares",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invoice_id", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    with op.batch_alter_table("invoice_shares", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_shares_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "payment_methods",
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=128), nullable=False),
        sa.Column("brand", sa.String(length=32), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("holder_id"),
    )


def _store() -> None:
    op.create_table(
        "device_orders",
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("store_account_id", sa.String(length=64), nullable=False),
        sa.Column("marketplace", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.Integer(), nullable=False),
        sa.Column("placed_at", sa.DateTime(), nullable=False),
        sa.Column("token", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )
    with op.batch_alter_table("device_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_orders_store_account_id"), ["store_account_id"], unique=False)

    op.create_table(
        "links",
        sa.Column("link_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("store_account_id", sa.String(length=64), nullable=False),
        sa.Column("linked_at", sa.DateTime(), nullable=False),
        sa.Column("unlinked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("link_id"),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_links_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_links_store_account_id"), ["store_account_id"], unique=False)

    op.create_table(
        "store_accounts",
        sa.Column("store_account_id", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("marketplace", sa.String(length=64), nullable=False),
        sa.Column("business", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("store_account_id"),
        sa.UniqueConstraint("email", "marketplace", name="uq_store_accounts_email"),
    )
    op.create_table(
        "waivers",
        sa.Column("waiver_id", sa.String(length=64), nullable=False),
        sa.Column("holder_id", sa.String(length=64), nullable=False),
        sa.Column("condition", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.String(length=254), nullable=False),
        sa.Column("granted_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("waiver_id"),
    )
    with op.batch_alter_table("waivers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waivers_holder_id"), ["holder_id"], unique=False)


def _owners() -> None:
    op.create_table(
        "notices",
        sa.Column("notice_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("notice_id"),
        sa.UniqueConstraint("account_id", "channel", "kind", "subject_id", "due_at", name="uq_notices_once"),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notices_state"), ["state"], unique=False)

    op.create_table(
        "remembered_replies",
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key"),
    )
    with op.batch_alter_table("remembered_replies", schema=None) as batch_op:
        batch_op.create_index("ix_remembered_replies_made_at", ["made_at"], unique=False)

    op.create_table(
        "shares",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("clip_id", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    with op.batch_alter_table("shares", schema=None) as batch_op:
        batch_op.create_index("ix_shares_clip", ["account_id", "clip_id"], unique=False)


def _columns() -> None:
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subdivision", sa.String(length=16), nullable=True))

    op.add_column("clips", sa.Column("kept_until", sa.DateTime(), nullable=True))
    op.add_column("clips", sa.Column("drive_copy", sa.String(length=32), nullable=True))
    op.create_index("ix_clips_kept_until", "clips", ["kept_until"])

    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.add_column(sa.Column("camera_id", sa.String(length=64), nullable=True))
