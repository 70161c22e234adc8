"""What networks learn from: windows and passages of spectrogram frames, their targets, in batches and streams."""
