"""Clips as files, to listen to and to look at."""

from collections.abc import Callable
from pathlib import Path

import soundfile as sf

from drumscribe.errors import DrumscribeError

from .examples import write_reference, write_sound
from .features.streams import ClipPlan, make_clips
from .rendering.corpus import ROLES


def write_clips(plan: ClipPlan, folder: Path, report: Callable[[str], None] = print) -> None:
    """Write each clip as ``SEED-INDEX.wav`` and what is played in it as ``.csv``, as `drumscribe evaluate` reads it.

    Raises
    ------
    DrumscribeError : where nothing can be written there, or the source of the clips cannot be used.
    """
    for index, clip in enumerate(make_clips(plan)):
        path = folder / f"{plan.seed}-{index:05d}.wav"
        try:
            write_sound(path, clip.sound)
            write_reference(path.with_suffix(".csv"), clip.times, (ROLES[role] for role in clip.roles), clip.velocities)
        except (OSError, sf.LibsndfileError) as error:
            raise DrumscribeError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from error
        report(f"{path}: {len(clip.times)} strokes")
