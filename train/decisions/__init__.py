"""From answers of a network to hits: evidence, thresholds, velocities, how right they are; and background for kits."""
