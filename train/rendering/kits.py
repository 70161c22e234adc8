"""Kits for one clip: pieces of recorded kits, mixed, retuned, reshaped and balanced at random."""

from dataclasses import dataclass

import numpy as np

from drumscribe.music.drums import ARTICULATION_BY_NAME, ARTICULATIONS
from drumscribe.synthesis.effects import random_curve
from drumscribe.synthesis.one_shots import OneShot

from ..data.sources import PERCUSSION, Piece
from .reshaping import add_click, layered, reshape, slow_down, soften, synthetic_percussion

_LEVELS_DB = {a.name: a.level_db for a in ARTICULATIONS} | {"clap": -4.0, PERCUSSION: -9.0}
"""Peak of a stroke of full velocity, relative to a kick's."""
_SPREADS_DB = {"hihat_closed": 2.0, "hihat_open": 2.0, "ride": 4.0, "ride_bell": 4.0, "clap": 4.0, PERCUSSION: 5.0}
"""Standard deviation of these levels between kits; 3 dB for the rest. By hand."""
_TOM_PITCHES = {"tom_low": (60.0, 105.0), "tom_mid": (95.0, 150.0), "tom_high": (135.0, 240.0)}
"""Lowest and highest pitch in Hz. By hand."""
_VOICES = ("tambourine", "tambourine", "shaker", "noise_clap")
_MOST_STROKES = 64
"""A family with more strokes than this is drawn no more often."""
_HYBRIDS = {"hihat": 0.4, "cymbal": 0.4}
"""Probability that a piece is layered with another of its role; 0.2 for the rest: recorded cymbals are few. By hand."""
_TOPS = {False: 0.12, True: 0.3}
"""Probability that the kick, or the snare, of an acoustic kit and of a drum machine has a short hihat in its sound, as
producers layer it: it is no stroke of the hihat. By hand."""
_SLOW_HATS = 0.15
"""Probability that the hihats of a drum machine rise as slowly as a shaker. By hand."""


@dataclass(frozen=True)
class Drum:
    """A piece as it sounds in one clip.

    Attributes
    ----------
    layers : np.ndarray | None
        Loudness order of each stroke, 0 to 1, or None if one stroke serves all loudnesses.
    strokes : tuple[OneShot, ...]
        The processed recordings; without `layers`, soft, medium and hard versions of the same.
    gain : float
        Linear gain of a stroke of full velocity.
    curve : float
        Exponent from velocity (0 to 1) to gain.
    """

    layers: np.ndarray | None
    strokes: tuple[OneShot, ...]
    gain: float
    curve: float

    def stroke(self, velocity: float, rng: np.random.Generator) -> tuple[OneShot, float]:
        """Choose the recording and the linear gain of a stroke.

        Parameters
        ----------
        velocity : float
            From 0 to 1.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        tuple[OneShot, float]
            The recording and its gain.
        """
        gain = self.gain * velocity**self.curve * 10.0 ** (rng.normal(0.0, 0.6) / 20.0)
        if self.layers is None:
            return self.strokes[min(2, int(velocity * 3.0))], gain
        nearest = np.argsort(np.abs(self.layers - velocity - rng.normal(0.0, 0.06)), kind="stable")[:2]
        return self.strokes[int(rng.choice(nearest))], gain


def _strokes_in(kits: dict[str, list[Piece]]) -> int:
    return sum(len(piece.strokes) for pieces in kits.values() for piece in pieces)


def _by_weight(strokes: dict[str, int], rng: np.random.Generator) -> str:
    """Draw a family by the square root of its number of strokes, so that many small ones do not outweigh a deep one."""
    names = sorted(strokes)
    weights = np.sqrt([min(strokes[name], _MOST_STROKES) for name in names])
    return str(rng.choice(names, p=weights / weights.sum()))


@dataclass(frozen=True)
class KitDraw:
    """What the drums of a kit have in common, drawn before any of them.

    Attributes
    ----------
    base : tuple[str, str]
        Family and kit that most pieces come from.
    electronic : bool
        Whether that is a drum machine.
    plain : bool
        Whether pieces are as they were recorded.
    mix : float
        Share of pieces from elsewhere.
    curve, snare_curve : float
        Mean exponents from velocity to gain; ghost notes are softer still.
    shared_db : dict[str, float]
        Level of an instrument, besides those of its articulations.
    dull_hats_db : float
        Attenuation of the highs of hihats.
    hat_ratio : float
        Factor of the pitch of hihats.
    loose_hats : bool
        Whether closed hihats are open ones that soon die away.
    clicks : bool
        Whether kicks have the click of a beater.
    tops : frozenset[str]
        Which of kick and snare have a short hihat in their sound.
    hat_rise : float
        Seconds in which hihats rise, 0 to leave them.
    """

    base: tuple[str, str]
    electronic: bool
    plain: bool
    mix: float
    curve: float
    snare_curve: float
    shared_db: dict[str, float]
    dull_hats_db: float
    hat_ratio: float
    loose_hats: bool
    clicks: bool
    tops: frozenset[str]
    hat_rise: float

    def tightens(self, role: str) -> bool:
        """Return whether a role is a closed hihat that is not quite shut."""
        return self.loose_hats and role == "hihat_closed"


