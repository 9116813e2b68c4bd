"""The tables of plans, money, the store and messages: one column per field of the value, under the same name."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from cloud_stub.adapters.records_sqlalchemy.columns import Listed, UtcTime, Word, id_column, metadata
from cloud_stub.domain.billing_records import (
    AttachedBy,
    EndedBecause,
    Interval,
    InvoiceLine,
    InvoiceStatus,
    MoneyBack,
    PaymentState,
)
from cloud_stub.domain.notice_records import NoticeState
from cloud_stub.domain.store_records import OrderLine, OrderStatus

subscriptions = Table(
    "subscriptions",
    metadata,
    id_column("subscription_id", primary_key=True),
    id_column("holder_id", nullable=False, index=True),
    id_column("account_id", index=True),
    Column("vendor", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("plan", String(64), nullable=False),
    Column("interval", Word(Interval), nullable=False),
    Column("keep_for_days", Integer),
    Column("quantity", Integer, nullable=False),
    Column("price_minor", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("bought_at", UtcTime, nullable=False),
    Column("starts_at", UtcTime, nullable=False),
    Column("anchor_at", UtcTime, nullable=False),
    Column("periods", Integer, nullable=False),
    Column("payment", Word(PaymentState), nullable=False),
    Column("first_paid_at", UtcTime),
    Column("past_due_since", UtcTime),
    Column("paused_at", UtcTime),
    Column("ends_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("ended_because", Word(EndedBecause)),
    id_column("replaces"),
    Column("anchor_period", Integer, nullable=False),
    Index("ix_subscriptions_live", "ended_at", "holder_id", "bought_at", "subscription_id"),
)

attachments = Table(
    "attachments",
    metadata,
    id_column("attachment_id", primary_key=True),
    id_column("subscription_id", nullable=False, index=True),
    id_column("camera_id", nullable=False),
    Column("attached_by", Word(AttachedBy), nullable=False),
    Column("attached_at", UtcTime, nullable=False),
    Column("detached_at", UtcTime),
)

invoices = Table(
    "invoices",
    metadata,
    id_column("invoice_id", primary_key=True),
    Column("number", String(64), nullable=False, unique=True),
    id_column("order_id", nullable=False),
    id_column("holder_id", nullable=False, index=True),
    id_column("account_id"),
    Column("vendor", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("lines", Listed(InvoiceLine), nullable=False),
    Column("credit_minor", Integer, nullable=False),
    Column("charged_minor", Integer, nullable=False),
    Column("status", Word(InvoiceStatus), nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcTime),
    Column("paid_at", UtcTime),
    Column("payment_reference", String(128)),
    Column("billing_address", Text),
    Column("unanswered_since", UtcTime),
    Index("ix_invoices_next", "status", "next_attempt_at", "invoice_id"),
    Index("ix_invoices_holder_status", "holder_id", "status", "issued_at", "number"),
)

invoice_numbers = Table(
    "invoice_numbers",
    metadata,
    Column("vendor", String(64), primary_key=True),
    Column("last_number", Integer, nullable=False),
)

credit_notes = Table(
    "credit_notes",
    metadata,
    id_column("credit_note_id", primary_key=True),
    id_column("holder_id", nullable=False, index=True),
    id_column("account_id"),
    Column("vendor", String(64), nullable=False),
    id_column("subscription_id", nullable=False),
    id_column("invoice_id", nullable=False),
    Column("kind", Word(MoneyBack), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", Integer, nullable=False),
    Column("left_minor", Integer, nullable=False),
    Column("because", Word(EndedBecause), nullable=False),
    Column("issued_at", UtcTime, nullable=False),
    Column("refunded_at", UtcTime),
    Column("refund_reference", String(128)),
    Index("ix_credit_notes_unrefunded", "kind", "refunded_at", "issued_at", "credit_note_id"),
    Index("ix_credit_notes_holder_unrefunded", "holder_id", "kind", "refunded_at", "issued_at", "credit_note_id"),
)

payment_methods = Table(
    "payment_methods",
    metadata,
    id_column("holder_id", primary_key=True),
    Column("token", String(128), nullable=False),
    Column("brand", String(32), nullable=False),
    Column("last4", String(4), nullable=False),
    Column("added_at", UtcTime, nullable=False),
)

invoice_shares = Table(
    "invoice_shares",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    id_column("invoice_id", nullable=False, index=True),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

store_accounts = Table(
    "store_accounts",
    metadata,
    id_column("store_account_id", primary_key=True),
    Column("email", String(254), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("marketplace", String(64), nullable=False),
    Column("business", Boolean, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("email", "marketplace", name="uq_store_accounts_email"),
)

links = Table(
    "links",
    metadata,
    id_column("link_id", primary_key=True),
    id_column("account_id", nullable=False, index=True),
    id_column("store_account_id", nullable=False, index=True),
    Column("linked_at", UtcTime, nullable=False),
    Column("unlinked_at", UtcTime),
)

device_orders = Table(
    "device_orders",
    metadata,
    id_column("order_id", primary_key=True),
    id_column("store_account_id", nullable=False, index=True),
    Column("marketplace", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("lines", Listed(OrderLine), nullable=False),
    Column("total_minor", Integer, nullable=False),
    Column("placed_at", UtcTime, nullable=False),
    Column("token", String(128), nullable=False),
    Column("status", Word(OrderStatus), nullable=False),
)

waivers = Table(
    "waivers",
    metadata,
    id_column("waiver_id", primary_key=True),
    id_column("holder_id", nullable=False, index=True),
    Column("condition", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("granted_by", String(254), nullable=False),
    Column("granted_at", UtcTime, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    id_column("notice_id", primary_key=True),
    id_column("account_id", nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("kind", String(64), nullable=False),
    id_column("subject_id", nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("state", Word(NoticeState), nullable=False, index=True),
    Column("recipient", String(254), nullable=False),
    Column("title", String(255), nullable=False),
    Column("text", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", UtcTime),
    UniqueConstraint("account_id", "channel", "kind", "subject_id", "due_at", name="uq_notices_once"),
)

remembered_replies = Table(
    "remembered_replies",
    metadata,
    id_column("caller", primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("method", String(16), nullable=False),
    Column("path", String(512), nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Index("ix_remembered_replies_made_at", "made_at"),
)
