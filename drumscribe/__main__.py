"""``python -m drumscribe``: run the commands if their script is not on the path."""

from .cli import main

if __name__ == "__main__":
    main(prog_name="drumscribe")
