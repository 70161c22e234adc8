"""Sound from SoundFonts and speech synthesisers, rendered once into files that are complete or absent."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile as sf

from ..data.sources import RATE

if TYPE_CHECKING:
    import mido
    import pretty_midi

_SOUNDFONTS = ("sf2/FluidR3_GM.sf2", "sf3/MuseScore_General.sf3")
_FOLDERS = (Path("/usr/share/sounds"), Path("/usr/local/share/sounds"), Path("/opt/homebrew/share/sounds"))


def found_soundfonts() -> list[Path]:
    """List the SoundFonts that can be played here: none if fluidsynth is missing."""
    if not shutil.which("fluidsynth"):
        return []
    found = (next((folder / name for folder in _FOLDERS if (folder / name).exists()), None) for name in _SOUNDFONTS)
    return [path for path in found if path is not None]


def made_once(target: Path, make: Callable[[Path], object]) -> Path:
    """Let `make` write a file, unless it exists; several processes may ask for the same one at once.

    Parameters
    ----------
    target : Path
        The file.
    make : Callable[[Path], object]
        Writes it to a temporary path.

    Returns
    -------
    Path
        The file.
    """
    if not target.exists():
        temporary = target.with_name(f".{os.getpid()}.{target.name}")
        make(temporary)
        temporary.replace(target)
    return target


def render_midi(midi: "mido.MidiFile | pretty_midi.PrettyMIDI", soundfont: Path, target: Path) -> Path:
    """Play a MIDI file into a mono FLAC file, unless that exists.

    Parameters
    ----------
    midi : mido.MidiFile | pretty_midi.PrettyMIDI
        The notes.
    soundfont : Path
        The SoundFont.
    target : Path
        The file to write.

    Returns
    -------
    Path
        The file.
    """

    def make(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            score, wav = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
            (midi.save if hasattr(midi, "save") else midi.write)(str(score))
            options = ["-ni", "-q", "-R", "0", "-C", "0", "-r", str(RATE), "-F", str(wav)]
            subprocess.run(["fluidsynth", *options, str(soundfont), str(score)], check=True, capture_output=True)
            sf.write(path, sf.read(wav, dtype="float32")[0].mean(axis=1), RATE, format="FLAC")

    return made_once(target, make)
