"""The cloud's records over SQLAlchemy Core; opening migrates the database to the newest schema."""

from cloud_stub.adapters.records_sqlalchemy.database import SqlRecords, open_records

__all__ = ["SqlRecords", "open_records"]
