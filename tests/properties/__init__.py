"""Properties that hold over any sequence of events, and calls that cannot both win."""
