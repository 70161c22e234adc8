"""The recordings of ``examples/`` and their references, rendered from sound that anyone may redistribute.

    python -m drumscribe.training.examples.songs --data DIR --out examples

Kits and grooves are held-out ones, which the models are not trained on. ``examples/CREDITS.md`` names them: change it
together with `EXAMPLES`.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
import soundfile as sf

from drumscribe.synthesis.effects import coloured_noise, compress, reverberate, saturate

from ..data.sources import RATE, Groove, Piece, read_grooves, read_pieces
from ..rendering.instruments import Bank, read_banks
from ..rendering.kits import KitMaker
from ..rendering.performances import render_drums
from ..rendering.production import mix
from ..rendering.scores import Score, electronic_pattern

SECONDS = 12.0
_LEAD = 0.3  # seconds before the first bar
_ALL_ROUND = "billie"  # the kit that lends what another lacks
_STAND_INS = {"rimshot": "snare", "ride_bell": "ride"}  # no kit here has these


@dataclass(frozen=True)
class Example:
    """One recording.

    Attributes
    ----------
    file : str
        Path below ``songs``.
    groove : str
        The performance, or "" for a pattern of a drum machine.
    bar : int
        The bar of the performance to begin with.
    kit : str
        The family of its pieces.
    room_db : float | None
        Level of a room relative to the drums, or None for dry, unprocessed sound.
    roots : tuple[int, ...], optional
        MIDI notes of the bars' chords, for a band to play.
    seed : int, default 1
        Seed of all random choices.
    """

    file: str
    groove: str
    bar: int
    kit: str
    room_db: float | None
    roots: tuple[int, ...] = ()
    seed: int = 1


EXAMPLES = (
    Example("rock.ogg", "8_rock_95_beat_4-4", 11, "billie", -14.0),
    Example("jazz.ogg", "14_jazz_100_beat_4-4", 16, "pearl_master", -10.0),
    Example("band/funk.mp3", "13_funk_102_beat_4-4", 11, "pearl_master", -18.0, (33, 33, 38, 36)),
    Example("machine/four-on-the-floor.flac", "", 0, "or_TR-505", None, seed=286),
)


def perform(groove: Groove, bar: int, seconds: float) -> Score:
    """Play a groove as it was played, from one of its bars.

    Parameters
    ----------
    groove : Groove
        The performance.
    bar : int
        Number of the bar, from 0.
    seconds : float
        Length.

    Returns
    -------
    Score
        The strokes.
    """
    beat = 60.0 / groove.tempo
    times = (groove.beats - bar * groove.beats_per_bar) * beat + _LEAD
    kept = np.flatnonzero((times >= _LEAD / 2) & (times < seconds - 0.2))
    roles = tuple(_STAND_INS.get(groove.articulations[i], groove.articulations[i]) for i in kept)
    return Score(times[kept], roles, groove.velocities[kept] / 127.0, beat, groove.beats_per_bar)


def choose_pieces(pieces: list[Piece], family: str) -> list[Piece]:
    """Choose the pieces of one kit, with those of the all-round kit for missing ones.

    Parameters
    ----------
    pieces : list[Piece]
        All pieces.
    family : str
        The kit's family.

    Returns
    -------
    list[Piece]
        The pieces.
    """
    own = [piece for piece in pieces if piece.family == family]
    roles = {piece.role for piece in own}
    chosen = own + [piece for piece in pieces if piece.family == _ALL_ROUND and piece.role not in roles]
    return chosen + [
        replace(piece, role=role) for role, like in _STAND_INS.items() for piece in chosen if piece.role == like
    ]


def accompany(score: Score, roots: tuple[int, ...], banks: list[Bank]) -> np.ndarray:
    """Play a bass on the kick drum and a guitar on the off-beats.

    Parameters
    ----------
    score : Score
        The drum part.
    roots : tuple[int, ...]
        MIDI notes of the bars' chords.
    banks : list[Bank]
        Instruments.

    Returns
    -------
    np.ndarray
        ``(SECONDS * RATE,) float32``.
    """
    bass = next(bank for bank in banks if "bass" in bank.name)
    guitar = next(bank for bank in banks if "guitar" in bank.name)
    out = np.zeros(int(SECONDS * RATE), np.float32)

    def play(bank: Bank, time: float, pitch: int, seconds: float, gain: float) -> None:
        first = round(time * RATE)
        note = bank.note(pitch, seconds)[: max(0, len(out) - first)]
        out[first : first + len(note)] += note * np.float32(gain)

    def root(time: float) -> int:
        return roots[max(0, int((time - _LEAD) / (score.beat * score.beats_per_bar) + 0.02)) % len(roots)]

    for time, role in zip(score.times, score.roles, strict=True):
        if role == "kick":
            play(bass, time, root(time), 0.8 * score.beat, 0.6)
    for time in np.arange(_LEAD + score.beat / 2, SECONDS - score.beat, score.beat):
        for third in (0, 3, 7, 10):
            play(guitar, time + 0.002 * third, root(time) + 24 + third, 0.3 * score.beat, 0.18)
    return out


def render(example: Example, pieces: list[Piece], grooves: list[Groove], banks: list[Bank]) -> tuple[np.ndarray, Score]:
    """Render an example.

    Parameters
    ----------
    example : Example
        The example.
    pieces : list[Piece]
        All pieces.
    grooves : list[Groove]
        All performances.
    banks : list[Bank]
        Instruments.

    Returns
    -------
    tuple[np.ndarray, Score]
        The sound, ``(samples,) float32``, and its strokes.
    """
    rng = np.random.default_rng(example.seed)
    if example.groove:
        score = perform(next(g for g in grooves if g.name == example.groove), example.bar, SECONDS)
    else:
        score = electronic_pattern(rng, SECONDS - _LEAD)
        score = replace(score, times=score.times + _LEAD)
    kit = KitMaker(choose_pieces(pieces, example.kit)).make(rng, score.electronic, plain=True)
    sound = render_drums(score, kit, rng, SECONDS)
    if example.room_db is not None:
        sound = reverberate(sound, RATE, rng, 0.6, example.room_db, 0.4)
        sound = compress(sound, RATE, -12.0, 3.0, 0.01, 0.12)
    if example.roots:
        sound = saturate(mix(sound, accompany(score, example.roots, banks), -4.0), 1.5)
    sound *= np.float32(0.8 / np.max(np.abs(sound)))
    if example.room_db is not None:
        sound += np.float32(1e-4) * coloured_noise(rng, len(sound), 3.0)
    return sound, score


def write_sound(path: Path, sound: np.ndarray) -> None:
    """Write a recording in the format of its name, in the short blocks that libsndfile needs for ogg.

    Parameters
    ----------
    path : Path
        The file.
    sound : np.ndarray
        ``(samples,) float32``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with sf.SoundFile(path, "w", RATE, 1) as file:
        for start in range(0, len(sound), 8192):
            file.write(sound[start : start + 8192])


