"""``python -m drumscribe``: the commands, where their script is not on the path."""

from .cli import main

main(prog_name="drumscribe")
