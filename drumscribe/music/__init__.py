"""Vocabulary of all rooms: drums, tempo and meter, transcriptions."""
