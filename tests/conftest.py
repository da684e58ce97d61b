"""Time is never asserted: examples of properties may take what they take on a loaded machine."""

from hypothesis import settings

settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
