"""mmtui: a terminal trading cockpit for crypto market makers."""

__version__ = "0.1.0"
