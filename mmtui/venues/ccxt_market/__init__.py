"""Market data of venues without native wire code, through ccxt.pro: books that ccxt keeps, checked from outside."""
