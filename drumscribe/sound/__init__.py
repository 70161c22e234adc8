"""Sound in: files or arrays to blocks, frames and onsets; checks that a file is complete."""
