"""File formats of transcriptions: MIDI, JSON, text, and the notes of drum maps."""
