"""State -> rows of (text, role): every panel as pure functions; no Textual."""
