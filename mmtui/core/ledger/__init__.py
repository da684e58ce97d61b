"""Fills -> positions, PnL attribution, markouts, fees, obligations."""
