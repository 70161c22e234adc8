"""Live models on rendered clips: an answer at every frame, from a window that ends there, as in `drumscribe.stream`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import numpy as np

from drumscribe.hearing.candidates import find_peaks
from drumscribe.hearing.evidence import CANDIDATE, REACH, evidence_size, local_evidence, unknown_recording
from drumscribe.hearing.similarity import RunningLikeness
from drumscribe.network.answers import Answers
from drumscribe.network.model_card import Columns
from drumscribe.network.tflite import TfliteNetwork
from drumscribe.stream.listener import SECOND_LOOK

from ..experiment import Experiment, LiveSettings
from ..features.batches import Library
from ..learning.convert import convert, deployable
from .weights import HeardClip, strokes_of


def shipped_network(experiment: Experiment, trained: Any, examples: np.ndarray) -> TfliteNetwork:
    """Convert a network to 8 bits, as it will be run.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    trained : keras.Model
        The network.
    examples : np.ndarray
        ``(examples, window, bands) float32``, from which ranges are taken.

    Returns
    -------
    TfliteNetwork
        The network.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "live.tflite"
        path.write_bytes(convert(deployable(experiment, trained, "int8"), "int8", examples))
        return TfliteNetwork(path)


def hear_live(
    network: TfliteNetwork, library: Library, settings: LiveSettings, columns: Columns, frame_rate: float
) -> dict[int, list[HeardClip]]:
    """Find the candidates of the first clips, for each look-ahead.

    Parameters
    ----------
    network : TfliteNetwork
        The network.
    library : Library
        The clips.
    settings : LiveSettings
        Window, look-aheads, and number of clips.
    columns : Columns
        Columns of the answers.
    frame_rate : float
        Frames per second.

    Returns
    -------
    dict[int, list[HeardClip]]
        Candidates and strokes of each clip, by look-ahead.
    """
    heard: dict[int, list[HeardClip]] = {frames: [] for frames in settings.look_aheads}
    kept = settings.look_aheads[-1] + REACH + 1
    for clip, strokes in zip(library.frames[: settings.clips], strokes_of(library, columns), strict=False):
        answers = answer_live(network, clip.astype(np.float32), settings.window, kept)
        for frames, clips in heard.items():
            clips.append(HeardClip(*_candidates(*answers, frames, columns, frame_rate), *strokes))
    return heard


def answer_live(network: TfliteNetwork, frames: np.ndarray, window: int, kept: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the last answers at every frame.

    Parameters
    ----------
    network : TfliteNetwork
        The network.
    frames : np.ndarray
        ``(frames, bands)``.
    window : int
        Frames in the window.
    kept : int
        Number of answers to keep.

    Returns
    -------
    answers, embeddings : np.ndarray
        ``(frames, kept, columns) float16`` and ``(frames, kept, numbers) float16``, in order of time.
    """
    stream = np.concatenate([np.zeros((window - 1, frames.shape[1]), np.float32), frames])
    answers, embeddings = [], []
    for now in range(len(frames)):
        answers.append(network.run(stream[now : now + window])[-kept:].astype(np.float16))
        embeddings.append(network.output(1)[-kept:].astype(np.float16))
    return np.stack(answers), np.stack(embeddings)


def _candidates(
    answers: np.ndarray, embeddings: np.ndarray, look_ahead: int, columns: Columns, frame_rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return times, instruments and evidence of all candidates, with `look_ahead` frames after each known."""
    known = slice(-1 - look_ahead - REACH, None)
    rows, sounds, likeness = answers[:, known].astype(np.float32), embeddings[:, known], RunningLikeness()
    count = len(columns.instruments)
    looked_at = slice(REACH - SECOND_LOOK, REACH + 1)
    times, instruments = [np.zeros(0)], [np.zeros(0, int)]
    evidence = [np.zeros((0, evidence_size(columns)), np.float32)]
    for now in np.flatnonzero(rows[:, looked_at, :count].max(axis=(1, 2)) >= CANDIDATE):
        seen = Answers.of_output(rows[now], columns, sounds[now].astype(np.float32))
        origin = cast(int, now - look_ahead - REACH)
        frames, found = find_peaks(seen.activations)
        here = (frames >= looked_at.start) & (frames < looked_at.stop)
        frames, found = frames[here], found[here]
        times.append((origin + frames) / frame_rate)
        instruments.append(found)
        recording = unknown_recording(seen.activations[frames, found])
        recording[:, -1:] = likeness.evidence(seen, frames, found, origin)
        likeness.remember(seen, origin + looked_at.start, origin + looked_at.stop, origin)
        evidence.append(np.hstack([local_evidence(seen, frames, found), recording]))
    return np.concatenate(times), np.concatenate(instruments), np.concatenate(evidence)
