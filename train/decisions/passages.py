"""Models of whole passages: their corpora, their calibration on held-out sound, and their predictions."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from drumscribe.errors import DrumscribeError
from drumscribe.hearing.candidates import find_peaks
from drumscribe.network.answers import Answers
from drumscribe.network.model_card import LookAhead, ModelInfo
from drumscribe.network.model_file import write_model
from drumscribe.sound.audio import load
from drumscribe.sound.spectrogram import compute_spectrogram
from drumscribe.stream.listener import RETRIGGER

from ..experiment import COLUMNS, Experiment
from ..features.batches import Batches, Library, SlidingLibrary, read_library
from ..features.targets import TargetMaker
from ..learning.convert import CHUNK, chunk_of, fingerprint
from ..networks.families import find_embedding, receptive_field
from ..rendering.corpus import CorpusPlan, shard_paths
from .live import hear_live, shipped_network
from .percussion import choose_percussion_threshold
from .predictors import Prediction
from .thresholds import Score, at_thresholds, choose_thresholds, micro_f, sweep
from .velocities import learn_dynamics
from .weights import HeardClip, hear_clips, learn_weights, predict

CREDITS = (
    "Trained on sound rendered from freely licensed one-shots (CC0, public domain, CC-BY, MIT, Unlicense), "
    "performances of the Groove MIDI Dataset (CC BY 4.0), and freely licensed instruments; see the model card."
)
_UNLIMITED = CHUNK // 8
"""Frames on each side that count as what an answer depends on, where it depends on all of them."""
_LIKELY = 0.5
_MEASURED_ALONE = "mixes"
"""Held-out sound that no threshold is chosen on: mixes of songs, harder than records, want lower ones, since
the threshold of the best F is about half of that F."""
_EXAMPLES = 64 * CHUNK
"""Frames that ranges for 8 bits are taken from."""


def read_corpus(plans: Sequence[CorpusPlan], cache: Path) -> Library:
    """Read the clips of one or several corpora.

    Parameters
    ----------
    plans : Sequence[CorpusPlan]
        The corpora.
    cache : Path
        The folder with their shards.

    Returns
    -------
    Library
        The clips.

    Raises
    ------
    DrumscribeError
        If a corpus has not been rendered.
    """
    paths = [path for plan in plans for path in shard_paths(plan, cache)]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise DrumscribeError(
            f"{missing[0]}: not rendered yet ({len(missing)} of {len(paths)}); run drumscribe-train render"
        )
    return read_library(paths)


def training_batches(experiment: Experiment, cache: Path) -> Batches:
    """Open the training batches of a network of passages.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    cache : Path
        The folder with shards.

    Returns
    -------
    Batches
        The batches.
    """
    targets = TargetMaker(COLUMNS, experiment.spectrogram.frame_rate)
    corpus, plans = experiment.corpus, experiment.training()
    library: Library | SlidingLibrary
    if corpus.at_once:
        corpora = [shard_paths(plan, cache) for plan in plans]
        share = min(1.0, corpus.at_once / (corpus.clips + corpus.dry_clips))
        library = SlidingLibrary(corpora, share, corpus.first_step, experiment.fit.steps)
    else:
        library = read_corpus(plans, cache)
    return Batches(library, targets, experiment.fit.seed, experiment.fit.clips, experiment.fit.frames)


def corpus_digests(experiment: Experiment) -> dict[str, str]:
    """Return the SHA-256 of each corpus' plan and spectrogram."""
    plans = {f"deciding, {plan.kind}": plan for plan in experiment.deciding()}
    plans |= {f"training, {plan.kind}": plan for plan in experiment.training()}
    plans |= {plan.kind: plan for plan in experiment.validation()}
    spectrogram = asdict(experiment.spectrogram)
    described = {name: {k: v for k, v in asdict(plan).items() if k != "sound" or v} for name, plan in plans.items()}
    texts = {name: json.dumps([plan, spectrogram]) for name, plan in described.items()}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


