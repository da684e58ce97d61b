"""The private side of loopback venues other than Binance: accounts, signed calls, private streams."""
