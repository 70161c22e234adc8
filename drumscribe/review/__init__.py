"""Review of transcriptions by eye and ear: plots, a soundtrack, a step grid."""
