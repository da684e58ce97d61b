"""Binance: spot, USDS-M and COIN-M futures."""
