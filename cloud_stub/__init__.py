"""The small cloud: plans become leases, uploads become clips, and retention is exact."""
