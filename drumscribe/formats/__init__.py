"""File formats of transcriptions: MIDI, JSON, text, scores, projects and charts; and drum maps."""
