"""Accompaniment in the tempo and bars of a score: bass, chords, riffs, leads, voices, and found recordings."""

from pathlib import Path

import numpy as np

from drumscribe.synthesis.effects import (
    change_pitch,
    compress,
    equalise,
    random_curve,
    reverberate,
    rms,
    saturate,
)

from ..data.sources import RATE
from .instruments import Bank, read_instruments
from .scores import Score
from .singing import sing
from .sustained import Harmony, drone, hiss

_WITHOUT_NOTES = 0.07
"""Share of bands that hiss and drone only. By hand."""


class Band:
    """Plays accompaniment on the instruments of a backing folder: see `play`.

    Parameters
    ----------
    backing : Path
        The folder.
    cache : Path
        The folder of rendered instruments.
    """

    def __init__(self, backing: Path, cache: Path) -> None:
        self._instruments = read_instruments(backing, cache)

    def play(self, score: Score, rng: np.random.Generator, seconds: float) -> np.ndarray:
        """Accompany a score with a random line-up of parts.

        Parameters
        ----------
        score : Score
            The drum part.
        rng : np.random.Generator
            Source of randomness.
        seconds : float
            Length.

        Returns
        -------
        np.ndarray
            ``(seconds * RATE,) float32``, RMS about 0.1.
        """
        out = np.zeros(int(seconds * RATE), np.float32)
        if rng.random() < 0.12:
            return self._recording(rng, len(out))
        line_up = {
            "bass": (0.85, self._bass),
            "chords": (0.7, self._chords),
            "strums": (0.2, self._strum),
            "acoustic guitar": (0.3, self._acoustic_guitar),
            "riff": (0.45, self._riff),
            "lead": (0.35, self._lead),
            "voice": (0.45, self._voice),
            "hiss": (0.1, hiss),
            "drone": (0.05, drone),
        }
        if rng.random() < _WITHOUT_NOTES:
            line_up = {"hiss": (1.0, hiss), "drone": (0.5, drone)}
        harmony = _harmony(rng, int(seconds / (score.beat * score.beats_per_bar)) + 2)
        for name, (chance, play) in line_up.items():
            if rng.random() < chance:
                part = play(score, harmony, rng, len(out))
                if rng.random() < 0.6:
                    part = equalise(part, RATE, *_tone(rng))
                loudness = rms(part)
                level_db = rng.uniform(-9.0, 3.0) + (rng.uniform(0.0, 6.0) if name == "voice" else 0.0)
                if loudness > 0.0:
                    out += part * np.float32(0.1 / loudness * 10.0 ** (level_db / 20.0))
        if rng.random() < 0.4:
            out = reverberate(out, RATE, rng, rng.uniform(0.2, 1.5), rng.uniform(-25.0, -6.0), rng.uniform(0.2, 0.8))
        return out

    def _recording(self, rng: np.random.Generator, length: int) -> np.ndarray:
        sources = self._instruments.recordings
        of_one = sources[str(rng.choice(sorted(sources)))]  # the source first: some have many files
        source = of_one[rng.integers(len(of_one))]
        start = int(rng.integers(len(source)))
        return np.resize(np.roll(source, -start), length).astype(np.float32)

    def noises(self, rng: np.random.Generator, seconds: float) -> np.ndarray:
        """Make a few sounds of dropped, struck and rattled things at random moments.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        seconds : float
            Length.

        Returns
        -------
        np.ndarray
            ``(seconds * RATE,) float32``, peak 1.
        """
        out = np.zeros(int(seconds * RATE), np.float32)
        for _ in range(int(rng.integers(1, 8)) if self._instruments.noises else 0):
            noise = self._instruments.noises[rng.integers(len(self._instruments.noises))]
            if rng.random() < 0.5:
                noise = change_pitch(noise, 2.0 ** (rng.normal(0.0, 3.0) / 12.0))
            _add(out, noise, rng.uniform(0.0, seconds), 10.0 ** (rng.uniform(-20.0, 0.0) / 20.0))
        return out / max(1e-6, float(np.max(np.abs(out))))

    def room(self, rng: np.random.Generator) -> np.ndarray | None:
        """Draw the impulse response of a room; None if there are none."""
        rooms = self._instruments.rooms
        return rooms[rng.integers(len(rooms))] if rooms else None

    def _bank(self, parts: tuple[str, ...], rng: np.random.Generator) -> Bank:
        banks = [bank for part in parts for bank in self._instruments.banks.get(part, [])]
        return banks[rng.integers(len(banks))]

    def _bass(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
        bank = self._bank(("bass",), rng)
        out = np.zeros(length, np.float32)
        kicks = [t for t, role in zip(score.times, score.roles, strict=True) if role == "kick"]
        with_kick = bool(kicks) and rng.random() < 0.4
        for start, seconds, bar in _from_times(kicks, score) if with_kick else _rhythm(score, rng, length):
            chord = harmony[bar % len(harmony)]
            pitch = 28 + (chord[0] - 28) % 12 + (rng.choice([0, 0, 0, 7, 12]))
            _add(out, bank.note(pitch, seconds), start + rng.normal(0.0, 0.006), rng.uniform(0.5, 1.0))
        return saturate(out, rng.uniform(1.0, 6.0)) if rng.random() < 0.3 else out

    def _chords(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
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

    def _strum(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
        del harmony
        out = np.zeros(length, np.float32)
        strums = [self._instruments.strums[i] for i in rng.integers(0, len(self._instruments.strums), 4)]
        for start, seconds, bar in _rhythm(score, rng, length):
            samples = strums[(bar + int(rng.integers(2))) % 4][: int(seconds * RATE)].copy()
            fade = min(len(samples), 2000)
            samples[len(samples) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
            _add(out, samples, start + rng.normal(0.0, 0.006), rng.uniform(0.4, 1.0))
        return out

    def _acoustic_guitar(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
        """Strum chords: string after string, down and up, each with the noise of the plectrum."""
        bank = self._bank(("guitar", "chords"), rng)
        out = np.zeros(length, np.float32)
        spread, noise = rng.uniform(0.003, 0.02), 10.0 ** (rng.uniform(-30.0, -6.0) / 20.0)
        colour = 3000.0 * 2.0 ** rng.uniform(0.0, 1.5)
        for i, (start, seconds, bar) in enumerate(_rhythm(score, rng, length, (1.0, 2.0, 2.0, 4.0))):
            chord = harmony[bar % len(harmony)]
            strings = [*chord, *(pitch + 12 for pitch in chord)][:: -1 if i % 2 else 1]
            gain = rng.uniform(0.3, 1.0) * (0.7 if i % 2 else 1.0)
            muted = rng.random() < 0.15
            start += rng.normal(0.0, 0.006)
            for string, pitch in enumerate(strings):
                at = start + string * spread / len(strings)
                _add(out, bank.note(pitch, 0.05 if muted else seconds), at, gain)
                _add(out, _plectrum(colour, rng), at, gain * noise)
        return out

    def _riff(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
        """Play power chords or single notes of a guitar, distorted, through the response of a loudspeaker."""
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

    def _lead(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
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

    def _voice(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
        """Speak words or sing syllables: one voice, doubled voices, or a choir of syllables."""
        manner = rng.choice(["lines", "words", "sung"] if self._instruments.voices else ["sung"])
        sing = {"lines": self._lines, "words": self._words, "sung": self._sung}[manner]
        lead = sing(score, harmony, rng, length)
        voice = lead.copy()
        for _ in range(rng.choice([0, 0, 1, 2])):
            other = (
                sing(score, harmony, rng, length)
                if manner == "sung"
                else np.roll(lead, int(RATE * rng.uniform(0.005, 0.03)))
            )
            voice += other * np.float32(rng.uniform(0.4, 1.0))
        if rng.random() < 0.5 and voice.any():  # close to the microphone: every consonant stands out
            frequencies, gains = (
                np.array([100.0, 2000.0, 6000.0, 12000.0]),
                np.array([-3.0, 0.0, *rng.uniform(0.0, 9.0, 2)]),
            )
            voice = equalise(voice / np.max(np.abs(voice)), RATE, frequencies, gains)
            voice = compress(voice, RATE, -30.0, 6.0, 0.003, 0.08)
        return voice

    def _lines(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
        out = np.zeros(length, np.float32)
        bar = score.beat * score.beats_per_bar
        at = rng.uniform(-1.0, 1.0) * bar
        while at * RATE < length:
            line = self._instruments.voices[rng.integers(len(self._instruments.voices))]
            line = change_pitch(line, 2.0 ** (rng.uniform(-4.0, 6.0) / 12.0))
            _add(out, line, max(0.0, at + rng.normal(0.0, 0.03)), rng.uniform(0.6, 1.0))
            more = rng.integers(0, max(1, int(score.beats_per_bar)))
            beats = np.ceil(len(line) / RATE / score.beat) + more
            at += beats * score.beat
        return out

    def _words(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
        out = np.zeros(length, np.float32)
        for start, _, _ in _rhythm(score, rng, length):
            if rng.random() < 0.4:
                source = self._instruments.voices[rng.integers(len(self._instruments.voices))]
                offset = int(rng.integers(max(1, len(source) - RATE)))
                _add(out, source[offset : offset + int(RATE * rng.uniform(0.3, 2.0))], start, rng.uniform(0.5, 1.0))
        return out

    def _sung(self, score: Score, harmony: Harmony, rng: np.random.Generator, length: int) -> np.ndarray:
        out = np.zeros(length, np.float32)
        pitch = 60
        for start, seconds, bar in _rhythm(score, rng, length):
            if rng.random() < 0.3:
                continue
            tones = [tone + octave for tone in harmony[bar % len(harmony)] for octave in (-12, 0, 12)]
            pitch = int(min(tones, key=lambda tone: abs(tone - pitch - rng.normal(0.0, 3.0))))
            _add(out, sing(pitch, min(seconds, 1.5), rng), start + rng.normal(0.0, 0.02), rng.uniform(0.5, 1.0))
        return out


def _tone(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw a response for `equalise`: a tilt, often towards the bright, as parts are mixed to be audible."""
    frequencies, gains = random_curve(rng, 2.5)
    tilt = rng.uniform(-6.0, 12.0)
    return frequencies, gains + tilt * np.clip(np.log2(frequencies / 1500.0) / 2.0, 0.0, 1.0)


def _plectrum(colour: float, rng: np.random.Generator) -> np.ndarray:
    """Make a scrape of a few milliseconds, brightest above `colour` Hz."""
    length = int(RATE * rng.uniform(0.002, 0.015))
    noise = np.diff(rng.standard_normal(length + 1)) * np.hanning(length)
    tone = np.sin(2 * np.pi * colour / RATE * np.arange(length))
    return (noise * (0.4 + tone)).astype(np.float32)


def _add(out: np.ndarray, samples: np.ndarray, start: float, gain: float) -> None:
    first = max(0, int(start * RATE))
    part = samples[: max(0, len(out) - first)]
    out[first : first + len(part)] += part * np.float32(gain)


def _harmony(rng: np.random.Generator, bars: int) -> list[tuple[int, ...]]:
    """Draw a chord (MIDI notes) for each bar: a diatonic progression in a random key, repeated every few bars."""
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.6 else [0, 2, 3, 5, 7, 8, 10])
    key = int(rng.integers(48, 60))
    roots = rng.choice([0, 0, 3, 4, 5, 1], int(rng.choice([1, 2, 4, 8])))
    size = int(rng.choice([3, 3, 4]))
    chords = [tuple(int(key + scale[(r + 2 * i) % 7] + 12 * ((r + 2 * i) // 7)) for i in range(size)) for r in roots]
    return [chords[bar % len(chords)] for bar in range(bars)]


_PARTS_OF_BEAT = (0.25, 0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 4.0)


def _rhythm(
    score: Score, rng: np.random.Generator, length: int, steps_per_beat: tuple[float, ...] = _PARTS_OF_BEAT
) -> list[tuple[float, float, int]]:
    """Draw start, duration (seconds) and bar of the notes of a part: a rhythm of a bar or two, repeated."""
    step = score.beat / float(rng.choice(steps_per_beat))
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
