"""What there is to train on: one-shots, grooves and backing, how they are read, and what their names say."""
