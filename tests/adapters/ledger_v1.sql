BEGIN TRANSACTION;
CREATE TABLE clips (
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
        ) STRICT;
INSERT INTO "clips" VALUES(1,'d1d2d3d4-1111-4222-8333-444455556666','c0a80101-7b1e-4a55-8d5e-11aa22bb33c1','clip','motion','stored_cloud','cloud','trial',NULL,'trial:77aa',1772323200000,'2026-03-01T00:09:55.000Z',1,NULL,NULL,0,3145728,'9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',12000,'http://127.0.0.1:8400/files/1',0,NULL);
INSERT INTO "clips" VALUES(2,'d1d2d3d4-1111-4222-8333-444455557777','c0a80103-7b1e-4a55-8d5e-11aa22bb33c3','clip','motion','not_kept','none','not_entitled','drive_full',NULL,1772323200000,'2026-03-01T00:11:00.000Z',1,NULL,NULL,0,NULL,NULL,NULL,NULL,0,NULL);
CREATE TABLE commands (
            row_number INTEGER PRIMARY KEY AUTOINCREMENT,
            command_id TEXT NOT NULL UNIQUE
        ) STRICT;
INSERT INTO "commands" VALUES(1,'0b0b0b0b-0000-4000-8000-000000000001');
CREATE TABLE events (
            row_number INTEGER PRIMARY KEY AUTOINCREMENT,
            topic TEXT NOT NULL,
            payload TEXT NOT NULL
        ) STRICT;
INSERT INTO "events" VALUES(1,'event/clip','{"event_id": "1"}');
CREATE INDEX clips_by_phase ON clips (phase, row_number);
CREATE INDEX clips_on_disk ON clips (path) WHERE path IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('clips',2);
INSERT INTO "sqlite_sequence" VALUES('events',1);
INSERT INTO "sqlite_sequence" VALUES('commands',1);
COMMIT;
PRAGMA user_version = 1;
