"""Bodies of mmtui bench and mmtui doctor."""
