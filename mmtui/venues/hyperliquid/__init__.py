"""Hyperliquid: trading facts."""
