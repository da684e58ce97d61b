"""The paper venue: simulated execution against any source of market events."""
