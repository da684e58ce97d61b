"""Protocol between host and cockpit: frames and commands, sans-IO codec, client."""
