"""The pure core: no clock, socket, file, random, logging or environment; imports no other room."""
