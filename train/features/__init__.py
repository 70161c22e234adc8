"""Inputs and targets of networks: windows and passages of spectrogram frames, in batches and streams."""
