"""Loopback servers of public streams, in the real protocols of venues without execution code."""
