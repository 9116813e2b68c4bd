"""The broker, as both sides use it: one contract suite over every broker that the product can run on."""
