"""Live transcription: inputs, MIDI ports, the screen, sessions, and pipes to other programs."""
