"""Instruments, ticks and lots, order books, consolidated book, trade statistics."""
