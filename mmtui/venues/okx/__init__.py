"""OKX: trading facts."""
