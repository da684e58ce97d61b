"""Coinbase Advanced: trading facts."""
