"""BitMEX: public market data only."""
