"""dYdX v4: public market data only."""
