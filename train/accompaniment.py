"""Accompaniment in the tempo and bars of a score: bass, chords, riffs, leads, voices, and found recordings.

Notes come from recorded instruments (the backing folder) and from free SoundFonts, rendered once by fluidsynth (and
spoken phrases by espeak-ng) into a cache. Where a program or SoundFont is absent, the rest serves.
"""

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf

from drumscribe.errors import DrumscribeError
from drumscribe.synthesis import compress, equalise, reverberate, rms, saturate

from .scores import Score
from .sources import RATE

_SOUNDFONTS = ("sf2/FluidR3_GM.sf2", "sf3/MuseScore_General.sf3")
_SOUNDFONT_FOLDERS = (Path("/usr/share/sounds"), Path("/usr/local/share/sounds"), Path("/opt/homebrew/share/sounds"))
_NOTE_SECONDS = 2.4
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
}
_RECORDINGS = ("librosa-data", "sonic-pi-music", "speech-commands-noise", "waivops-ragtime")
_PHRASES = (
    "take the night and never let it go",
    "sister said she saw the silver city",
    "don't stop, keep the beat, come back to me",
    "pretty people taking pictures, cutting corners, talking backwards",
    "yes, this is just a test of such a voice",
    "walking down the road again, I hear the thunder call",
    "tick tock, check it, push it, drop the top and rock it",
    "she sells sea shells and sings of distant stars",
)
_SEMITONE = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


@dataclass(frozen=True)
class Bank:
    """The notes of one instrument: MIDI note to ``(samples,) float32`` with a peak of 1."""

    name: str
    part: str
    notes: dict[int, np.ndarray] = field(repr=False)

    def note(self, pitch: float, seconds: float) -> np.ndarray:
        """A note of any pitch (MIDI number) and length, from the nearest recorded one."""
        nearest = min(self.notes, key=lambda have: abs(have - pitch))
        source = self.notes[nearest]
        ratio = 2.0 ** ((pitch - nearest) / 12.0)
        length = min(int(seconds * RATE), int(len(source) / ratio) - 1)
        if length < 64:
            return np.zeros(64, np.float32)
        out = np.interp(np.arange(length) * ratio, np.arange(len(source)), source).astype(np.float32)
        release = min(length, 1500)
        out[-release:] *= np.linspace(1.0, 0.0, release, dtype=np.float32)
        return out


def _trimmed(samples: np.ndarray) -> np.ndarray:
    peak = np.max(np.abs(samples), initial=1e-9)
    start = max(0, int(np.argmax(np.abs(samples) > 0.03 * peak)) - 100)
    return (samples[start : start + int(3.5 * RATE)] / peak).astype(np.float32)


def read_banks(folder: Path) -> list[Bank]:
    """The recorded instruments of the backing folder."""
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
    """One wav holds all the notes of a SoundFont, `_NOTE_SECONDS` apart, program by program."""
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
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            score, wav = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
            midi.write(str(score))
            command = [
                "fluidsynth",
                "-ni",
                "-q",
                "-R",
                "0",
                "-C",
                "0",
                "-r",
                str(RATE),
                "-F",
                str(wav),
                str(path),
                str(score),
            ]
            subprocess.run(command, check=True, capture_output=True)
            sf.write(Path(folder) / "notes.flac", sf.read(wav, dtype="float32")[0].mean(axis=1), RATE)
            (Path(folder) / "notes.flac").replace(target)
    sound = sf.read(target, dtype="float32")[0]
    notes: dict[int, dict[int, np.ndarray]] = {}
    for i, (program, note) in enumerate(slots):
        start = int(i * _NOTE_SECONDS * RATE)
        samples = sound[start : start + int((_NOTE_SECONDS - 0.05) * RATE)]
        if len(samples) and np.max(np.abs(samples)) > 1e-4:
            notes.setdefault(program, {})[note] = _trimmed(samples)
    return [Bank(f"{path.stem} {program}", _PROGRAMS[program][0], notes[program]) for program in notes]


