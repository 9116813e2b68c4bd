"""The ledger's tables, version by version; `PRAGMA user_version` says which one a file has."""

NEWEST = 3

# Each entry brings a ledger from the version before to its own. Never edit a published entry: add the next one.
MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (
        """CREATE TABLE clips (
            row_number INTEGER PRIMARY KEY AUTOINCREMENT,
            clip_id TEXT NOT NULL UNIQUE,
            camera_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            clip_reason TEXT NOT NULL,
            phase TEXT NOT NULL,
            sink TEXT NOT NULL,
            sink_reason TEXT NOT NULL,
            blocked_by TEXT,
            grant_id TEXT,
            lease_seq INTEGER,
            captured_at TEXT NOT NULL,
            clock_trusted INTEGER NOT NULL,
            path TEXT,
            usb_path TEXT,
            synced_bytes INTEGER NOT NULL DEFAULT 0,
            size_bytes INTEGER,
            sha256 TEXT,
            duration_ms INTEGER,
            upload_url TEXT,
            attempts INTEGER NOT NULL DEFAULT 0,
            lost_because TEXT
        ) STRICT""",
        "CREATE INDEX clips_by_phase ON clips (phase, row_number)",
        "CREATE INDEX clips_on_disk ON clips (path) WHERE path IS NOT NULL",
        """CREATE TABLE events (
            row_number INTEGER PRIMARY KEY AUTOINCREMENT,
            topic TEXT NOT NULL,
            payload TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE commands (
            row_number INTEGER PRIMARY KEY AUTOINCREMENT,
            command_id TEXT NOT NULL UNIQUE
        ) STRICT""",
    ),
    2: (
        "ALTER TABLE clips ADD COLUMN refused_seq INTEGER",
        "ALTER TABLE clips ADD COLUMN ended_early TEXT",
    ),
    3: (
        "CREATE TABLE told (subject TEXT PRIMARY KEY, word TEXT NOT NULL) STRICT",
        "INSERT INTO told VALUES ('spool', 'ok'), ('drive', 'absent')",  # what a module is taken for unless it says so
    ),
}

# Column of the table, in the order of `row_to_values` in rows.py.
COLUMNS = (
    "clip_id",
    "camera_id",
    "kind",
    "clip_reason",
    "phase",
    "sink",
    "sink_reason",
    "blocked_by",
    "grant_id",
    "lease_seq",
    "captured_at",
    "clock_trusted",
    "path",
    "usb_path",
    "synced_bytes",
    "size_bytes",
    "sha256",
    "duration_ms",
    "upload_url",
    "attempts",
    "lost_because",
    "refused_seq",
    "ended_early",
)
