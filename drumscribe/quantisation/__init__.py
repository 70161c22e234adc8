"""Quantisation: settings, grids, the line that each hit is meant for, ornaments."""
