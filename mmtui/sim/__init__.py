"""The deterministic simulator: a seeded world of venues, network, disk and operators around the real desk."""
