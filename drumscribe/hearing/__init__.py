"""Answers and onsets to hits: candidates, what speaks for them, decisions, velocities."""
