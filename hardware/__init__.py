"""What touches the physical world, and the emulated twin of each part."""
