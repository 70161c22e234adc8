"""The sound of an experiment: one-shots of a folder, sequences of them, and digests that tell whether they changed."""

from collections.abc import Callable
from dataclasses import replace

from .decisions.passages import corpus_digests
from .experiment import AUGMENTS, Experiment
from .features.strokes import StrokeBook
from .learning.resuming import check_data
from .places import Places
from .rendering.clips import CLIP_SECONDS
from .rendering.passages import count_clips, digest_sound, render_recordings, render_sequences


def with_sound(experiment: Experiment, places: Places, report: Callable[[str], None] = print) -> Experiment:
    """Read the one-shots of an experiment on sequences, and render what is missing; any other stays as it is.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.
    report : Callable[[str], None], optional
        Receives a line per shard.

    Returns
    -------
    Experiment
        With a digest of its sound.
    """
    if experiment.corpus.source != "sequences":
        return experiment
    book = StrokeBook(experiment, places.data, places.cache, report)
    samples = [*book.training, *book.held_out]
    sound = digest_sound(samples, experiment.sequences, experiment.augment, book.recorded)
    recorded = count_clips(book.recorded, CLIP_SECONDS)
    experiment = replace(experiment, corpus=replace(experiment.corpus, sound=sound, recorded=recorded))
    varied = None if experiment.augment == AUGMENTS["none"] else experiment.augment
    settings = experiment.sequences, experiment.spectrogram, places.cache
    training, *recordings = experiment.training()
    for plan in recordings:
        render_recordings(plan, book.recorded, experiment.spectrogram, places.cache)
    for plan in (training, *experiment.deciding()):
        render_sequences(plan, book.training, settings[0], varied, *settings[1:], report)
    for plan in experiment.validation():
        render_sequences(plan, book.held_out, settings[0], None, *settings[1:], report)
    return experiment


def open_book(experiment: Experiment, places: Places, report: Callable[[str], None] = print) -> StrokeBook:
    """Read the one-shots that the newest checkpoint was trained on and is measured on.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    places : Places
        The folders.
    report : Callable[[str], None], optional
        Receives lines on the data.

    Returns
    -------
    StrokeBook
        The one-shots.

    Raises
    ------
    DrumscribeError
        If the checkpoint was trained on others.
    """
    book = StrokeBook(experiment, places.data, places.cache, report)
    check_data(places.run(experiment), book.digest)
    return book


def digest_of(experiment: Experiment) -> str:
    """A digest of the corpora to train on."""
    return " ".join(digest for name, digest in corpus_digests(experiment).items() if name.startswith("training"))
