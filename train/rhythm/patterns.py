"""Common patterns of a bar, written by hand: a corpus that is nearly all in 4/4 does not teach them."""

from collections.abc import Mapping, Sequence

import numpy as np

Typed = Mapping[str, Sequence[str]]
"""Patterns of a bar for each meter, such as `TYPED`."""

LETTERS = {"k": "kick", "s": "snare", "g": "ghost", "h": "closed", "o": "open", "p": "pedal", "r": "ride", "t": "tom"}

TYPED: Typed = {
    "4/4": (
        "k x...x... s ..x...x. h xxxxxxxx",
        "k x...x... s ..x...x. h x.x.x.x.",
        "k x..xx... s ..x...x. h xxxxxxxx",
        "k x....x.. s ..x...x. h xxxxxxxx",
        "k x...xx.. s ..x...x. h x.x.x.x.",
        "k x...x... s ..x...x.",
        "k x.x.x.x. s ..x...x. o .x.x.x.x",
        "k x.x.x.x. s ..x...x. h xxxxxxxx",
        "k x.....x.x....... s ....x.......x... h xxxxxxxxxxxxxxxx",
        "k x..x......x..... s ....x.......x... h x.x.x.x.x.x.x.x.",
        "k x.........x..... s ....x.......x... h x.x.x.x.x.x.x.x.",
        "k x.x.......xx.... s ....x..x.x..x..x h x.x.x.x.x.x.x.x.",
        "k x..x......x..... s ........x....... h x.x.x.x.x.x.x.x.",
        "k x.....x......... s ........x....... h xxxxxxxxxxxxxxxx",
        "k x.....x..... s ...x.....x.. h x.xx.xx.xx.x",
        "k x.....x..... s ...x.....x.. r x..x.xx..x.x",
    ),
    "3/4": (
        "k x..... s ..x.x. h x.x.x.",
        "k x..... s ..x.x. h xxxxxx",
        "k x..... s ....x. h xxxxxx",
        "k x...x. s ..x... h xxxxxx",
        "k x..x.. s ....x. h xxxxxx",
        "k x.x... s ....x. h x.x.x.",
        "k x........... s ....x...x... h x.x.x.x.x.x.",
        "k x.....x..... s ........x... h xxxxxxxxxxxx",
        "k x........ g ...x..x.. r x..x.xx.. p ...x.....",
        "k x.....x.. s ...x..... r x..x.xx.x p ...x..x..",
    ),
    "6/8": (
        "k x..... s ...x.. h xxxxxx",
        "k x....x s ...x.. h xxxxxx",
        "k x.x... s ...x.. h xxxxxx",
        "k x.x..x s ...x.. h x.xx.x",
        "k x..... s ...x.. h x..x..",
        "k x....x s ...x.. h x.xx.x",
        "k x.........x. s ......x..... g ........x..x h x.x.x.x.x.x.",
        "k x...x....... s ......x..... h xxxxxxxxxxxx",
    ),
    "12/8": (
        "k x.....x..... s ...x.....x.. h xxxxxxxxxxxx",
        "k x....xx..... s ...x.....x.. h xxxxxxxxxxxx",
        "k x.....x.x... s ...x.....x.. h xxxxxxxxxxxx",
        "k x....x..x... s ...x.....x.. h xxxxxxxxxxxx",
        "k x....x.....x s ......x..... h xxxxxxxxxxxx",
        "k x.x......... s ......x..... h xxxxxxxxxxxx",
        "k x..x..x..x.. s ...x.....x.. h xxxxxxxxxxxx",
        "k x..x..x..x.. s .......x.... r x.x.xx.x.x.x",
    ),
    "5/4": (
        "k x.....x... s ....x...x. h xxxxxxxxxx",
        "k x..x..x... s ....x...x. h xxxxxxxxxx",
        "k x.....x... s ..x.x...x. h x.x.x.x.x.",
        "k x...x..... s ..x.....x. h xxxxxxxxxx",
        "k x...x.x... s ..x.....x. h x.x.x.x.x.",
        "k x.....x... s ...x....x. r x.xx.xx.x.",
        "k x......x.. s ....x..... h xxxxxxxxxx",
        "k x........x..x....... s ........x.......x... h x.x.x.x.x.x.x.x.x.x.",
    ),
    "7/8": (
        "k x...x.. s ..x.... h xxxxxxx",
        "k x...x.. s ..x..x. h xxxxxxx",
        "k x..x... s ....x.. h xxxxxxx",
        "k x..x... s .....x. h xxxxxxx",
        "k x...... s ....x.. h xxxxxxx",
        "k x...x.. s ..x...x h x.x.x..",
        "k x..x.x. s ..x.... h x.x.x..",
        "k x..x.x. s ....x.. h x..x.x.",
        "k x.....x.x..... s ....x.....x... h x.x.x.x.x.x.x.",
    ),
}
"""Common patterns of a bar, an instrument's letter before its steps."""


def parse_pattern(pattern: str) -> list[tuple[str, np.ndarray]]:
    """Return the letters of a typed pattern, and the steps of each, ``(steps,) bool``."""
    words = pattern.split()
    rows = zip(words[::2], words[1::2], strict=True)
    return [(letter, np.array([step == "x" for step in steps])) for letter, steps in rows]
