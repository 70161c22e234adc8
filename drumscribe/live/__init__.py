"""Playing along: sound from a device, hits to a MIDI port and to the screen, and a take to keep."""
