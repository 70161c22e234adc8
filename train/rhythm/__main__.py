"""Learn the tables of rhythm and write them.

    python -m drumscribe.training.rhythm DATA OUT

DATA is the folder that holds ``grooves`` (the Groove MIDI Dataset by J. Gillick, A. Roberts, J. Engel, D. Eck and
D. Bamman, CC BY 4.0), whose training split is read; OUT is the file that `drumscribe.rhythm.patterns` reads.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from drumscribe.errors import DrumscribeError

from ..data.sources import read_grooves
from ..files import open_whole
from .tables import make_tables


def main() -> None:
    """Read the grooves, learn, and write."""
    parser = argparse.ArgumentParser(description="Learn where in a bar drums are struck.")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    grooves = arguments.data / "grooves"
    if not (grooves / "info.csv").exists():
        sys.exit(f"{grooves}: has no info.csv; name the folder that holds grooves, the Groove MIDI Dataset")
    tables: dict[str, Any] = make_tables(read_grooves(grooves, "train"))
    try:
        with open_whole(arguments.out) as file:
            np.savez_compressed(file, **tables)
    except DrumscribeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
