"""Hedging: the hedger, the manual ticket, the roll of dated contracts, funding in the skew."""
