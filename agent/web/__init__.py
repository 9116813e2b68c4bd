"""The diagnostics page and API of one agent."""