@dataclass(frozen=True)
class Calibration:
    """Parameters of decisions: see `model_file.ModelInfo`.

    Attributes
    ----------
    weights : tuple[tuple[float, ...], ...]
        For each instrument, weights of the evidence.
    thresholds : tuple[float, ...]
        For each instrument, a probability.
    dynamics : tuple[tuple[float, ...], ...], optional
        For each instrument, weights of velocities.
    percussion : float, default 0.0
        Threshold of percussion outside the vocabulary.
    look_aheads : tuple[LookAhead, ...], optional
        Weights and thresholds of a live model.
    """

    weights: tuple[tuple[float, ...], ...]
    thresholds: tuple[float, ...]
    dynamics: tuple[tuple[float, ...], ...] = ()
    percussion: float = 0.0
    look_aheads: tuple[LookAhead, ...] = ()


Measured = dict[str, dict[str, float]]
"""F by kind of held-out sound, and by instrument."""


def calibrate(
    network: Any, experiment: Experiment, cache: Path, earlier: ModelInfo | None = None
) -> tuple[Calibration, Measured, tuple[np.ndarray, np.ndarray]]:
    """Learn to weigh evidence and to compare strokes, and choose thresholds on held-out sound.

    Parameters
    ----------
    network : keras.Model
        The Keras model.
    experiment : Experiment
        The experiment.
    cache : Path
        The folder with shards.
    earlier : ModelInfo, optional
        A model whose weights of evidence are averaged with those that are learned.

    Returns
    -------
    tuple[Calibration, Measured, tuple[np.ndarray, np.ndarray]]
        The calibration; the measurements; and chunks of produced and of dry held-out sound.
    """
    rate = experiment.spectrogram.frame_rate
    lessons = read_corpus(experiment.deciding(), cache)
    libraries = {plan.kind: read_corpus([plan], cache) for plan in experiment.validation()}
    examples, held_out_sound = (libraries.get(kind, lessons) for kind in ("produced", "dry"))
    chunks = cast(
        tuple[np.ndarray, np.ndarray],
        tuple(_chunks(library, chunk_of(experiment)) for library in (examples, held_out_sound)),
    )
    if experiment.live.window:
        return (*_calibrate_live(network, experiment, lessons, libraries, chunks[0]), chunks)

    def hear(library: Library, answers: Sequence[Answers]) -> list[HeardClip]:
        return list(hear_clips(answers, library, COLUMNS, rate))

    answers = predict(network, lessons, COLUMNS)
    dynamics = learn_dynamics(answers, lessons, COLUMNS, rate)
    held_out = {name: hear(library, predict(network, library, COLUMNS)) for name, library in libraries.items()}
    weights = learn_weights(hear(lessons, answers), COLUMNS)
    if earlier is not None:
        weights = _mean(weights, earlier)
    thresholds, measured = _decide(weights, held_out)
    percussion, f = choose_percussion_threshold(network, libraries.values(), rate)
    measured["percussion on request"] = {"F": round(f, 4)}
    return Calibration(weights, thresholds, dynamics, percussion), measured, chunks


def _calibrate_live(
    network: Any, experiment: Experiment, lessons: Library, libraries: dict[str, Library], examples: np.ndarray
) -> tuple[Calibration, Measured]:
    """Calibrate each look-ahead, with answers of the network as it is shipped.

    Strokes are compared by answers to whole clips.
    """
    dynamics = learn_dynamics(predict(network, lessons, COLUMNS), lessons, COLUMNS, experiment.spectrogram.frame_rate)
    settings, rate = experiment.live, experiment.spectrogram.frame_rate
    runtime = shipped_network(experiment, network, examples)

    def hear(library: Library) -> dict[int, list[HeardClip]]:
        return hear_live(runtime, library, settings, COLUMNS, rate)

    learned, held_out = hear(lessons), {name: hear(library) for name, library in libraries.items()}
    measured: Measured
    decisions, measured = [], {}
    for frames in settings.look_aheads:
        heard = {name: clips[frames] for name, clips in held_out.items()}
        weights = learn_weights(learned[frames], COLUMNS, RETRIGGER)
        thresholds, rows = _decide(weights, heard, RETRIGGER)
        decisions.append(LookAhead(frames, weights, thresholds))
        measured |= {f"{name}, {1000 * frames / rate:.0f} ms": row for name, row in rows.items()}
    last = decisions[-1]
    return Calibration(last.weights, last.thresholds, dynamics, look_aheads=tuple(decisions)), measured


