"""Clips as files, for listening and inspection."""

from collections.abc import Callable
from pathlib import Path

import soundfile as sf

from drumscribe.errors import DrumscribeError

from .examples.songs import write_reference, write_sound
from .features.streams import ClipPlan, make_clips
from .rendering.clips import ROLES


def write_clips(plan: ClipPlan, folder: Path, report: Callable[[str], None] = print) -> None:
    """Write each clip as ``SEED-INDEX.wav`` and its strokes as ``.csv``, in the format of `drumscribe evaluate`.

    Parameters
    ----------
    plan : ClipPlan
        The clips.
    folder : Path
        The folder to write to.
    report : Callable[[str], None], optional
        Receives a line per clip.

    Raises
    ------
    DrumscribeError
        If the folder cannot be written to, or the source of the clips cannot be used.
    """
    for index, clip in enumerate(make_clips(plan)):
        path = folder / f"{plan.seed}-{index:05d}.wav"
        try:
            write_sound(path, clip.sound)
            write_reference(path.with_suffix(".csv"), clip.times, (ROLES[role] for role in clip.roles), clip.velocities)
        except (OSError, sf.LibsndfileError) as error:
            raise DrumscribeError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from error
        report(f"{path}: {len(clip.times)} strokes")
