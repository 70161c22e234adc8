"""Kits for one clip: pieces of recorded kits, mixed, retuned, reshaped and balanced at random."""

from dataclasses import dataclass

import numpy as np

from drumscribe.drums import ARTICULATION_BY_NAME
from drumscribe.synthesis import (
    OneShot,
    change_pitch,
    coloured_noise,
    equalise,
    place,
    random_curve,
    saturate,
    shorten,
)

from ..data.sources import PERCUSSION, RATE, Piece

# Level of a stroke of full velocity, dB of peak against a kick's, and how far kits differ (standard deviation).
_LEVELS = {
    "kick": (0.0, 3.0),
    "snare": (-1.0, 3.0),
    "rimshot": (0.0, 3.0),
    "side_stick": (-7.0, 3.0),
    "hihat_closed": (-14.0, 2.0),
    "hihat_open": (-11.0, 2.0),
    "hihat_pedal": (-17.0, 3.0),
    "tom_low": (-2.0, 3.0),
    "tom_mid": (-2.0, 3.0),
    "tom_high": (-3.0, 3.0),
    "crash": (-7.0, 3.0),
    "ride": (-14.0, 4.0),
    "ride_bell": (-11.0, 4.0),
    "clap": (-4.0, 4.0),
    PERCUSSION: (-9.0, 5.0),
}
_TOM_PITCHES = {"tom_low": (60.0, 105.0), "tom_mid": (95.0, 150.0), "tom_high": (135.0, 240.0)}
_VOICES = ("tambourine", "tambourine", "shaker", "noise_clap")
_HYBRIDS = {"hihat": 0.4, "cymbal": 0.4}
"""How often a piece is layered with another of its role; 0.2 for the rest. Recorded cymbals are few."""


@dataclass(frozen=True)
class Drum:
    """A piece as one clip hears it.

    Attributes
    ----------
    layers : loudness order of each stroke, 0 to 1, or None where one stroke serves all loudnesses.
    strokes : the processed recordings; where `layers` is None: soft, medium and hard versions of the same.
    gain : linear gain of a stroke of full velocity.
    curve : exponent from velocity (0 to 1) to gain.
    """

    layers: np.ndarray | None
    strokes: tuple[OneShot, ...]
    gain: float
    curve: float

    def stroke(self, velocity: float, rng: np.random.Generator) -> tuple[OneShot, float]:
        """The recording and the linear gain for a stroke of `velocity` (0 to 1)."""
        gain = self.gain * velocity**self.curve * 10.0 ** (rng.normal(0.0, 0.6) / 20.0)
        if self.layers is None:
            return self.strokes[min(2, int(velocity * 3.0))], gain
        nearest = np.argsort(np.abs(self.layers - velocity - rng.normal(0.0, 0.06)), kind="stable")[:2]
        return self.strokes[int(rng.choice(nearest))], gain


def synthetic_percussion(voice: str, rng: np.random.Generator) -> OneShot:
    """A tambourine (noise and ringing jingles), a shaker (a swelling noise) or a noise clap, of random character."""
    ring = float(np.exp(rng.uniform(np.log(0.03), np.log(0.4)))) if voice == "tambourine" else 0.0
    length = int(RATE * (rng.uniform(0.12, 0.35) + 2.5 * ring))
    time = np.arange(length) / RATE
    noise = coloured_noise(rng, length, 0.0)
    if voice == "tambourine":
        partials = rng.uniform(3500, 14000, 12)
        decays = ring * rng.uniform(0.3, 1.0, 12)
        bounces = np.concatenate([[0.0], np.cumsum(rng.exponential(0.02, int(rng.integers(0, 4))))])
        jingles = np.zeros(length)
        for bounce in bounces:  # the jingles strike each other again
            since = time - bounce
            ringing = np.sin(2 * np.pi * partials[:, None] * since + rng.uniform(0, 6, (12, 1)))
            ringing *= np.exp(-np.maximum(0.0, since) / decays[:, None]) * (since >= 0.0)
            jingles += ringing.sum(axis=0) * (1.0 if bounce == 0.0 else rng.uniform(0.2, 0.8))
        sound = jingles / 4 + noise * np.exp(-time / rng.uniform(0.01, 0.05)) * rng.uniform(0.3, 1.5)
        low, high, attack = rng.uniform(2500, 6000), 16000.0, 0.0005
    elif voice == "shaker":
        attack = rng.uniform(0.004, 0.05)
        sound = noise * np.exp(-np.maximum(0.0, time - attack) / rng.uniform(0.01, 0.05))
        low, high = rng.uniform(1500, 6000), rng.uniform(9000, 16000)
    else:
        bursts = sum(np.exp(-np.maximum(0.0, time - at) / 0.004) * (time >= at) for at in (0.0, 0.011, 0.021))
        tail = 0.6 * np.exp(-np.maximum(0.0, time - 0.025) / rng.uniform(0.02, 0.08)) * (time >= 0.025)
        sound, attack = noise * (bursts + tail), 0.0005
        low, high = rng.uniform(500, 1200), rng.uniform(2500, 8000)
    sound = sound * np.minimum(1.0, time / attack)
    sound = equalise(
        sound.astype(np.float32), RATE, np.array([low / 4, low, high, high * 4]), np.array([-40, 0, 0, -40.0])
    )
    return OneShot(sound / np.max(np.abs(sound)), 0)


