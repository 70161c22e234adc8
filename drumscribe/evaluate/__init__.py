"""Transcriptions against references: files -> annotations -> matching -> scores (and velocities) -> scorecard."""
