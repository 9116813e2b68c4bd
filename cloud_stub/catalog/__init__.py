"""Vendors' catalogs as TOML files, one per version, and the reader that checks them at start."""

from cloud_stub.catalog.reader import FOLDER, load_catalogs

__all__ = ["FOLDER", "load_catalogs"]
