"""Loopback exchanges: a venue's real protocol on 127.0.0.1, with a synthetic market and the paper fill model behind."""
