"""Bitget: public market data only."""
