"""Puts the agent together: settings and identity become adapters, adapters become flows, flows one running agent."""