def _add_click(shot: OneShot, rng: np.random.Generator) -> OneShot:
    """The stroke with the snap of a beater on its attack: a few milliseconds of bright noise."""
    length = int(RATE * rng.uniform(0.002, 0.012))
    click = np.diff(rng.standard_normal(length + 1)) * np.exp(-np.arange(length) / (0.3 * length))
    samples = shot.samples.copy()
    room = samples[shot.onset : shot.onset + length]
    room += (click[: len(room)] * 10.0 ** (rng.uniform(-26.0, -6.0) / 20.0)).astype(np.float32)
    return OneShot(samples / np.max(np.abs(samples)), shot.onset)


def _reshape(shot: OneShot, ratio: float, decay: float | None, curve, drive: float) -> OneShot:
    samples, onset = shot.samples, shot.onset
    if abs(ratio - 1.0) > 0.01:
        samples, onset = change_pitch(samples, ratio), round(onset / ratio)
    if decay is not None:
        samples = shorten(samples, decay * RATE, onset)
    if curve is not None:
        samples = equalise(samples, RATE, *curve)
    if drive > 1.0:
        samples = saturate(samples, drive)
    peak = np.max(np.abs(samples), initial=1e-9)
    return OneShot((samples / peak).astype(np.float32), onset)


def _layered(shot: OneShot, other: OneShot, gain: float) -> OneShot:
    """Two strokes at once, as one."""
    samples = np.zeros(max(len(shot.samples), shot.onset + len(other.samples) - other.onset), np.float32)
    samples[: len(shot.samples)] = shot.samples
    place(samples, other, shot.onset, gain)
    return OneShot(samples / np.max(np.abs(samples), initial=1e-9), shot.onset)


