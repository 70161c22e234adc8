"""Learn the tables of rhythm and write them.

    python -m drumscribe.training.rhythm DATA OUT

DATA is the folder that holds ``grooves`` (the Groove MIDI Dataset by J. Gillick, A. Roberts, J. Engel, D. Eck and
D. Bamman, CC BY 4.0), whose training split is read; OUT is the file that `drumscribe.rhythm.patterns` reads.
"""

import argparse
from pathlib import Path

import numpy as np

from ..data.sources import read_grooves
from .tables import make_tables

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Learn where in a bar drums are struck.")
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    np.savez_compressed(arguments.out, **make_tables(read_grooves(arguments.data / "grooves", "train")))
