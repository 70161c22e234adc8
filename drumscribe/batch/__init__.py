"""Batches of recordings: files and their outputs (plan), processes (workers), outcomes (run), display."""
