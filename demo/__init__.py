"""The demo: cloud, broker and agent as real processes on loopback, with an owner who is already logged in once."""
