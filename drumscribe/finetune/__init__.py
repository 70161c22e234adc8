"""How a kit is learned: samples -> sequences -> moments -> a head on the model's embedding -> one small file.

`lesson` makes a kit of samples, `takes` of a corrected transcription; `trial` tries out what can be learned, and
`conclusion` makes the kit.
"""
