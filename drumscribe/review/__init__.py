"""Check transcriptions by eye and ear: plots, sonification, a step grid, groove."""
