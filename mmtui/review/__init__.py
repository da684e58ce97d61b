"""What-if, books of the past, verification, reports."""
