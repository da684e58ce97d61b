"""Deribit: trading facts."""
