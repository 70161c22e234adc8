"""Models of windows that transcribe: their thresholds and velocities, learned on sequences of held-out one-shots.

The sequences are heard as a recording is: the onset detector proposes, the network says which drums these are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from drumscribe.finetune.naming import Naming
from drumscribe.hearing.candidates import find_peaks
from drumscribe.hearing.conductor import Conductor
from drumscribe.hearing.decisions import LEAD
from drumscribe.hearing.evidence import RECORDING, local_evidence
from drumscribe.hearing.onset_answers import OnsetAnswers
from drumscribe.hearing.velocities import GROUPS, attack_levels
from drumscribe.network.answers import Answers
from drumscribe.network.model_card import Columns, LookAhead, ModelInfo, Window

from ..data.samples import Sample
from ..experiment import Experiment, own_classes
from ..features.windows import LEVEL
from ..learning.convert import fingerprint
from ..progress import tracked
from ..rendering.clips import Clip
from ..rendering.sequences import SequenceMaker, SequenceSettings
from .thresholds import Score, at_thresholds, sweep
from .weights import AUDIBLE, TOLERANCE, HeardClip, count_matches, plain_weights

SEQUENCES = SequenceSettings(interval=(0.08, 0.6), together=0.35, noise_db=(-80.0, -50.0), recorded=0.0)
"""Strokes over each other, some of them at once, as in music; by hand."""
CLIPS, SECONDS = 40, 12.0
_NEAR_BEST = 0.01
"""Thresholds whose F is within this of the best are as good; the middle one of them is taken. By hand."""
_FEWEST = 20
"""Strokes of a class that velocities are learned from, at least."""
_RIDGE = 1e-2
"""Cost of the squares of the weights of levels, against the mean squared error of a stroke; by hand."""
_SETTLING = 12
"""Frames after an onset until it, and those that compete with it, are surely known; by hand."""


@dataclass(frozen=True)
class Calibrated:
    """How a model of windows decides.

    Attributes
    ----------
    info : ModelInfo
        The card of its files.
    results : dict[str, float]
        F of each class on the sequences, and of all of them (micro).
    """

    info: ModelInfo
    results: dict[str, float]


class _Network:
    """A Keras model as `network.window.WindowNetwork`."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def classify(self, windows: np.ndarray) -> np.ndarray:
        if not len(windows):
            return np.zeros((0, self._network.output.shape[-1]), np.float32)
        return np.asarray(self._network(windows, training=False), np.float32)  # compiled anew for each number else


def window_info(experiment: Experiment, network: Any) -> ModelInfo:
    """Make the card of a model of windows, not calibrated yet.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    network : keras.Model
        The trained network.

    Returns
    -------
    ModelInfo
        The card; the network's own answers decide, from one half.
    """
    columns = Columns(experiment.samples.classes, ())
    weights, thresholds = plain_weights(columns), (0.5,) * len(columns.instruments)
    after = max(0, experiment.window_frames - 1 - experiment.frames_before)
    notes = Naming(experiment.name, "", experiment.samples.notes).note_of(own_classes(experiment.samples.classes))
    return ModelInfo(
        name=experiment.name,
        version=experiment.version,
        description=experiment.description,
        licence="",
        credits="",
        spectrogram=experiment.spectrogram,
        columns=columns,
        weights=weights,
        thresholds=thresholds,
        context=after,
        chunk=experiment.window_frames,
        embedding=0,
        fingerprint=fingerprint(network),
        quantisation="",
        look_aheads=(LookAhead(max(after, _SETTLING) + 4, weights, thresholds),),
        window=Window(experiment.frames_before, LEVEL, tuple(notes.items())),
    )