class KitMaker:
    """Makes kits out of pieces: see `make`.

    Parameters
    ----------
    pieces : list[Piece]
        All pieces of a split.
    """

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
        self._base_strokes: dict[bool, dict[str, int]] = {False: {}, True: {}}
        for piece in pieces:
            if piece.role in ("kick", "snare", "hihat_closed"):
                of_kind = self._base_strokes[piece.electronic]
                of_kind[piece.family] = of_kind.get(piece.family, 0) + len(piece.strokes)

    def _choose(
        self, role: str, base: tuple[str, str], electronic: bool, mix: float, rng: np.random.Generator
    ) -> Piece:
        families = self._by_role[role]
        family, kit = base
        if rng.random() > mix and family in families:
            pieces = families[family].get(kit) or families[family][str(rng.choice(sorted(families[family])))]
            return pieces[rng.integers(len(pieces))]
        for _ in range(6):  # prefer the kind asked for; sounds of the other kind when there are few
            kits = families[_by_weight({name: _strokes_in(of_one) for name, of_one in families.items()}, rng)]
            pieces = kits[str(rng.choice(sorted(kits)))]
            piece = pieces[rng.integers(len(pieces))]
            if piece.electronic == electronic:
                break
        return piece

    def make(self, rng: np.random.Generator, electronic: bool, plain: bool = False) -> dict[str, Drum]:
        """Draw a drum for every articulation, and for ``clap`` and ``percussion``.

        Parameters
        ----------
        rng : np.random.Generator
            Source of randomness.
        electronic : bool
            Whether to start from a drum machine.
        plain : bool, default False
            Whether to take the pieces of one kit as they were recorded, if it has them (for validation).

        Returns
        -------
        dict[str, Drum]
            By role.
        """
        draw = self._draw(rng, electronic, plain)
        return {role: self._drum_of(role, draw, rng) for role in (*ARTICULATION_BY_NAME, "clap", PERCUSSION)}

    def _draw(self, rng: np.random.Generator, electronic: bool, plain: bool) -> KitDraw:
        family = _by_weight(self._base_strokes[electronic], rng)
        kits = [kit for kit in self._bases[electronic] if kit[0] == family]
        base = kits[rng.integers(len(kits))]
        mix = 0.0 if plain else float(rng.choice([0.15, 0.4, 0.8]))
        curve = rng.uniform(0.9, 2.2)
        return KitDraw(
            base=base,
            electronic=electronic,
            plain=plain,
            mix=mix,
            curve=curve,
            snare_curve=curve + rng.uniform(0.0, 0.7),
            shared_db={"hihat": rng.normal(0.0, 4.0), "cymbal": rng.normal(0.0, 3.0), "tom": rng.normal(0.0, 2.0)},
            dull_hats_db=rng.uniform(3.0, 16.0) if rng.random() < 0.4 and not plain else 0.0,
            hat_ratio=2.0 ** (rng.normal(0.0, 2.0) / 12.0),
            loose_hats=not plain and rng.random() < 0.2,
            clicks=not plain and rng.random() < 0.2,
            tops=frozenset(role for role in ("kick", "snare") if not plain and rng.random() < _TOPS[electronic]),
            hat_rise=rng.uniform(0.005, 0.03) if electronic and not plain and rng.random() < _SLOW_HATS else 0.0,
        )

    def _drum_of(self, role: str, draw: KitDraw, rng: np.random.Generator) -> Drum:
        """Draw the piece of a role, reshape it, and set its level; the order of the draws is part of a corpus."""
        instrument = ARTICULATION_BY_NAME[role].instrument if role in ARTICULATION_BY_NAME else role
        spread_db = rng.normal(0.0, _SPREADS_DB.get(role, 3.0)) * (0.5 if draw.plain else 1.0)
        gain_db = _LEVELS_DB[role] + spread_db + draw.shared_db.get(instrument, 0.0)
        piece_role = "tom" if instrument == "tom" else "hihat_open" if draw.tightens(role) else role
        piece = self._choose(piece_role, draw.base, draw.electronic, draw.mix, rng)
        piece, ratio = self._tuned(piece, role, instrument, draw, rng)
        decay = _decay(role, draw, rng)
        shape = _shape(instrument, draw, rng)
        drive = _drive(role, draw, rng)
        if role == PERCUSSION and not draw.plain and rng.random() < 0.5:
            strokes: tuple[OneShot, ...] = (synthetic_percussion(str(rng.choice(_VOICES)), rng),)
            layers = np.ones(1)
        else:
            count = len(piece.strokes)
            take = np.unique(rng.integers(0, count, 5)) if count > 5 else np.arange(count)
            strokes = tuple(reshape(piece.strokes[i], ratio, decay, shape, drive) for i in take)
            layers = piece.layers[take]
            if not draw.plain and rng.random() < _HYBRIDS.get(instrument, 0.2):
                kin = self._choose(piece_role, draw.base, draw.electronic, 1.0, rng).strokes
                other = kin[rng.integers(len(kin))]
                other = reshape(other, ratio * 2.0 ** (rng.normal(0.0, 4.0) / 12.0), decay, shape, 1.0)
                strokes = tuple(layered(stroke, other, 10.0 ** (rng.uniform(-14.0, 0.0) / 20.0)) for stroke in strokes)
            if draw.clicks and role == "kick":
                strokes = tuple(add_click(stroke, rng) for stroke in strokes)
            if instrument == "hihat" and draw.hat_rise:
                strokes = tuple(slow_down(stroke, draw.hat_rise) for stroke in strokes)
            if instrument in draw.tops:
                strokes = self._topped(strokes, draw, rng)
        curve = draw.snare_curve if instrument == "snare" else draw.curve
        gain, exponent = 10.0 ** (gain_db / 20.0), max(0.6, curve + rng.normal(0.0, 0.2))
        if len(np.unique(layers)) < 3:
            return Drum(None, soften(strokes[int(rng.integers(len(strokes)))]), gain, exponent)
        return Drum(layers, strokes, gain, exponent)

    def _topped(self, strokes: tuple[OneShot, ...], draw: KitDraw, rng: np.random.Generator) -> tuple[OneShot, ...]:
        """Layer all strokes of a drum with one and the same short hihat of another kit."""
        hats = self._choose("hihat_closed", draw.base, draw.electronic, 1.0, rng).strokes
        ratio = 2.0 ** (rng.normal(0.0, 4.0) / 12.0)
        top = reshape(hats[rng.integers(len(hats))], ratio, rng.uniform(0.02, 0.15), random_curve(rng, 6.0), 1.0)
        gain = 10.0 ** (rng.uniform(-26.0, -8.0) / 20.0)
        return tuple(layered(stroke, top, gain) for stroke in strokes)

    def _tuned(
        self, piece: Piece, role: str, instrument: str, draw: KitDraw, rng: np.random.Generator
    ) -> tuple[Piece, float]:
        """Draw the pitch of a piece: toms of a kit are exchanged for the nearest; return it and a factor of pitch."""
        if role in _TOM_PITCHES:
            target = rng.uniform(*_TOM_PITCHES[role])
            piece = min(self._by_role["tom"][piece.family][piece.kit], key=lambda p: abs(np.log(p.pitch / target)))
            return piece, float(np.clip(target / piece.pitch, 0.6, 1.7))
        if draw.plain:
            return piece, 1.0
        return piece, draw.hat_ratio if instrument == "hihat" else 2.0 ** (rng.normal(0.0, 2.0) / 12.0)


