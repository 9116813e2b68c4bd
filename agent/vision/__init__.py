"""Motion on small luma pictures: pure functions and state over numpy arrays, no clock."""
