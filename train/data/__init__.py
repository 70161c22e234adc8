"""Training data: one-shots, grooves and backing, how they are read, and what their names mean."""
