"""Tables of rhythm analysis, learnt from the performances of drummers."""