def _decay(role: str, draw: KitDraw, rng: np.random.Generator) -> float | None:
    """Draw the seconds in which a stroke is damped; None to leave its own decay."""
    decay = rng.uniform(0.08, 0.8) if not draw.plain and rng.random() < 0.3 else None
    if decay is not None and role in ("crash", "ride", "hihat_open"):
        decay += 0.5
    return rng.uniform(0.1, 0.45) if draw.tightens(role) else decay


def _shape(instrument: str, draw: KitDraw, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray] | None:
    """Draw a frequency response, as frequencies in Hz and gains in dB."""
    shape = None if draw.plain else random_curve(rng, 3.0)
    if instrument == "hihat" and draw.dull_hats_db:
        gains = np.array([0.0, 0.0, -draw.dull_hats_db, -1.6 * draw.dull_hats_db])
        return np.array([300.0, 3000.0, 9000.0, 15000.0]), gains
    return shape


def _drive(role: str, draw: KitDraw, rng: np.random.Generator) -> float:
    """Draw the gain into saturation; 1 for none."""
    if draw.plain or not rng.random() < (0.35 if draw.electronic else 0.12):
        return 1.0
    return float(np.exp(rng.uniform(0.0, np.log(25.0 if role == "kick" and draw.electronic else 5.0))))
