"""Simulated beatboxers: players who make a kick, a hi-hat and one to three snares with their mouths, one at a time.

No recording is in them: strokes are noise and falling tones, shaped as those of lips, tongue and breath are, and differ
from one to the next; breath and the release of lips sound softly between them. Each take is another day: tempo, room,
tone, noise and level differ, and only some of the player's snares and hi-hats are in most of its bars, which are not
quite the same. All ranges are by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from drumscribe.synthesis.augmentation import AUGMENTATIONS, AugmentSettings, Range, augment_sound
from drumscribe.synthesis.effects import equalise, random_curve

RATE = 44100
_DAY = AugmentSettings(
    equalise=Range(1.0, 1.0, 5.0),
    low_pass=Range(0.4, 4000.0, 14000.0),
    compress=Range(0.2, -20.0, -6.0),
    room=Range(0.6, -30.0, -10.0),
    noise=Range(1.0, 25.0, 55.0),
    gain=Range(1.0, -18.0, 0.0),
).without(*(name for name in AUGMENTATIONS if name in ("high_pass", "saturate", "codec")))
_SOUNDS = ("kick", "snare", "hihat")
_ALTERED_SHARE = 0.1
"""Share of the steps at which a bar differs from the others."""

Voice = Callable[[np.random.Generator], np.ndarray]
"""Makes a stroke: ``(samples,) float32`` with a peak of 1."""


def _noise(
    rng: np.random.Generator, seconds: float, low: float, high: float, decay: float, attack: float
) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    spectrum = np.fft.rfft(rng.standard_normal(len(t)))
    hz = np.fft.rfftfreq(len(t), 1 / RATE)
    with np.errstate(divide="ignore"):
        gain = 1.0 / (1.0 + (low / np.maximum(hz, 1.0)) ** 4) / (1.0 + (hz / high) ** 4)
    sound = np.fft.irfft(spectrum * gain, len(t)) * np.minimum(1.0, t / attack) * np.exp(-t / decay)
    return sound / max(float(np.abs(sound).max()), 1e-9)


def _thump(rng: np.random.Generator, seconds: float, hz: float, fall: float, decay: float) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    pitch = hz * (1.0 + fall * np.exp(-t / 0.02))
    return (
        np.sin(2 * np.pi * np.cumsum(pitch) / RATE + rng.uniform(0, 1))
        * np.minimum(1.0, t / 0.002)
        * np.exp(-t / decay)
    )


def _mix(*parts: tuple[float, np.ndarray]) -> np.ndarray:
    out = np.zeros(max(len(part) for _, part in parts))
    for gain, part in parts:
        out[: len(part)] += gain * part
    return out


def make_voice(sound: str, rng: np.random.Generator) -> Voice:
    """A sound of a player's own."""
    tone = random_curve(rng, 4.0)
    hz, fall, body = rng.uniform(50, 150), rng.uniform(0.3, 2.0), rng.uniform(0.03, 0.12)
    if sound == "kick":
        low, high, decay, attack = 100.0, np.exp(rng.uniform(np.log(300), np.log(6000))), rng.uniform(0.01, 0.08), 0.001
        share = rng.uniform(0.2, 0.9)
    elif sound == "snare":
        low = np.exp(rng.uniform(np.log(300), np.log(3000)))
        high, decay, attack = low * rng.uniform(2, 8), rng.uniform(0.02, 0.15), rng.uniform(0.001, 0.008)
        share = rng.uniform(0.0, 0.6) if rng.random() < 0.6 else 0.0
    else:
        low = np.exp(rng.uniform(np.log(1200), np.log(6000)))
        high, decay, attack = rng.uniform(5000, 15000), rng.uniform(0.012, 0.12), rng.uniform(0.001, 0.006)
        share = rng.uniform(0.0, 0.5) if rng.random() < 0.6 else 0.0
    looseness = rng.uniform(1.0, 2.5)

    def stroke(rng: np.random.Generator) -> np.ndarray:
        bend = np.exp(rng.normal(0.0, 0.06 * looseness))
        long = np.exp(rng.normal(0.0, 0.2 * looseness))
        burst = _noise(rng, 0.5, low * bend, high * bend, decay * long, attack)
        low_part = _thump(rng, 0.4, hz * bend, fall, body * long)
        part = float(np.clip(share * np.exp(rng.normal(0, 0.25 * looseness)), 0, 1))
        out = equalise(_mix((1.0 - part, burst), (part, low_part)).astype(np.float32), RATE, *tone)
        out = equalise(out, RATE, *random_curve(rng, 2.0 * looseness))
        return (out / max(float(np.abs(out).max()), 1e-9)).astype(np.float32)

    return stroke