def calibrate_windows(experiment: Experiment, network: Any, samples: Sequence[Sample], credits: str = "") -> Calibrated:
    """Choose thresholds, and learn how levels tell velocities, on sequences of one-shots that were not trained on.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    network : keras.Model
        The trained network.
    samples : Sequence[Sample]
        The one-shots.
    credits : str, optional
        Their credits.

    Returns
    -------
    Calibrated
        The card, and the F-measures.
    """
    info = replace(window_info(experiment, network), credits=credits)
    classes, rate = info.columns.instruments, info.spectrogram.frame_rate
    maker = SequenceMaker(samples, (), SEQUENCES, classes)
    made = (maker.clip(experiment.samples.seed, index, SECONDS) for index in range(CLIPS))
    clips = list(tracked(made, CLIPS, "making sequences"))
    heard = list(tracked(_hear(clips, _Network(network), info), len(clips), "hearing sequences"))
    rows = sweep(
        [_as_heard(answers, clip, rate) for clip, (answers, _) in zip(clips, heard, strict=True)],
        info.columns,
        info.weights,
    )
    thresholds = tuple(middle_of_best(of_class) for of_class in rows)
    scores = at_thresholds(rows, thresholds)
    results = {score.instrument: round(score.f_measure, 4) for score in scores}
    results["micro"] = round(_micro(scores), 4)
    dynamics = _learn_levels(clips, heard, len(classes), rate)
    ahead = replace(info.look_aheads[0], thresholds=thresholds)
    return Calibrated(replace(info, thresholds=thresholds, dynamics=dynamics, look_aheads=(ahead,)), results)


def middle_of_best(scores: Sequence[Score]) -> float:
    """Return the middle of the thresholds that are as good as the best one: what is certain is far from either end."""
    best = max(score.f_measure for score in scores)
    good = [score.threshold for score in scores if score.f_measure >= best - _NEAR_BEST]
    return good[len(good) // 2]


def _hear(clips: Sequence[Clip], network: _Network, info: ModelInfo) -> Iterator[tuple[Answers, np.ndarray]]:
    """Yield the answers to each clip, and its frames, both beginning with the silence of `LEAD` frames."""
    conductor = Conductor(info, SECONDS + 5.0)
    answering = OnsetAnswers(network, info, conductor)
    for clip in clips:
        conductor.reset()
        answering.reset()
        frames = np.concatenate([conductor.push(clip.sound), conductor.flush_frames()])
        conductor.flush_onsets()
        yield Answers.concat([answering.push(frames), answering.flush()]), frames


def _as_heard(answers: Answers, clip: Clip, rate: float) -> HeardClip:
    frames, found = find_peaks(answers.activations)
    evidence = np.pad(local_evidence(answers, frames, found), ((0, 0), (0, RECORDING)))
    audible = clip.velocities >= AUDIBLE
    return HeardClip((frames - LEAD) / rate, found, evidence, clip.times, clip.roles.astype(int), audible)


def _learn_levels(
    clips: Sequence[Clip], heard: Sequence[tuple[Answers, np.ndarray]], classes: int, rate: float
) -> tuple[tuple[float, ...], ...]:
    """Learn weights of `velocities.compare_strokes` in which the levels at the attack count alone."""
    weights = np.zeros((classes, 2 + GROUPS))
    for i in range(classes):
        levels, velocities = [], []
        for clip, (answers, frames) in zip(clips, heard, strict=True):
            at = np.flatnonzero(answers.activations.any(axis=1))
            own = np.flatnonzero(clip.roles == i)
            struck, right = count_matches(clip.times[own], (at - LEAD) / rate, TOLERANCE)
            levels.append(attack_levels(frames, at[right]))
            velocities.append(clip.velocities[own[struck]])
        x, y = np.concatenate(levels), np.concatenate(velocities)
        if len(y) >= _FEWEST:
            x, y = x - x.mean(axis=0), y - y.mean()
            weights[i, 2:] = np.linalg.solve(x.T @ x + _RIDGE * len(y) * np.eye(GROUPS), x.T @ y)
    return tuple(tuple(map(float, row)) for row in weights)


def _micro(scores: Sequence[Score]) -> float:
    found = sum(score.true_positives for score in scores)
    wrong = sum(score.false_positives + score.false_negatives for score in scores)
    return 2 * found / max(1, 2 * found + wrong)
