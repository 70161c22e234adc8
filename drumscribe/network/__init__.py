"""Model files and networks, from frames to answers."""
