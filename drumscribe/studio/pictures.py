"""Pictures of a recording at every zoom: waveform and spectrogram, in levels that are each 4 times coarser.

A picture is a folder: ``wave-L`` holds the minimum and the maximum of each bin of samples as ``(bins, 2) int8``, and
``spectrum-L`` the bands of each frame as ``(frames, bands) uint8``. The page fetches the tiles that it shows.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ..files import written_whole

RATE = 44100
WAVE_BIN = 64
"""Samples per bin of the finest level; at closer zooms the page draws the samples."""
LEVELS = 6
FACTOR = 4
TILES = {"wave": 4096, "spectrum": 512}
"""Bins or frames per tile."""
_FACTS = "facts.json"


def draw_picture(recording: Path, folder: Path, progress: Callable[[float], None]) -> dict:
    """Draw the picture of a recording, unless it exists, and return its properties for the page.

    Parameters
    ----------
    recording, folder : Path
        The recording, and the folder to write.
    progress : callable
        Called with the number of seconds that are done.

    Returns
    -------
    dict
        Length in seconds, levels, tiles.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    """
    if (folder / _FACTS).exists():
        return json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    wave, spectrum, samples = _read(recording, progress)
    for name, pyramid in (("wave", _wave_levels(wave)), ("spectrum", _spectrum_levels(spectrum))):
        for level, content in enumerate(pyramid):
            with written_whole(folder / f"{name}-{level}") as temporary:
                temporary.write_bytes(np.ascontiguousarray(content).tobytes())
    facts = {
        "seconds": samples / RATE,
        "levels": LEVELS,
        "factor": FACTOR,
        "wave": {"per_second": RATE / WAVE_BIN, "tile": TILES["wave"]},
        "spectrum": {"per_second": 100.0, "tile": TILES["spectrum"], "bands": spectrum.shape[1]},
    }
    with written_whole(folder / _FACTS) as temporary:
        temporary.write_text(json.dumps(facts), encoding="utf-8")
    return facts


def read_tile(folder: Path, name: str, level: int, tile: int) -> bytes:
    """Return a tile of a picture; beyond the end it is empty.

    Parameters
    ----------
    folder : Path
        The folder of the picture.
    name : str
        ``"wave"`` or ``"spectrum"``.
    level : int
        Level, 0 for the finest.
    tile : int
        Number of the tile.

    Returns
    -------
    bytes
        Bins or frames.

    Raises
    ------
    OSError
        If the picture, or this level of it, does not exist.
    """
    facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    size = facts[name]["tile"] * (2 if name == "wave" else facts[name]["bands"])
    with open(folder / f"{name}-{level}", "rb") as file:
        file.seek(tile * size)
        return file.read(size)


def _read(recording: Path, progress: Callable[[float], None]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the finest levels of waveform and spectrogram, and the number of samples."""
    from ..sound.audio import read_blocks
    from ..sound.spectrogram import Spectrogram, SpectrogramSettings

    settings = SpectrogramSettings()
    spectrogram = Spectrogram(settings)
    waves, frames, samples = [], [], 0
    for block in _in_bins(read_blocks(recording, settings.rate, 1 << 18)):
        samples += len(block)
        waves.append(_outline(block))
        frames.append(_in_bytes(spectrogram.push(block)))
        progress(samples / settings.rate)
    frames.append(_in_bytes(spectrogram.flush()))
    outline = np.concatenate(waves) if waves else np.zeros((0, 2), np.int8)
    return outline, np.concatenate(frames), samples


def _in_bins(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the same samples in blocks of whole bins, except for the last."""
    rest = np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        whole = len(rest) // WAVE_BIN * WAVE_BIN
        if whole:
            yield rest[:whole]
        rest = rest[whole:]
    if len(rest):
        yield rest


def _outline(block: np.ndarray) -> np.ndarray:
    """Return the minimum and the maximum of each bin, ``(bins, 2) int8``."""
    padded = np.pad(block, (0, -len(block) % WAVE_BIN), mode="edge").reshape(-1, WAVE_BIN)
    ends = np.stack([padded.min(axis=1), padded.max(axis=1)], axis=1)
    return np.clip(np.rint(ends * 127.0), -127, 127).astype(np.int8)


def _in_bytes(frames: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(frames * 255.0), 0, 255).astype(np.uint8)


def _wave_levels(wave: np.ndarray) -> Iterator[np.ndarray]:
    for _ in range(LEVELS):
        yield wave
        grouped = _grouped(wave)
        wave = np.stack([grouped[..., 0].min(axis=1), grouped[..., 1].max(axis=1)], axis=1)


def _spectrum_levels(spectrum: np.ndarray) -> Iterator[np.ndarray]:
    for _ in range(LEVELS):
        yield spectrum
        spectrum = _grouped(spectrum).max(axis=1)


def _grouped(rows: np.ndarray) -> np.ndarray:
    """Group rows, ``(groups, FACTOR, columns)``; the last group repeats its last row."""
    padded = np.pad(rows, ((0, -len(rows) % FACTOR), (0, 0)), mode="edge") if len(rows) else rows
    return padded.reshape(-1, FACTOR, rows.shape[1])
