"""The link to real venues: signed REST calls and WebSockets that carry the sans-IO sessions of venues/."""
