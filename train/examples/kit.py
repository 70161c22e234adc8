"""The kit of ``examples/kit/``: three found sounds played as drums, a few strokes of each, and a test take.

    python -m drumscribe.training.examples.kit --data DIR --out examples/kit

No stroke of the take is among the samples: each is retuned and coloured a little differently.
"""

from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import soundfile as sf

from drumscribe.synthesis.augmentation import AUGMENTATIONS, AugmentSettings, Range, augment_shot
from drumscribe.synthesis.effects import change_pitch, coloured_noise, reverberate
from drumscribe.synthesis.one_shots import OneShot

from ..data.sources import RATE, read_grooves
from ..rendering.performances import render_drums
from .songs import SECONDS, perform, write_reference, write_sound

SAMPLES = 5
_GROOVE, _BAR = "8_rock_95_beat_4-4", 11
_SOUNDS = {
    "kick": ("billie/perc__perc__003.flac", 0.6, 0.9),
    "snare": ("billie/perc__perc__005.flac", 1.3, 0.8),
    "hat": ("billie/perc__perc__008.flac", 1.5, 0.35),
}
"""For each: the one-shot, how much faster it is played, and its level."""
_PLAYED = {"kick": "kick", "snare": "snare", "rimshot": "snare", "hihat_closed": "hat", "hihat_open": "hat"}
_HAND = AugmentSettings(pitch=Range(1.0, -0.4, 0.4), equalise=Range(1.0, 0.5, 2.0)).without(
    *(name for name in AUGMENTATIONS if name not in ("pitch", "equalise"))
)


class _Found:
    """A struck object: no two strokes are the same."""

    def __init__(self, shot: OneShot, level: float) -> None:
        self._shot, self._level = shot, level

    def stroke(self, velocity: float, rng: np.random.Generator) -> tuple[OneShot, float]:
        shot = augment_shot(self._shot, RATE, rng, _HAND)
        return shot, self._level * velocity / float(np.max(np.abs(shot.samples)))


def _things(folder: Path) -> dict[str, _Found]:
    things = {}
    for name, (file, ratio, level) in _SOUNDS.items():
        samples = sf.read(folder / file, dtype="float32", always_2d=True)[0].mean(axis=1)
        samples = change_pitch(samples, ratio)
        onset = int(np.argmax(np.abs(samples) > 0.1 * np.max(np.abs(samples))))
        things[name] = _Found(OneShot(samples, onset), level)
    return things


def _recorded(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Place the sound in a small room, with a little noise."""
    sound = reverberate(sound, RATE, np.random.default_rng(5), 0.3, -14.0, 0.5)
    return sound + np.float32(2e-4) * coloured_noise(rng, len(sound), 3.0)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="one-shots and grooves")
@click.option("--out", type=click.Path(path_type=Path), default="examples/kit", show_default=True)
def main(data: Path, out: Path) -> None:
    """Render the samples, the take and its reference.

    Parameters
    ----------
    data : Path
        The data folder.
    out : Path
        The folder to write to.
    """
    rng = np.random.default_rng(4)
    things = _things(data / "oneshots")
    for name, thing in things.items():
        for number in range(1, SAMPLES + 1):
            shot, gain = thing.stroke(rng.uniform(0.5, 1.0), rng)
            padded = np.concatenate([np.zeros(RATE // 20, np.float32), shot.samples * gain, np.zeros(RATE // 5)])
            write_sound(out / "samples" / name / f"{number}.flac", 0.8 * _recorded(padded.astype(np.float32), rng))
    groove = next(g for g in read_grooves(data / "grooves", "validation") if g.name == _GROOVE)
    score = perform(groove, _BAR, SECONDS)
    kept = [i for i, role in enumerate(score.roles) if role in _PLAYED and score.velocities[i] > 0.15]
    roles = tuple(_PLAYED[score.roles[i]] for i in kept)
    score = replace(score, times=score.times[kept], roles=roles, velocities=score.velocities[kept])
    take = _recorded(render_drums(score, things, rng, SECONDS), rng)
    write_sound(out / "take.ogg", take * np.float32(0.7 / np.max(np.abs(take))))
    written = [{"hat": "hihat_closed"}.get(role, role) for role in score.roles]
    write_reference(out / "take.csv", score.times, written, score.velocities)
    click.echo(f"{out}: {len(score.times)} strokes")


if __name__ == "__main__":
    main()
