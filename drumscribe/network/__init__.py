"""Model files, and the answers that they give to frames."""
