"""The tape on disk: format, writer, reader, recovery."""
