"""Turn answers and onsets into hits: candidates, evidence for them, decisions, velocities."""
