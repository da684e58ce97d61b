"""Bybit: trading facts."""