class KitMaker:
    """Makes kits out of pieces: see `make`."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._by_role: dict[str, dict[str, dict[str, list[Piece]]]] = {}
        for piece in pieces:
            families = self._by_role.setdefault(piece.role, {})
            families.setdefault(piece.family, {}).setdefault(piece.kit, []).append(piece)
        self._bases = {
            electronic: sorted(
                {
                    (piece.family, piece.kit)
                    for piece in pieces
                    if piece.electronic == electronic and piece.role in ("kick", "snare", "hihat_closed")
                }
            )
            for electronic in (False, True)
        }

    def _choose(self, role: str, base: tuple[str, str], electronic: bool, mix: float, rng) -> Piece:
        families = self._by_role[role]
        family, kit = base
        if rng.random() > mix and family in families:
            pieces = families[family].get(kit) or families[family][str(rng.choice(sorted(families[family])))]
            return pieces[rng.integers(len(pieces))]
        for _ in range(6):  # prefer the kind asked for; sounds of the other kind when there are few
            kits = families[str(rng.choice(sorted(families)))]
            pieces = kits[str(rng.choice(sorted(kits)))]
            piece = pieces[rng.integers(len(pieces))]
            if piece.electronic == electronic:
                break
        return piece

    def make(self, rng: np.random.Generator, electronic: bool, plain: bool = False) -> dict[str, Drum]:
        """A drum for every articulation, and for ``clap`` and ``percussion``.

        Parameters
        ----------
        electronic : whether to start from a drum machine.
        plain : the pieces of one kit as they were recorded, where it has them (for validation).
        """
        families = sorted({family for family, _ in self._bases[electronic]})
        family = str(rng.choice(families))
        kits = [kit for kit in self._bases[electronic] if kit[0] == family]
        base = kits[rng.integers(len(kits))]
        mix = 0.0 if plain else float(rng.choice([0.15, 0.4, 0.8]))
        curve = rng.uniform(0.9, 2.2)
        curves = {"snare": curve + rng.uniform(0.0, 0.7)}  # ghost notes are softer still
        shared = {"hihat": rng.normal(0.0, 4.0), "cymbal": rng.normal(0.0, 3.0), "tom": rng.normal(0.0, 2.0)}
        dull_hats = rng.uniform(3.0, 16.0) if rng.random() < 0.4 and not plain else 0.0
        hat_ratio = 2.0 ** (rng.normal(0.0, 2.0) / 12.0)
        loose_hats = not plain and rng.random() < 0.2
        clicks = not plain and rng.random() < 0.2
        kit = {}
        for role in (*ARTICULATION_BY_NAME, "clap", PERCUSSION):
            instrument = ARTICULATION_BY_NAME[role].instrument if role in ARTICULATION_BY_NAME else role
            level, spread = _LEVELS[role]
            gain_db = level + rng.normal(0.0, spread) * (0.5 if plain else 1.0) + shared.get(instrument, 0.0)
            piece_role = "tom" if instrument == "tom" else role
            if loose_hats and role == "hihat_closed":  # not quite shut: an open hat that soon dies away
                piece_role = "hihat_open"
            piece = self._choose(piece_role, base, electronic, mix, rng)
            ratio = 1.0
            if role in _TOM_PITCHES:
                target = rng.uniform(*_TOM_PITCHES[role])
                kin = [p for p in self._by_role["tom"][piece.family][piece.kit]]
                piece = min(kin, key=lambda p: abs(np.log(p.pitch / target)))
                ratio = float(np.clip(target / piece.pitch, 0.6, 1.7))
            elif not plain:
                ratio = hat_ratio if instrument == "hihat" else 2.0 ** (rng.normal(0.0, 2.0) / 12.0)
            decay = rng.uniform(0.08, 0.8) if not plain and rng.random() < 0.3 else None
            if decay is not None and role in ("crash", "ride", "hihat_open"):
                decay += 0.5
            if loose_hats and role == "hihat_closed":
                decay = rng.uniform(0.1, 0.45)
            shape = None if plain else random_curve(rng, 3.0)
            if instrument == "hihat" and dull_hats:
                shape = np.array([300.0, 3000.0, 9000.0, 15000.0]), np.array([0.0, 0.0, -dull_hats, -1.6 * dull_hats])
            drive = 1.0
            if not plain and rng.random() < (0.35 if electronic else 0.12):
                drive = float(np.exp(rng.uniform(0.0, np.log(25.0 if role == "kick" and electronic else 5.0))))
            if role == PERCUSSION and not plain and rng.random() < 0.5:
                strokes: tuple[OneShot, ...] = (synthetic_percussion(str(rng.choice(_VOICES)), rng),)
                layers = np.ones(1)
            else:
                take = (
                    np.unique(rng.integers(0, len(piece.strokes), 5))
                    if len(piece.strokes) > 5
                    else range(len(piece.strokes))
                )
                strokes = tuple(_reshape(piece.strokes[i], ratio, decay, shape, drive) for i in take)
                if not plain and rng.random() < _HYBRIDS.get(instrument, 0.2):
                    kin = self._choose(piece_role, base, electronic, 1.0, rng).strokes
                    other = _reshape(
                        kin[rng.integers(len(kin))], ratio * 2.0 ** (rng.normal(0.0, 4.0) / 12.0), decay, shape, 1.0
                    )
                    strokes = tuple(
                        _layered(stroke, other, 10.0 ** (rng.uniform(-14.0, 0.0) / 20.0)) for stroke in strokes
                    )
                if clicks and role == "kick":
                    strokes = tuple(_add_click(stroke, rng) for stroke in strokes)
                layers = piece.layers[list(take)]
            gain = 10.0 ** (gain_db / 20.0)
            exponent = max(0.6, curves.get(instrument, curve) + rng.normal(0.0, 0.2))
            if len(np.unique(layers)) < 3:
                kit[role] = Drum(None, _soften(strokes[int(rng.integers(len(strokes)))]), gain, exponent)
            else:
                kit[role] = Drum(layers, strokes, gain, exponent)
        return kit


def _soften(shot: OneShot) -> tuple[OneShot, OneShot, OneShot]:
    frequencies = np.array([200.0, 1500.0, 6000.0, 14000.0])
    soft = equalise(shot.samples, RATE, frequencies, np.array([0.0, -3.0, -9.0, -14.0]))
    medium = equalise(shot.samples, RATE, frequencies, np.array([0.0, -1.0, -3.5, -5.0]))
    versions = [samples / np.max(np.abs(samples), initial=1e-9) for samples in (soft, medium)]
    return OneShot(versions[0], shot.onset), OneShot(versions[1], shot.onset), shot
