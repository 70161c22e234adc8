"""From samples and grooves to labelled sound: scores, kits, performances, production, and the corpus of clips."""
