"""Textual only: app, screens, widgets, actions, driver."""
