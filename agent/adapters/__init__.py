"""One library behind one port each; no adapter knows another."""
