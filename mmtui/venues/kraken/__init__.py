"""Kraken, spot and futures: trading facts."""