Weights = tuple[tuple[float, ...], ...]
"""For each instrument a constant, and a weight for each evidence."""


def _mean(weights: Weights, earlier: ModelInfo) -> Weights:
    """Return the mean of weights of evidence and those of an earlier model."""
    if np.shape(weights) != np.shape(earlier.weights):
        raise DrumscribeError(f"{earlier.name} {earlier.version}: weighs other evidence; take a later model")
    return tuple(tuple(float(w) for w in row) for row in (np.array(weights) + np.array(earlier.weights)) / 2.0)


def _decide(
    weights: Weights, held_out: dict[str, list[HeardClip]], retrigger: float = 0.0
) -> tuple[tuple[float, ...], Measured]:
    """Return thresholds, and measurements."""
    sweeps = {name: sweep(clips, COLUMNS, weights, retrigger) for name, clips in held_out.items()}
    deciding = [rows for name, rows in sweeps.items() if name != _MEASURED_ALONE]
    thresholds = choose_thresholds(_summed(*deciding))
    measured = {}
    for name, rows in sweeps.items():
        scores = at_thresholds(rows, thresholds)
        measured[name] = {score.instrument: round(score.f_measure, 4) for score in scores}
        measured[name]["micro"] = round(micro_f(scores), 4)
    return thresholds, measured


def passage_writer(
    experiment: Experiment, network: Any, calibration: Calibration
) -> Callable[[bytes, str, Path], None]:
    """Make a function that writes a model file.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    network : keras.Model
        The Keras model.
    calibration : Calibration
        Parameters of decisions.

    Returns
    -------
    Callable[[bytes, str, Path], None]
        Writes a flatbuffer, given its kind and a path.
    """
    frames, embedding = receptive_field(network), find_embedding(network)
    info = ModelInfo(
        name=experiment.name,
        version=experiment.version,
        description=experiment.description,
        licence="MIT",
        credits="" if experiment.learns_from_samples else CREDITS,
        spectrogram=experiment.spectrogram,
        columns=COLUMNS,
        **vars(calibration),
        context=frames // 2 if frames else _UNLIMITED,
        chunk=chunk_of(experiment),
        embedding=0 if embedding is None else embedding.shape[-1],
        fingerprint=fingerprint(network),
        quantisation="",
    )
    return lambda flatbuffer, kind, path: write_model(flatbuffer, replace(info, quantisation=kind), path)


def predict_passage(network: Any, experiment: Experiment, path: Path) -> list[Prediction]:
    """Predict the hits of a recording with the network of a checkpoint, at one threshold for all instruments.

    Parameters
    ----------
    network : keras.Model
        The Keras model.
    experiment : Experiment
        The experiment.
    path : Path
        The recording.

    Returns
    -------
    list[Prediction]
        The hits.
    """
    settings = experiment.spectrogram
    frames = compute_spectrogram(load(path, settings.rate), settings)
    count = len(COLUMNS.instruments)
    activations = np.asarray(network(frames[None], training=False))[0, :, :count]
    at, instruments = find_peaks(activations, _LIKELY)
    return [
        Prediction(path, float(f) / settings.frame_rate, COLUMNS.instruments[i], float(activations[f, i]))
        for f, i in zip(at, instruments, strict=True)
    ]


def _summed(*sweeps: Sequence[list[Score]]) -> list[list[Score]]:
    """Sum the counts of several kinds of sound: by instrument, then by threshold."""
    return [[_sum_of(same) for same in zip(*of_one, strict=True)] for of_one in zip(*sweeps, strict=True)]


def _sum_of(scores: Sequence[Score]) -> Score:
    counts = ("true_positives", "false_positives", "false_negatives")
    return replace(scores[0], **{name: sum(getattr(score, name) for score in scores) for name in counts})


def _chunks(library: Library, size: int) -> np.ndarray:
    """Cut about `_EXAMPLES` frames into chunks as a model takes them: clips are joined until they fill one."""
    frames = library.frames[: -(-_EXAMPLES // library.frames.shape[1])].reshape(-1, library.frames.shape[2])
    whole = len(frames) // size
    return frames[: whole * size].reshape(whole, size, -1).astype(np.float32)
