"""Mutations of files: what a damaged disk, a bad editor or somebody with an aim makes of them."""

import random

_NUMBERS = (
    *(b"0", b"-1", b"1e9", b"1e308", b"-1e308", b"inf", b"-inf", b"nan", b"NaN", b"Infinity", b"1e-320", b"0.0"),
    *(b"2147483648", b"4294967295", b"9223372036854775808", b"99999999999999999999999", b"null", b"true", b'""', b"[]"),
)
_WORDS = (b"\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x00\x00\x00", b"\xff\xfe")


def mutated(seeds: list[bytes], chance: random.Random) -> bytes:
    """One of the seeds, changed in one to eight places."""
    content = bytearray(chance.choice(seeds))
    for _ in range(1 << chance.randrange(4)):
        _change(content, seeds, chance)
    return bytes(content[:1_000_000])


def _change(content: bytearray, seeds: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(content) + 1)
    kind = chance.randrange(8)
    if kind == 0 and at < len(content):
        content[at] ^= 1 << chance.randrange(8)
    elif kind == 1 and at < len(content):
        content[at] = chance.randrange(256)
    elif kind == 2:
        content[at : at + len(word)] = (word := chance.choice(_WORDS))
    elif kind == 3:
        del content[at : at + chance.randrange(1, 64)]
    elif kind == 4:
        content[at:at] = content[at : at + chance.randrange(1, 64)] * chance.choice((1, 2, 50))
    elif kind == 5:
        other = chance.choice(seeds)
        start = chance.randrange(len(other) + 1)
        content[at : at + chance.randrange(64)] = other[start : start + chance.randrange(1, 64)]
    elif kind == 6:
        _replace_number(content, at, chance)
    else:
        content[at:at] = chance.choice((b"[", b"{", b'"', b",", b"\n", b".a", b"\t")) * chance.choice((1, 3, 2000))


def _replace_number(content: bytearray, at: int, chance: random.Random) -> None:
    """Replace the next number of a text."""
    start = next((i for i in range(at, min(len(content), at + 200)) if 48 <= content[i] <= 57), None)
    if start is not None:
        end = start
        while end < len(content) and content[end] in b"0123456789.eE+-":
            end += 1
        content[start:end] = chance.choice(_NUMBERS)
