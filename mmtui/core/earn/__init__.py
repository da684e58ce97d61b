"""What the desk earns and how: attribution by side and level, order flow, presence, obligations, health of markets."""
