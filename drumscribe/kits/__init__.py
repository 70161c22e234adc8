"""A player's own sounds: samples -> sequences -> moments -> a head on the model's embedding -> one small file.

`learning` makes a kit of samples, `takes` of a corrected transcription; `kit` is the file, `library` where it lies, and
`hearing` what it hears in a recording beside the model.
"""
