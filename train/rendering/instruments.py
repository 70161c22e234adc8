"""The instruments of the accompaniment: recorded notes, chords, voices and passages.

Notes come from recorded instruments (the backing folder) and from free SoundFonts, rendered once by fluidsynth (and
spoken phrases by espeak-ng) into a cache. A missing program or SoundFont is left out.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import soundfile as sf

from drumscribe.errors import DrumscribeError

from ..data.sources import RATE
from .soundfonts import found_soundfonts, made_once, render_midi

_NOTE_SECONDS = 2.4
_RETUNED = 256
"""Notes kept after they were retuned: parts play few pitches again and again."""
# General MIDI programs: part, lowest and highest note rendered.
_PROGRAMS = {
    **dict.fromkeys((32, 33, 34, 35, 36, 38, 39), ("bass", 28, 55)),
    **dict.fromkeys((0, 1, 4, 5, 7, 16, 18, 21, 24, 25, 26, 27, 28, 48, 50, 62, 89, 90), ("chords", 40, 80)),
    **dict.fromkeys((29, 30), ("riff", 40, 64)),
    **dict.fromkeys((11, 22, 40, 52, 53, 56, 57, 61, 65, 66, 73, 80, 81, 85), ("lead", 55, 86)),
}
_FOLDER_PARTS = {
    "freepats-electric-bass-YR": ("bass", 2),
    "karoryfer-growlybass": ("bass", 0),
    "karoryfer-meatbass": ("bass", 0),
    "freepats-e-guitar-FSBS-clean": ("guitar", 0),
    "freepats-spanish-guitar": ("chords", 0),
    "karoryfer-shinyguitar": ("chords", 0),
    "karoryfer-emilyguitar": ("guitar", 0),
    "freepats-upright-piano-KW": ("chords", 0),
    "gregsullivan-e-pianos": ("chords", 0),
    "freepats-hang-D-minor": ("lead", 0),
    "karoryfer-horsepulse": ("lead", 0),
    "karoryfer-weresax": ("lead", 0),
    "karoryfer-blackguitar-f": ("guitar", 0),
    "karoryfer-blackguitar-p": ("guitar", 0),
    "karoryfer-greenguitar-f": ("guitar", 0),
    "karoryfer-greenguitar-p": ("chords", 0),
    "mtg-alto-sax": ("lead", 0),
    "mtg-tenor-sax": ("lead", 0),
    "caveman-cosmonaut-bass-16-1": ("bass", 0),
    "caveman-cosmonaut-bass-16-2": ("bass", 0),
    "caveman-cosmonaut-bass-all": ("bass", 0),
}
_RECORDINGS = (
    "librosa-data",
    "sonic-pi-music",
    "speech-commands-noise",
    "waivops-ragtime",
    "sectoid-metal-guitars",
    "lofi-ambience",
)
_SINGING = "sms-tools-singing"
_NOISES = "berklee-household"
_ROOMS, _NO_ROOMS = "room-irs", ("google__filter-telephone", "google__spreader50-65ms", "audiokit__dish")
_PHRASE_COUNT = 64
_WORDS = (
    "sister night city star stop kiss chase just yes sad dust rust shake shine she wish crash push sugar "
    "share sun so say still sweet street cross cats lights takes gets that sit quit tick tock talk touch tell "
    "time two ten top take turn cut call come keep could kick back black lock road rain run heart hold home "
    "have here how up pretty people pull play please down day dance don't dream drop deep door baby beat blue "
    "break bring believe burn go give girl good gone want walk way why world with where one love let lie "
    "leave long life look me my moon make more mind never know new now no"
)
_SPEAKERS = ("en-us", "en-gb", "en-gb-scotland", "de", "fr", "es", "it", "pt-br", "nl", "sv")
_TIMBRES = ("", "+m1", "+m2", "+m3", "+m4", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5", "+whisper", "+croak")
_SEMITONE = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


@dataclass(frozen=True, eq=False)
class Bank:
    """The notes of one instrument.

    Attributes
    ----------
    name : str
        The instrument.
    part : str
        The part that it plays.
    notes : dict[int, np.ndarray]
        From MIDI note to ``(samples,) float32`` with a peak of 1.
    """

    name: str
    part: str
    notes: dict[int, np.ndarray] = field(repr=False)

    def note(self, pitch: float, seconds: float) -> np.ndarray:
        """Play a note of any pitch and length, from the nearest recorded one.

        Parameters
        ----------
        pitch : float
            MIDI note.
        seconds : float
            Length.

        Returns
        -------
        np.ndarray
            ``(samples,) float32``.
        """
        out = self._retuned(pitch)[: int(seconds * RATE)].copy()
        length = len(out)
        if length < 64:
            return np.zeros(64, np.float32)
        release = min(length, 1500)
        out[-release:] *= np.linspace(1.0, 0.0, release, dtype=np.float32)
        return out

    @lru_cache(_RETUNED)  # noqa: B019 (banks live as long as the process)
    def _retuned(self, pitch: float) -> np.ndarray:
        nearest = min(self.notes, key=lambda have: abs(have - pitch))
        source = self.notes[nearest]
        ratio = 2.0 ** ((pitch - nearest) / 12.0)
        length = max(0, int(len(source) / ratio) - 1)
        return np.interp(np.arange(length) * ratio, np.arange(len(source)), source).astype(np.float32)


def _trimmed(samples: np.ndarray) -> np.ndarray:
    peak = np.max(np.abs(samples), initial=1e-9)
    start = max(0, int(np.argmax(np.abs(samples) > 0.03 * peak)) - 100)
    return (samples[start : start + int(3.5 * RATE)] / peak).astype(np.float32)


def read_banks(folder: Path) -> list[Bank]:
    """Read the recorded instruments of the backing folder."""
    banks = []
    for name, (part, octaves) in _FOLDER_PARTS.items():
        notes = {}
        for path in sorted((folder / name).glob("*.flac")):
            match = re.search(r"(?:^|[-_])([a-gA-G])(s|b|#)?(\d)?(?=[-_v.]|$)", path.stem)
            if not match or path.stem.startswith("noises"):
                continue
            letter, accidental, octave = match.groups()
            pitch = _SEMITONE[letter.lower()] + {"s": 1, "#": 1, "b": -1}.get(accidental or "", 0)
            pitch += 12 * (int(octave if octave is not None else octaves) + 1)
            notes[pitch] = _trimmed(sf.read(path, dtype="float32")[0])
        if notes:
            banks.append(Bank(name, part, notes))
    return banks


def _render_soundfont(path: Path, cache: Path) -> list[Bank]:
    """Render all the notes of a SoundFont into one wav, `_NOTE_SECONDS` apart, program by program."""
    import pretty_midi

    target = cache / f"{path.stem}.flac"
    slots = [(p, n) for p, (_, low, high) in _PROGRAMS.items() for n in range(low, high + 1, 5)]
    if not target.exists():
        midi = pretty_midi.PrettyMIDI(resolution=960)
        for program in _PROGRAMS:
            instrument = pretty_midi.Instrument(program)
            for i, (p, note) in enumerate(slots):
                if p == program:
                    start = i * _NOTE_SECONDS
                    instrument.notes.append(pretty_midi.Note(100, note, start, start + _NOTE_SECONDS - 0.3))
            midi.instruments.append(instrument)
        render_midi(midi, path, target)
    sound = sf.read(target, dtype="float32")[0]
    notes: dict[int, dict[int, np.ndarray]] = {}
    for i, (program, note) in enumerate(slots):
        start = int(i * _NOTE_SECONDS * RATE)
        samples = sound[start : start + int((_NOTE_SECONDS - 0.05) * RATE)]
        if len(samples) and np.max(np.abs(samples)) > 1e-4:
            notes.setdefault(program, {})[note] = _trimmed(samples)
    return [Bank(f"{path.stem} {program}", _PROGRAMS[program][0], notes[program]) for program in notes]


def _speak_line(command: list[str], words: str, target: Path) -> None:
    subprocess.run([*command, str(target), words], check=True, capture_output=True)


def _speak(cache: Path) -> list[np.ndarray]:
    """Render lines of words rich in consonants, by voices of many languages, at many pitches and speeds."""
    import soxr

    spoken = []
    for i in range(_PHRASE_COUNT):
        target = cache / f"line{i}.wav"
        rng = np.random.default_rng(i)
        words = " ".join(rng.choice(_WORDS.split(), int(rng.integers(4, 10))))
        voice = str(rng.choice(_SPEAKERS)) + str(rng.choice(_TIMBRES))
        manner = ["-p", str(rng.integers(20, 90)), "-s", str(rng.integers(90, 220))]
        command = ["espeak-ng", "-v", voice, *manner, "-w"]
        made_once(target, partial(_speak_line, command, words))
        samples, rate = sf.read(target, dtype="float32")
        spoken.append(_trimmed(soxr.resample(samples, rate, RATE)))
    return spoken


@dataclass(frozen=True)
class Instruments:
    """All material of accompaniment.

    Attributes
    ----------
    banks : dict[str, list[Bank]]
        By part (``bass``, ``guitar``, ``chords``, ``riff``, ``lead``).
    strums : list[np.ndarray]
        Chords of a guitar.
    voices : list[np.ndarray]
        Spoken lines.
    recordings : dict[str, list[np.ndarray]]
        Music and noise, of any tempo, by source.
    noises : list[np.ndarray]
        Sounds of dropped, struck and rattled things, each about a second long.
    rooms : list[np.ndarray]
        Impulse responses, beginning with the direct sound.
    """

    banks: dict[str, list[Bank]]
    strums: list[np.ndarray]
    voices: list[np.ndarray]
    recordings: dict[str, list[np.ndarray]]
    noises: list[np.ndarray]
    rooms: list[np.ndarray]


def _read_all(folder: Path) -> list[np.ndarray]:
    return [_trimmed(sf.read(path, dtype="float32")[0]) for path in sorted(folder.glob("*.flac"))]


def read_instruments(backing: Path, cache: Path) -> Instruments:
    """Read the backing folder, and render the available SoundFonts and voices.

    Parameters
    ----------
    backing : Path
        The backing folder.
    cache : Path
        The folder to render into.

    Returns
    -------
    Instruments
        The instruments.

    Raises
    ------
    DrumscribeError
        If the backing folder lacks a kind of sound.
    """
    cache.mkdir(parents=True, exist_ok=True)
    banks = read_banks(backing)
    for path in found_soundfonts():
        banks += _render_soundfont(path, cache)
    by_part: dict[str, list[Bank]] = {}
    for bank in banks:
        by_part.setdefault(bank.part, []).append(bank)
    strums = [
        _trimmed(sf.read(path, dtype="float32")[0])
        for path in sorted((backing / "belofilms-guitar-strums").glob("*.flac"))
    ]
    voices = _speak(cache) if shutil.which("espeak-ng") else []
    voices += _read_all(backing / _SINGING)
    recordings: dict[str, list[np.ndarray]] = {}
    for name in _RECORDINGS:
        for path in sorted((backing / name).glob("*.flac")):
            samples = sf.read(path, dtype="float32")[0]
            if path.stem[0].isdigit() and name == "librosa-data":
                voices.append(samples)
            elif not path.stem.startswith(("tabla", "loop_tabla")):
                recordings.setdefault(name, []).append(samples)
    paths = [path for path in sorted((backing / _ROOMS).glob("*.flac")) if path.stem not in _NO_ROOMS]
    rooms = [sf.read(path, dtype="float32")[0] for path in paths]
    have = {
        "notes of a bass": "bass" in by_part,
        "notes of a guitar": "guitar" in by_part,
        "strums": bool(strums),
        "recordings": bool(recordings),
    }
    if not all(have.values()):
        lacking = ", ".join(name for name, there in have.items() if not there)
        raise DrumscribeError(f"{backing}: lacks {lacking}, which accompaniment is made of")
    return Instruments(by_part, strums, voices, recordings, _read_all(backing / _NOISES), rooms)
