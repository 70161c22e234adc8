"""From an experiment to model files: render what is missing, train on from the last checkpoint, calibrate, convert."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from drumscribe.classifier import ModelInfo
from drumscribe.errors import DrumscribeError

from .batches import Library, read_library
from .calibrate import Score, at_thresholds, best_thresholds, micro_f, predict, sweep
from .convert import CHUNK, deployable, write_checked
from .corpus import CorpusPlan, render_corpus, shard_paths
from .experiment import COLUMNS, Experiment
from .fit import build_trainee, fit, load_checkpoint, load_seed, save_seed

CREDITS = (
    "Trained on sound rendered from freely licensed one-shots (CC0, public domain, CC-BY, MIT, Unlicense), "
    "performances of the Groove MIDI Dataset (CC BY 4.0), and freely licensed instruments; see the model card."
)


@dataclass(frozen=True)
class Places:
    """Where things are: `data` is read, `cache` holds what can be made again, `models` what is shipped."""

    data: Path
    cache: Path
    models: Path

    def run(self, experiment: Experiment) -> Path:
        """The folder of an experiment's checkpoint and log."""
        return self.cache / "runs" / experiment.name

    def seed(self, experiment: Experiment) -> Path:
        """The shipped checkpoint of an experiment, from which training goes on where there is no newer one."""
        return self.models / f"{experiment.name}.checkpoint.npz"


def render(experiment: Experiment, places: Places, jobs: int, report=print) -> None:
    """Render the shards that are missing from the training and validation corpora."""
    for name in ("oneshots", "grooves", "backing"):
        if not (places.data / name).is_dir():
            raise DrumscribeError(f"{places.data}: no folder {name} in it; give the training data with --data")
    for plan in (*experiment.validation(), experiment.training()):
        for path in render_corpus(plan, places.data, places.cache, experiment.spectrogram, jobs):
            report(f"rendered {path.parent.name}/{path.name}")


def _library(plan: CorpusPlan, places: Places) -> Library:
    paths = shard_paths(plan, places.cache)
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise DrumscribeError(
            f"{missing[0]}: not rendered yet ({len(missing)} of {len(paths)}); run drumscribe-train render"
        )
    return read_library(paths)


def train(experiment: Experiment, places: Places, report=print) -> None:
    """Train from the newest checkpoint to the experiment's last step; then keep a compact copy to go on from."""
    folder = places.run(experiment)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "checkpoint.npz").exists() and places.seed(experiment).exists():
        load_seed(experiment, places.seed(experiment), folder)
        report(f"going on from {places.seed(experiment)}")
    fit(experiment, _library(experiment.training(), places), folder, report)
    save_seed(experiment, folder, places.seed(experiment))


def release(experiment: Experiment, places: Places, report=print) -> None:
    """Calibrate the newest checkpoint on held-out sound and write the model files and what was measured."""
    network = build_trainee(experiment)
    step = load_checkpoint(network, places.run(experiment))
    if step == 0:
        raise DrumscribeError(f"{places.run(experiment)}: no checkpoint; run drumscribe-train fit")
    rate = experiment.spectrogram.frame_rate
    libraries = [_library(plan, places) for plan in experiment.validation()]
    sweeps = [sweep(predict(network, library, COLUMNS), library, COLUMNS, rate) for library in libraries]
    thresholds = tuple(score.threshold for score in best_thresholds(_summed(*sweeps)))
    measured = {}
    for plan, rows in zip(experiment.validation(), sweeps, strict=True):
        scores = at_thresholds(rows, thresholds)
        measured[plan.kind] = {score.instrument: round(score.f_measure, 4) for score in scores}
        measured[plan.kind]["micro"] = round(micro_f(scores), 4)
        report(f"held-out, {plan.kind}: " + ", ".join(f"{name} {f:.3f}" for name, f in measured[plan.kind].items()))
    info = ModelInfo(
        name=experiment.name,
        version=experiment.version,
        description=experiment.description,
        licence="MIT",
        credits=CREDITS,
        spectrogram=experiment.spectrogram,
        columns=COLUMNS,
        thresholds=thresholds,
        context=experiment.network.context,
        chunk=CHUNK,
        quantisation="",
    )
    network = deployable(network, experiment.network, experiment.spectrogram.bands)
    examples, held_out = (_chunks(library) for library in libraries)
    deviations = write_checked(network, info, places.models, examples, held_out[:8])
    report("mean deviation: " + ", ".join(f"{kind} {value:.5f}" for kind, value in deviations.items()))
    record = {"experiment": asdict(experiment), "step": step, "held_out": measured, "deviation": deviations}
    (places.models / f"{experiment.name}.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _summed(left: list[list[Score]], right: list[list[Score]]) -> list[list[Score]]:
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
