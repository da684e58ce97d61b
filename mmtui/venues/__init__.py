"""One folder a venue: profile (facts), wire (pure bytes <-> events), link (sockets)."""
