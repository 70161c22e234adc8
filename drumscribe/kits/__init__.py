"""A player's own sounds: what a kit is, and how it recognises hits beside the model.

`kit` is the file, and `library` the folder of kits. `moments` are times at which something may have been struck,
`features` describe them, and `recognition` decides on them by the log odds of `scoring`. `finetune` makes kits.
"""
