"""Quantisation: settings, grids, alignment of hits with grid lines, ornaments."""
