"""A seeded market of three venues, for the demo and for tests: a venue like any other, labelled simulated."""
