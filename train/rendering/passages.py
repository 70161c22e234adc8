"""Sequences as a corpus: the one-shots of an experiment, stroke after stroke, in shards that passages are cut from."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.recordings import Recording
from ..data.sources import RATE
from ..progress import tracked
from .clips import ROLE_INDEX, Clip
from .corpus import CLIPS_PER_SHARD, CorpusPlan, shard_paths, write_shard
from .sequences import SequenceMaker, SequenceSettings

if TYPE_CHECKING:
    from drumscribe.sound.spectrogram import SpectrogramSettings
    from drumscribe.synthesis.augmentation import AugmentSettings

    from ..data.samples import Sample


_MIDDLING = 80
"""Velocity of a stroke whose annotation has none; by hand."""


def digest_sound(
    samples: list["Sample"],
    sequences: SequenceSettings,
    augment: "AugmentSettings",
    recordings: Sequence[Recording] = (),
) -> str:
    """Return the SHA-256 of everything that passages are made of.

    Parameters
    ----------
    samples : list[Sample]
        One-shots to train and to measure on.
    sequences : SequenceSettings
        How they are put together.
    augment : AugmentSettings
        What varies them in training.
    recordings : Sequence[Recording], optional
        Annotated recordings to train on.

    Returns
    -------
    str
        The digest.
    """
    sounds = [(sample.sha256, sample.instrument, sample.articulation) for sample in samples]
    recorded = [[recording.sha256] for recording in recordings]
    text = json.dumps([[*sounds, *recorded], asdict(sequences), asdict(augment)])
    return hashlib.sha256(text.encode()).hexdigest()


def count_clips(recordings: Sequence[Recording], seconds: float) -> int:
    """Count the clips that recordings fill.

    Parameters
    ----------
    recordings : Sequence[Recording]
        The recordings.
    seconds : float
        Length of a clip.

    Returns
    -------
    int
        Number of clips.
    """
    return sum(-(-len(recording.sound) // int(seconds * RATE)) for recording in recordings)


def cut_recordings(recordings: Sequence[Recording], seconds: float) -> Iterator[Clip]:
    """Cut recordings into clips of one length; the last is filled with silence.

    Parameters
    ----------
    recordings : Sequence[Recording]
        The recordings.
    seconds : float
        Length of a clip.

    Yields
    ------
    Clip
        A part of a recording; strokes of unknown velocity have a middling one.
    """
    length = int(seconds * RATE)
    for recording in recordings:
        known = [event for event in recording.events if event.articulation is not None]
        for first in range(0, len(recording.sound), length):
            sound = np.zeros(length, np.float32)
            part = recording.sound[first : first + length]
            sound[: len(part)] = part
            events = [event for event in known if first <= event.time * RATE < first + length]
            times = [event.time - first / RATE for event in events]
            roles = [ROLE_INDEX[str(event.articulation)] for event in events]
            velocities = [(event.velocity or _MIDDLING) / 127 for event in events]
            yield Clip(sound, np.array(times, np.float32), np.array(roles, np.uint8), np.array(velocities, np.float32))


def render_recordings(
    plan: CorpusPlan, recordings: Sequence[Recording], spectrogram: "SpectrogramSettings", cache: Path
) -> None:
    """Write the clips of recordings as a corpus, unless it is there.

    Parameters
    ----------
    plan : CorpusPlan
        The corpus.
    recordings : Sequence[Recording]
        The recordings.
    spectrogram : SpectrogramSettings
        Settings of the frames.
    cache : Path
        The folder of all corpora.
    """
    clips = cut_recordings(recordings, plan.seconds)
    for path in shard_paths(plan, cache):
        some = list(islice(clips, CLIPS_PER_SHARD))
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_shard(some, path, spectrogram)


def render_sequences(
    plan: CorpusPlan,
    samples: tuple["Sample", ...],
    settings: SequenceSettings,
    augment: "AugmentSettings | None",
    spectrogram: "SpectrogramSettings",
    cache: Path,
    report: Callable[[str], None],
) -> None:
    """Render the missing shards of a corpus of sequences.

    Parameters
    ----------
    plan : CorpusPlan
        The corpus.
    samples : tuple[Sample, ...]
        The one-shots.
    settings : SequenceSettings
        How they are put together.
    augment : AugmentSettings | None
        What varies them, or None.
    spectrogram : SpectrogramSettings
        Settings of the frames.
    cache : Path
        The folder of all corpora.
    report : Callable[[str], None]
        Receives a line for each shard.
    """
    maker = SequenceMaker(samples, (), replace(settings, augment=augment))
    paths = shard_paths(plan, cache)
    for shard, path in enumerate(paths):
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        indices = range(shard * CLIPS_PER_SHARD, min(plan.clips, (shard + 1) * CLIPS_PER_SHARD))
        clips = (maker.clip(plan.seed, index, plan.seconds) for index in indices)
        write_shard(tracked(clips, len(indices), "rendering sequences"), path, spectrogram)
        report(f"rendered {shard + 1} of {len(paths)}: {path.parent.name}")
