"""The agent's ledger on SQLite: schema and migrations, rows, damage, and the port's implementation."""

from agent.adapters.ledger_sqlite.ledger import SqliteLedger

__all__ = ["SqliteLedger"]
