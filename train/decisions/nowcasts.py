"""What a model for streams hears in clips: at every frame, by a window that ends there, as `drumscribe.stream` does."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from drumscribe.classifier import Columns
from drumscribe.evidence import CANDIDATE, REACH, local_evidence, unknown_recording
from drumscribe.picking import find_peaks
from drumscribe.stream.listener import SECOND_LOOK
from drumscribe.tflite import TfliteNetwork

from ..experiment import Experiment, LiveSettings
from ..features.batches import Library
from ..learning.convert import convert, deployable
from .calibrate import HeardClip, strokes_of


def shipped_network(experiment: Experiment, trained, examples: np.ndarray) -> TfliteNetwork:
    """The network in 8 bits, as it will be run; ranges are taken from ``(examples, window, bands) float32``."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "live.tflite"
        path.write_bytes(convert(deployable(experiment, trained, "int8"), "int8", examples))
        return TfliteNetwork(path)


def hear_live(
    network: TfliteNetwork, library: Library, settings: LiveSettings, columns: Columns, frame_rate: float
) -> dict[int, list[HeardClip]]:
    """The candidates of the first clips, for each look-ahead."""
    heard: dict[int, list[HeardClip]] = {frames: [] for frames in settings.look_aheads}
    kept = settings.look_aheads[-1] + REACH + 1
    for clip, strokes in zip(library.frames[: settings.clips], strokes_of(library, columns), strict=False):
        answers = answer_live(network, clip.astype(np.float32), settings.window, kept)
        for frames, clips in heard.items():
            clips.append(HeardClip(*_candidates(answers, frames, columns, frame_rate), *strokes))
    return heard


def answer_live(network: TfliteNetwork, frames: np.ndarray, window: int, kept: int) -> np.ndarray:
    """The last answers, `kept` of them, at every frame: ``(frames, kept, columns) float16``, in order of time."""
    stream = np.concatenate([np.zeros((window - 1, frames.shape[1]), np.float32), frames])
    return np.stack([network.run(stream[now : now + window])[-kept:].astype(np.float16) for now in range(len(frames))])


def _candidates(
    answers: np.ndarray, look_ahead: int, columns: Columns, frame_rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, instruments and evidence of what is looked at, at every frame, with so many frames to come known."""
    count = len(columns.instruments)
    rows = answers[:, -1 - look_ahead - REACH :].astype(np.float32)
    looked_at = slice(REACH - SECOND_LOOK, REACH + 1)
    times, instruments, activations = [np.zeros(0)], [np.zeros(0, int)], [np.zeros(0, np.float32)]
    evidence = [local_evidence(rows[0], np.zeros(0, int), np.zeros(0, int), columns)]
    for now in np.flatnonzero(rows[:, looked_at, :count].max(axis=(1, 2)) >= CANDIDATE):
        frames, found = find_peaks(rows[now, :, :count])
        here = (frames >= looked_at.start) & (frames < looked_at.stop)
        frames, found = frames[here], found[here]
        times.append((now - look_ahead - REACH + frames) / frame_rate)
        instruments.append(found)
        activations.append(rows[now, frames, found])
        evidence.append(local_evidence(rows[now], frames, found, columns))
    unknown = unknown_recording(np.concatenate(activations))
    return np.concatenate(times), np.concatenate(instruments), np.hstack([np.concatenate(evidence), unknown])
