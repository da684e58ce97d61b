"""The engine process: loop, clock, recorder, socket server; serves replay too."""
