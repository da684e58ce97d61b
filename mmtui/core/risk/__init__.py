"""Limits, pre-trade gate, gauges, states and kill."""
