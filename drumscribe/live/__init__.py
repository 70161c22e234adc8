"""Live transcription: audio inputs, MIDI ports, OSC, the screen, sessions, and pipes and sockets to other programs."""