@dataclass(frozen=True)
class Take:
    """A performance: its sound, and its strokes as (time, sound, 1)."""

    name: str
    sound: np.ndarray
    strokes: list[tuple[float, str, float]]


class Mouth:
    """A beatboxer, drawn by a seed."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([51, seed])
        counts = {"kick": 1, "snare": int(rng.integers(1, 4)), "hihat": int(rng.integers(1, 3))}
        self._voices = {sound: [make_voice(sound, rng) for _ in range(count)] for sound, count in counts.items()}
        self._levels = {sound: rng.normal({"kick": 0, "snare": -2, "hihat": -7}[sound], 2.5) for sound in _SOUNDS}
        self._spread, self._breaths, self._releases = rng.uniform(1, 4), rng.uniform(0, 0.4), rng.uniform(0, 0.4)
        self._seed = seed

    def take(self, number: int, bars: int = 4) -> Take:
        """One of the player's takes."""
        rng = np.random.default_rng([52, self._seed, number])
        step = 60.0 / rng.uniform(85, 175) / 2.0
        out = np.zeros(int((bars * 8 * step + 0.8) * RATE), np.float32)
        bar = self._bar(rng)
        strokes = []
        for place in range(bars * 8):
            sound, variant = (bar if rng.random() > _ALTERED_SHARE else self._bar(rng))[place % 8]
            at = 0.2 + place * step + rng.normal(0, 0.008)
            if sound is not None:
                voice = self._voices[sound][variant]
                self._put(out, at, voice(rng), self._levels[sound] + rng.normal(0, self._spread))
                strokes.append((at, sound, 1.0))
                if rng.random() < self._releases:
                    click = _noise(rng, 0.1, 300.0, 4000.0, 0.008, 0.001)
                    self._put(out, at + rng.uniform(0.06, 0.15), click, rng.uniform(-25, -8))
            if rng.random() < self._breaths:
                breath = _noise(
                    rng, 0.5, 400.0, rng.uniform(2000, 8000), rng.uniform(0.05, 0.15), rng.uniform(0.01, 0.06)
                )
                self._put(out, at + rng.uniform(0.3, 0.7) * step, breath, rng.uniform(-25, -5))
        out = augment_sound(0.5 * out, RATE, rng, _DAY)
        return Take(f"mouth {self._seed} take {number}", out.astype(np.float32), strokes)

    def _bar(self, rng: np.random.Generator) -> list[tuple[str | None, int]]:
        bar: list[tuple[str | None, int]] = []
        used = {
            sound: rng.permutation(len(own))[: rng.integers(1, len(own) + 1)] for sound, own in self._voices.items()
        }
        for place in range(8):
            chances = {0: (0.9, 0.0, 0.1), 4: (0.0, 0.9, 0.1)}.get(place % 8, (0.2, 0.2, 0.6))
            sound = _SOUNDS[rng.choice(3, p=chances)]
            bar.append((sound if place % 4 == 0 or rng.random() < 0.75 else None, int(rng.choice(used[sound]))))
        for place, sound in enumerate(_SOUNDS):  # all of them are played
            if sound not in [name for name, _ in bar]:
                bar[1 + 2 * place] = sound, int(used[sound][0])
        return bar

    def _put(self, out: np.ndarray, at: float, sound: np.ndarray, level: float) -> None:
        first = max(0, round(at * RATE))
        part = out[first : first + len(sound)]
        part += (sound[: len(part)] * 10.0 ** (level / 20.0)).astype(np.float32)
