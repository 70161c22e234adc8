"""Folders of recordings: which files and to where (plan) -> processes (workers) -> outcomes (run) -> display."""
