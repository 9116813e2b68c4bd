"""Alembic's entry: runs the migrations on the connection that the adapter opened."""

from alembic import context

from cloud_stub.adapters.records_sqlalchemy.billing_schema import subscriptions

context.configure(
    connection=context.config.attributes["connection"], target_metadata=subscriptions.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