def _speak(cache: Path) -> list[np.ndarray]:
    voices = ("en-us", "en-gb+f2", "en-us+m3", "en-gb+f4", "de+m1", "fr+f1", "es+m4", "it+f3")
    spoken = []
    for i, (phrase, voice) in enumerate(zip(_PHRASES, voices, strict=True)):
        target = cache / f"phrase{i}.wav"
        if not target.exists():
            subprocess.run(["espeak-ng", "-v", voice, "-w", str(target), phrase], check=True, capture_output=True)
        import soxr

        samples, rate = sf.read(target, dtype="float32")
        spoken.append(_trimmed(soxr.resample(samples, rate, RATE)))
    return spoken


def _found(name: str) -> Path | None:
    return next((folder / name for folder in _SOUNDFONT_FOLDERS if (folder / name).exists()), None)


class Band:
    """Plays accompaniment: see `play`."""

    def __init__(self, backing: Path, cache: Path) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        banks = read_banks(backing)
        if shutil.which("fluidsynth"):
            for path in filter(None, map(_found, _SOUNDFONTS)):
                banks += _render_soundfont(path, cache)
        self._banks: dict[str, list[Bank]] = {}
        for bank in banks:
            self._banks.setdefault(bank.part, []).append(bank)
        self._strums = [
            _trimmed(sf.read(path, dtype="float32")[0])
            for path in sorted((backing / "belofilms-guitar-strums").glob("*.flac"))
        ]
        self._recordings = []
        self._voices = _speak(cache) if shutil.which("espeak-ng") else []
        for name in _RECORDINGS:
            for path in sorted((backing / name).glob("*.flac")):
                samples = sf.read(path, dtype="float32")[0]
                if path.stem[0].isdigit() and name == "librosa-data":
                    self._voices.append(samples)
                elif not path.stem.startswith(("tabla", "loop_tabla")):
                    self._recordings.append(samples)
        have = {
            "notes of a bass": "bass" in self._banks,
            "notes of a guitar": "guitar" in self._banks,
            "strums": bool(self._strums),
            "recordings": bool(self._recordings),
        }
        if not all(have.values()):
            lacking = ", ".join(name for name, there in have.items() if not there)
            raise DrumscribeError(f"{backing}: lacks {lacking}, which accompaniment is made of")

    def play(self, score: Score, rng: np.random.Generator, seconds: float) -> np.ndarray:
        """Accompaniment of a score, ``(seconds * RATE,) float32``, RMS about 0.1; a random line-up of parts."""
        out = np.zeros(int(seconds * RATE), np.float32)
        if rng.random() < 0.12:
            return self._recording(rng, len(out))
        line_up = {
            "bass": (0.85, self._bass),
            "chords": (0.7, self._chords),
            "strums": (0.25, self._strum),
            "riff": (0.45, self._riff),
            "lead": (0.35, self._lead),
            "voice": (0.3, self._voice),
        }
        harmony = _harmony(rng, int(seconds / (score.beat * score.beats_per_bar)) + 2)
        for chance, play in line_up.values():
            if rng.random() < chance:
                part = play(score, harmony, rng, len(out))
                loudness = rms(part)
                if loudness > 0.0:
                    out += part * np.float32(0.1 / loudness * 10.0 ** (rng.uniform(-9.0, 3.0) / 20.0))
        if rng.random() < 0.4:
            out = reverberate(out, RATE, rng, rng.uniform(0.2, 1.5), rng.uniform(-25.0, -6.0), rng.uniform(0.2, 0.8))
        return out

    def _recording(self, rng: np.random.Generator, length: int) -> np.ndarray:
        source = self._recordings[rng.integers(len(self._recordings))]
        start = int(rng.integers(len(source)))
        return np.resize(np.roll(source, -start), length).astype(np.float32)

    def _bank(self, parts: tuple[str, ...], rng: np.random.Generator) -> Bank:
        banks = [bank for part in parts for bank in self._banks.get(part, [])]
        return banks[rng.integers(len(banks))]

    def _bass(self, score: Score, harmony, rng, length: int) -> np.ndarray:
        bank = self._bank(("bass",), rng)
        out = np.zeros(length, np.float32)
        kicks = [t for t, role in zip(score.times, score.roles, strict=True) if role == "kick"]
        with_kick = bool(kicks) and rng.random() < 0.4
        for start, seconds, bar in _from_times(kicks, score) if with_kick else _rhythm(score, rng, length):
            chord = harmony[bar % len(harmony)]
            pitch = 28 + (chord[0] - 28) % 12 + (rng.choice([0, 0, 0, 7, 12]))
            _add(out, bank.note(pitch, seconds), start + rng.normal(0.0, 0.006), rng.uniform(0.5, 1.0))
        return saturate(out, rng.uniform(1.0, 6.0)) if rng.random() < 0.3 else out

    def _chords(self, score: Score, harmony, rng, length: int) -> np.ndarray:
        bank = self._bank(("chords", "guitar"), rng)
        out = np.zeros(length, np.float32)
        spread = rng.choice([0.0, 0.004, 0.015])
        shift = rng.choice([0, 12])
        for start, seconds, bar in _rhythm(score, rng, length):
            start += rng.normal(0.0, 0.006)
            gain = rng.uniform(0.4, 1.0)
            for i, pitch in enumerate(harmony[bar % len(harmony)]):
                _add(out, bank.note(pitch + shift, seconds), start + i * spread, gain)
        return out

    def _strum(self, score: Score, harmony, rng, length: int) -> np.ndarray:
        del harmony
        out = np.zeros(length, np.float32)
        strums = [self._strums[i] for i in rng.integers(0, len(self._strums), 4)]
        for start, seconds, bar in _rhythm(score, rng, length):
            samples = strums[(bar + int(rng.integers(2))) % 4][: int(seconds * RATE)].copy()
            fade = min(len(samples), 2000)
            samples[len(samples) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
            _add(out, samples, start + rng.normal(0.0, 0.006), rng.uniform(0.4, 1.0))
        return out

    def _riff(self, score: Score, harmony, rng, length: int) -> np.ndarray:
        """Power chords or single notes of a guitar, driven hard, through a loudspeaker's response."""
        bank = self._bank(("guitar", "riff"), rng)
        out = np.zeros(length, np.float32)
        intervals = (0, 7, 12) if rng.random() < 0.7 else (0,)
        muted = rng.random() < 0.3
        for start, seconds, bar in _rhythm(score, rng, length):
            root = 40 + (harmony[bar % len(harmony)][0] - 40) % 12
            for interval in intervals:
                note = bank.note(root + interval, min(seconds, 0.12) if muted else seconds)
                _add(out, note, start + rng.normal(0.0, 0.004), rng.uniform(0.6, 1.0))
        out = saturate(
            compress(out, RATE, -30.0, 6.0, 0.005, 0.1), float(np.exp(rng.uniform(np.log(2.0), np.log(60.0))))
        )
        top = rng.uniform(3500.0, 7000.0)
        return equalise(out, RATE, np.array([60.0, 120.0, top, 2 * top]), np.array([-12.0, 0.0, 0.0, -30.0]))

    def _lead(self, score: Score, harmony, rng, length: int) -> np.ndarray:
        bank = self._bank(("lead", "chords", "guitar"), rng)
        out = np.zeros(length, np.float32)
        pitch = 67
        for start, seconds, bar in _rhythm(score, rng, length):
            if rng.random() < 0.25:
                continue
            tones = [tone + octave for tone in harmony[bar % len(harmony)] for octave in (0, 12, 24)]
            pitch = int(min(tones, key=lambda tone: abs(tone - pitch - rng.normal(0.0, 4.0))))
            _add(out, bank.note(pitch, seconds), start + rng.normal(0.0, 0.01), rng.uniform(0.5, 1.0))
        return out

    def _voice(self, score: Score, harmony, rng, length: int) -> np.ndarray:
        out = np.zeros(length, np.float32)
        if self._voices and rng.random() < 0.5:
            for start, _, _ in _rhythm(score, rng, length):
                if rng.random() < 0.3:
                    source = self._voices[rng.integers(len(self._voices))]
                    offset = int(rng.integers(max(1, len(source) - RATE)))
                    _add(out, source[offset : offset + int(RATE * rng.uniform(0.3, 2.0))], start, rng.uniform(0.5, 1.0))
            return out
        pitch = 60
        for start, seconds, bar in _rhythm(score, rng, length):
            if rng.random() < 0.3:
                continue
            tones = [tone + octave for tone in harmony[bar % len(harmony)] for octave in (-12, 0, 12)]
            pitch = int(min(tones, key=lambda tone: abs(tone - pitch - rng.normal(0.0, 3.0))))
            _add(out, _sing(pitch, min(seconds, 1.5), rng), start + rng.normal(0.0, 0.02), rng.uniform(0.5, 1.0))
        return out


def _sing(pitch: int, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A sung syllable: harmonics under three formants, vibrato, and a consonant before it."""
    length = int(seconds * RATE)
    time = np.arange(length) / RATE
    vibrato = 0.3 * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * time) * np.minimum(1.0, time / 0.4)
    glide = rng.uniform(-2.0, 0.5) * np.exp(-time / 0.05)
    frequency = 440.0 * 2.0 ** ((pitch - 69 + vibrato + glide) / 12.0)
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    formants = np.array([rng.uniform(300, 850), rng.uniform(900, 2300), rng.uniform(2400, 3200)])
    base = 440.0 * 2.0 ** ((pitch - 69) / 12.0)
    out = np.zeros(length)
    for k in range(1, min(24, int(6000 / base)) + 1):
        gain = np.sum(np.array([1.0, 0.5, 0.3]) / (1.0 + np.square((k * base - formants) / 120.0))) + 0.01
        out += gain * np.sin(k * phase)
    out *= np.minimum(1.0, time / 0.03) * np.minimum(1.0, (seconds - time) / 0.05)
    if rng.random() < 0.6:
        burst = int(RATE * rng.choice([0.008, 0.03, 0.09]))
        noise = rng.standard_normal(burst) * np.hanning(burst) * rng.uniform(0.05, 0.8)
        out[:burst] += np.diff(noise, prepend=0.0)[:length] if rng.random() < 0.7 else noise[:length]
    return out.astype(np.float32)


def _add(out: np.ndarray, samples: np.ndarray, start: float, gain: float) -> None:
    first = max(0, int(start * RATE))
    part = samples[: max(0, len(out) - first)]
    out[first : first + len(part)] += part * np.float32(gain)


def _harmony(rng: np.random.Generator, bars: int) -> list[tuple[int, ...]]:
    """A chord (MIDI notes) for each bar: a diatonic progression of a random key, repeated every few bars."""
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.6 else [0, 2, 3, 5, 7, 8, 10])
    key = int(rng.integers(48, 60))
    roots = rng.choice([0, 0, 3, 4, 5, 1], int(rng.choice([1, 2, 4, 8])))
    size = int(rng.choice([3, 3, 4]))
    chords = [tuple(int(key + scale[(r + 2 * i) % 7] + 12 * ((r + 2 * i) // 7)) for i in range(size)) for r in roots]
    return [chords[bar % len(chords)] for bar in range(bars)]


def _rhythm(score: Score, rng: np.random.Generator, length: int) -> list[tuple[float, float, int]]:
    """Start, duration (seconds) and bar of the notes of a part: a rhythm of a bar or two, repeated."""
    step = score.beat / float(rng.choice([0.25, 0.5, 1.0, 2.0, 2.0, 4.0], p=[0.1, 0.1, 0.25, 0.25, 0.2, 0.1]))
    per_bar = max(1, round(score.beats_per_bar * score.beat / step))
    pattern = rng.random(per_bar * int(rng.choice([1, 2]))) < rng.choice([0.4, 0.7, 1.0])
    pattern[0] = pattern[0] or rng.random() < 0.8
    starts = [i for i in range(int(length / RATE / step) + 1) if pattern[i % len(pattern)]]
    legato = rng.choice([0.4, 0.9, 1.0])
    notes = []
    for this, following in zip(starts, [*starts[1:], starts[-1] + 2] if starts else [], strict=True):
        notes.append((this * step, max(0.05, (following - this) * step * legato), this // per_bar))
    return notes


def _from_times(times: list[float], score: Score) -> list[tuple[float, float, int]]:
    bar = score.beat * score.beats_per_bar
    ends = [*times[1:], times[-1] + score.beat]
    return [(t, max(0.08, min(end - t, 1.0)), int(t / bar)) for t, end in zip(times, ends, strict=True)]
