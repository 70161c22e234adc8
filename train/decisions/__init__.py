"""Decisions from the answers of a network: evidence, thresholds, velocities, their accuracy; background for kits."""
