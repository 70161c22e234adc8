"""Every reader of files that may come from anybody, with valid files to begin with."""

import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumscribe.evaluate.annotations import read_events
from drumscribe.formats import export
from drumscribe.formats.drum_maps import load_drum_map
from drumscribe.formats.reading import read
from drumscribe.kits.kit import read_kit
from drumscribe.live.protocol import command_message, read_messages, sound_message
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.network import trial
from drumscribe.network.bundled import models_folder
from drumscribe.network.model_file import load_model_info
from drumscribe.rhythm.beats_file import read_beats
from drumscribe.sound.audio import probe, read_blocks

ROOT = Path(__file__).parents[2]
_NAMES = ("kick", "snare", "hihat_open", "tom_low", "ride")
_HITS = tuple(Hit(0.5 * i, name, 40 + 9 * i) for i, name in enumerate(_NAMES))
_SONG = Transcription(_HITS, 4.0, "base", Rhythm(TempoMap.steady(120.0, 0.5), 0.9, True))


@dataclass(frozen=True)
class Reader:
    """A reader: valid files with their ending, and what reads one, with all that is done with it next."""

    ending: str
    seeds: list[bytes]
    read: Callable[[Path], object]


def _written(*formats: str) -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [export.write(_SONG, Path(folder, f"x.{export.FORMATS[name].ending}"), name) for name in formats]
        return [path.read_bytes() for path in paths]


def _transcription(path: Path) -> None:
    """Read a transcription, and lay out its beats, as plots and grids do."""
    read_events(path)
    found = read(path)
    if found.rhythm is not None and found.rhythm.tempo_map is not None:
        found.rhythm.tempo_map.beats(found.duration)
        found.rhythm.tempo_map.downbeats(found.duration)


def _sound(path: Path) -> None:
    probe(path)
    for count, _ in enumerate(read_blocks(path, 44100)):
        if count > 200:
            break


def _stream(path: Path) -> None:
    for count, _ in enumerate(read_messages(io.BufferedReader(io.BytesIO(path.read_bytes())))):
        if count > 1000:
            break


def _sounds() -> list[tuple[str, list[bytes]]]:
    import soundfile

    noise = np.random.default_rng(0).standard_normal(3000).astype(np.float32) * 0.1
    made = []
    for ending, kind in (("wav", "WAV"), ("flac", "FLAC"), ("ogg", "OGG"), ("aiff", "AIFF"), ("mp3", "MP3")):
        file = io.BytesIO()
        soundfile.write(file, noise, 44100, format=kind)
        made.append((ending, [file.getvalue()]))
    return made


def _kit() -> bytes:
    sounds = [{"name": "boom", "note": 41, "samples": 3, "precision": 0.9, "recall": 0.8, "mistaken_for": ["kick"]}]
    texts = {"made": "2026", "source": "x", "model": "base", "fingerprint": "0afa"}
    card = {"format": 1, "features": 2, "name": "mine", "only": False, "sounds": sounds, **texts}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # so that mutations reach what is in it
        archive.writestr("kit.json", json.dumps(card))
        archive.writestr("numbers.f32", np.ones(8, "<f4").tobytes())
    return file.getvalue()


def _cards() -> list[bytes]:
    """Cards of the bundled models, without the networks, stored plainly."""
    made = []
    for model in sorted(models_folder().glob("*.int8.tflite")):
        file = io.BytesIO()
        with zipfile.ZipFile(model) as archive, zipfile.ZipFile(file, "w") as plain:
            plain.writestr("drumscribe.json", archive.read("drumscribe.json")[:60_000])
        made.append(file.getvalue())
    return made


_MAP = b'name = "Mine"\nbase = "gm"\n\n[notes]\nkick = 24\nsnare = 26\nhihat_open = 31\ntom = 40\n'
_BEATS = b"0.50 1\n1.00 2\n1.52 3\n2.01 4\n2.50 1\n3.00 2\n"
_TEXT = b"0.5 kick\n1.0\tsnare 90\n1.5,hihat\n# end\n"

READERS = {
    "midi": Reader("mid", _written("mid"), _transcription),
    "json": Reader("json", _written("json"), _transcription),
    "csv": Reader("csv", _written("csv", "reaper"), _transcription),
    "text": Reader("txt", [_TEXT, *_written("audacity")], _transcription),
    "map": Reader("toml", [_MAP], lambda path: load_drum_map(str(path))),
    "beats": Reader("beats", [_BEATS], read_beats),
    "kit": Reader("kit", [_kit()], read_kit),
    "card": Reader("tflite", _cards(), load_model_info),
    "stream": Reader("bin", [command_message("reset") + sound_message(bytes(64))], _stream),
    **{ending: Reader(ending, seeds, _sound) for ending, seeds in _sounds()},
}

SLOW_READERS = {"network": Reader("tflite", [(models_folder() / "tiny.int8.tflite").read_bytes()], trial.require)}
"""Readers that start a process for each file; run only if they are named."""


def attempt(reader: Reader, path: Path) -> bool:
    """Read a file; whether it could be. Whatever else than an error of the family is raised goes through."""
    from drumscribe.errors import DrumscribeError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reader.read(path)
        except DrumscribeError as error:
            assert "\n" not in str(error), f"not one line: {error!r}"
            return False
    return True