def write_reference(path: Path, times: Iterable[float], roles: Iterable[str], velocities: Iterable[float]) -> None:
    """Write strokes in the format of `drumscribe evaluate`.

    Parameters
    ----------
    path : Path
        The CSV file.
    times : Iterable[float]
        Seconds.
    roles : Iterable[str]
        Articulations, ``clap`` or ``percussion``.
    velocities : Iterable[float]
        From 0 to 1.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("time", "articulation", "velocity"))
        for time, role, velocity in zip(times, roles, velocities, strict=True):
            writer.writerow((f"{time:.5f}", role, max(1, round(velocity * 127))))


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="one-shots, grooves and backing")
@click.option("--out", type=click.Path(path_type=Path), default="examples", show_default=True)
def main(data: Path, out: Path) -> None:
    """Render the example recordings and their references.

    Parameters
    ----------
    data : Path
        The data folder.
    out : Path
        The folder to write to.
    """
    pieces = read_pieces(data / "oneshots", "validation")
    grooves = read_grooves(data / "grooves", "validation")
    banks = read_banks(data / "backing")
    for example in EXAMPLES:
        sound, score = render(example, pieces, grooves, banks)
        path = out / "songs" / example.file
        write_sound(path, sound)
        reference = (out / "references" / example.file).with_suffix(".csv")
        write_reference(reference, score.times, score.roles, score.velocities)
        click.echo(f"{path}: {len(score.times)} strokes")


if __name__ == "__main__":
    main()
