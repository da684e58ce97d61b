"""Order state machine, tracker, client ids, rate budgets, reconciliation."""
