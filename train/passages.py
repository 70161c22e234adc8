"""Models of whole passages: their corpora, their calibration on held-out sound, and what they say of a recording."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from drumscribe.audio import load
from drumscribe.classifier import ModelInfo, write_model
from drumscribe.errors import DrumscribeError
from drumscribe.picking import find_peaks
from drumscribe.spectrogram import compute_spectrogram

from .batches import Batches, Library, read_library
from .calibrate import Score, at_thresholds, best_thresholds, learn_weights, micro_f, predict, sweep
from .convert import CHUNK, fingerprint
from .corpus import CorpusPlan, shard_paths
from .costs import receptive_field
from .experiment import COLUMNS, Experiment
from .networks import find_embedding
from .predictors import Prediction
from .targets import TargetMaker

CREDITS = (
    "Trained on sound rendered from freely licensed one-shots (CC0, public domain, CC-BY, MIT, Unlicense), "
    "performances of the Groove MIDI Dataset (CC BY 4.0), and freely licensed instruments; see the model card."
)
_UNLIMITED = CHUNK // 8
"""Frames on each side that count as what an answer depends on, where it depends on all of them."""
_LIKELY = 0.5


def read_corpus(plan: CorpusPlan, cache: Path) -> Library:
    """The clips of a corpus.

    Raises
    ------
    DrumscribeError : where it has not been rendered.
    """
    paths = shard_paths(plan, cache)
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise DrumscribeError(
            f"{missing[0]}: not rendered yet ({len(missing)} of {len(paths)}); run drumscribe-train render"
        )
    return read_library(paths)


def training_batches(experiment: Experiment, cache: Path) -> Batches:
    """What a network of passages is trained on."""
    targets = TargetMaker(COLUMNS, experiment.spectrogram.frame_rate)
    library = read_corpus(experiment.training(), cache)
    return Batches(library, targets, experiment.fit.seed, experiment.fit.clips, experiment.fit.frames)


def corpus_digests(experiment: Experiment) -> dict[str, str]:
    """SHA-256 of the plan of each corpus, and of the spectrogram that it is stored as."""
    plans = {"training": experiment.training(), "deciding": experiment.deciding()} | {
        plan.kind: plan for plan in experiment.validation()
    }
    spectrogram = asdict(experiment.spectrogram)
    texts = {name: json.dumps([asdict(plan), spectrogram]) for name, plan in plans.items()}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


@dataclass(frozen=True)
class Calibration:
    """How a model's answers become decisions: see `classifier.ModelInfo`."""

    weights: tuple[tuple[float, ...], ...]
    thresholds: tuple[float, ...]


def calibrate(
    network, experiment: Experiment, cache: Path
) -> tuple[Calibration, dict[str, dict[str, float]], tuple[np.ndarray, np.ndarray]]:
    """Learn to weigh evidence, and choose thresholds on held-out sound.

    Returns
    -------
    The calibration; F by kind of held-out sound and instrument; and chunks of both kinds of held-out sound.
    """
    rate = experiment.spectrogram.frame_rate
    lessons = read_corpus(experiment.deciding(), cache)
    weights = learn_weights(predict(network, lessons, COLUMNS), lessons, COLUMNS, rate)
    libraries = [read_corpus(plan, cache) for plan in experiment.validation()]
    sweeps = [sweep(predict(network, library, COLUMNS), library, COLUMNS, rate, weights) for library in libraries]
    thresholds = tuple(score.threshold for score in best_thresholds(_summed(*sweeps)))
    measured = {}
    for plan, rows in zip(experiment.validation(), sweeps, strict=True):
        scores = at_thresholds(rows, thresholds)
        measured[plan.kind] = {score.instrument: round(score.f_measure, 4) for score in scores}
        measured[plan.kind]["micro"] = round(micro_f(scores), 4)
    return Calibration(weights, thresholds), measured, tuple(_chunks(library) for library in libraries)


def passage_writer(experiment: Experiment, network, calibration: Calibration):
    """A function that makes a model file, for transcribing, of a flatbuffer, its kind and a path."""
    frames, embedding = receptive_field(network), find_embedding(network)
    info = ModelInfo(
        name=experiment.name,
        version=experiment.version,
        description=experiment.description,
        licence="MIT",
        credits=CREDITS,
        spectrogram=experiment.spectrogram,
        columns=COLUMNS,
        **asdict(calibration),
        context=frames // 2 if frames else _UNLIMITED,
        chunk=CHUNK,
        embedding=0 if embedding is None else embedding.shape[-1],
        fingerprint=fingerprint(network),
        quantisation="",
    )
    return lambda flatbuffer, kind, path: write_model(flatbuffer, replace(info, quantisation=kind), path)


def predict_passage(network, experiment: Experiment, path: Path) -> list[Prediction]:
    """The hits of a recording as the network of a checkpoint hears them, at one threshold for all instruments."""
    settings = experiment.spectrogram
    frames = compute_spectrogram(load(path, settings.rate), settings)
    count = len(COLUMNS.instruments)
    activations = np.asarray(network(frames[None], training=False))[0, :, :count]
    at, instruments = find_peaks(activations, _LIKELY)
    return [
        Prediction(path, float(f) / settings.frame_rate, COLUMNS.instruments[i], float(activations[f, i]))
        for f, i in zip(at, instruments, strict=True)
    ]


def _summed(left: Sequence[list[Score]], right: Sequence[list[Score]]) -> list[list[Score]]:
    return [
        [
            replace(
                a,
                true_positives=a.true_positives + b.true_positives,
                false_positives=a.false_positives + b.false_positives,
                false_negatives=a.false_negatives + b.false_negatives,
            )
            for a, b in zip(x, y, strict=True)
        ]
        for x, y in zip(left, right, strict=True)
    ]


def _chunks(library: Library, count: int = 64) -> np.ndarray:
    """Chunks of frames as a model takes them: clips joined until they fill one."""
    frames = library.frames[: -(-count * CHUNK // library.frames.shape[1])].reshape(-1, library.frames.shape[2])
    whole = len(frames) // CHUNK
    return frames[: whole * CHUNK].reshape(whole, CHUNK, -1).astype(np.float32)
