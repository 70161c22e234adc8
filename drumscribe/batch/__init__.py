"""Batches of recordings: plan of files and outputs, worker processes, run, outcomes and their display."""
