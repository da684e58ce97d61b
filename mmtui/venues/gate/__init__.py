"""Gate: trading facts."""
