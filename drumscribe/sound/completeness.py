"""Checks on files that libsndfile lacks: whether one breaks off, and whether its length is a guess.

libsndfile silently shortens a truncated wav, aiff or ogg, and reads an mp3 without a frame count only up to a length
guessed from its first frame. A recording that is silently half transcribed is worse than an error, so these files are
found here, from their headers alone.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_SIZES = re.compile(r"^\s*(?:data|SSND|Data Size)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_SIZES = (range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 0x100000000))
_LARGEST_OGG_PAGE = 27 + 255 + 255 * 255  # bytes of header, segment table and segments (RFC 3533)


def declared_share(log: str) -> float:
    """Return the audio that a wav or aiff header declares, as a multiple of the audio in the file.

    Parameters
    ----------
    log : str
        Log of the header by libsndfile (`SoundFile.extra_info`).

    Returns
    -------
    float
        1.0 for a complete file, and for one whose writer could not know the size (a pipe: about 2 or 4 GiB declared).
    """
    found = _SIZES.search(log)
    if found is None:
        return 1.0
    declared, held = (int(size) for size in found.groups())
    if any(declared in sizes for sizes in _UNKNOWN_SIZES):
        return 1.0
    return max(1.0, declared / max(held, 1))


def ogg_breaks_off(path: Path) -> bool:
    """Return whether the last page of an Ogg file is incomplete (RFC 3533, section 6)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 2 * _LARGEST_OGG_PAGE))
        tail = file.read()
    at = tail.rfind(b"OggS\0")
    if at < 0 or at + 27 > len(tail):
        return True
    segments = tail[at + 27 : at + 27 + tail[at + 26]]
    return len(segments) < tail[at + 26] or at + 27 + len(segments) + sum(segments) > len(tail)


# Bit rates in kbit/s by header index, layer III: MPEG 1, then MPEG 2 and 2.5 (ISO/IEC 11172-3, 13818-3).
_MP3_BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
)
_MP3_RATES = (44100, 48000, 32000, 0)


@dataclass(frozen=True, slots=True)
class Mp3Frames:
    """The frames of an mp3, whatever its header says.

    Attributes
    ----------
    samples : int
        Samples per channel, including the header's frame and the encoder's padding.
    announced : bool
        Whether a header (Xing, Info, VBRI) gives the length.
    whole : bool
        Whether the last frame is complete.
    """

    samples: int
    announced: bool
    whole: bool


def walk_mp3(path: Path) -> Mp3Frames:
    """Walk through an mp3 from frame to frame, without decoding."""
    with path.open("rb") as file:
        head, at = file.read(10), 0
        if head[:3] == b"ID3":
            at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        file.seek(at)
        first_frame = file.read(300)
        announced = any(mark in first_frame for mark in (b"Xing", b"Info", b"VBRI"))
        size = path.stat().st_size
        samples, start, data, whole = 0, at, b"", True  # `start`: position of `data` in the file
        while True:
            if at + 4 > start + len(data):
                file.seek(at)
                start, data = at, file.read(1 << 20)
                if len(data) < 4:
                    return Mp3Frames(samples, announced, whole)
            length, held = _mp3_frame(data[at - start : at - start + 4])
            if length:
                whole = at + length <= size
                samples += held
            at += length or 1


def _mp3_frame(header: bytes) -> tuple[int, int]:
    """Return the bytes and samples of the layer III frame with this four-byte header; (0, 0) for other bytes."""
    if header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0, 0
    version = header[1] >> 3 & 3  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5, 1: reserved
    bitrate = _MP3_BITRATES[version != 3][header[2] >> 4]
    rate = _MP3_RATES[header[2] >> 2 & 3] >> {3: 0, 2: 1, 0: 2, 1: 32}[version]
    if not bitrate or not rate:
        return 0, 0
    samples = 1152 if version == 3 else 576
    return samples * 125 * bitrate // rate + (header[2] >> 1 & 1), samples
