"""How the parts are put together, and how they run side by side."""
