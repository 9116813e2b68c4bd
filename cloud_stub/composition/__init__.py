"""Puts the cloud together: settings become adapters, adapters become flows, flows become one running service."""
