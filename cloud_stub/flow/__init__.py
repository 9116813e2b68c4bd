"""Asynchronous shells around the rules; a file name is an arrow."""
