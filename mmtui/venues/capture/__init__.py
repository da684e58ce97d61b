"""Recorded raw messages of a venue as a source of events."""
