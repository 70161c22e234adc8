"""Training: steps of gradient descent that can stop at any moment and go on from the last checkpoint."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from .batches import Batches, Library
from .experiment import COLUMNS, Experiment, FitSettings
from .networks import build_network
from .targets import Batch, TargetMaker, answer_width


def learning_rate(settings: FitSettings, step: int) -> float:
    """Warm-up, constant, linear cool-down (as in Hu et al., arXiv:2404.06395), so that training can be prolonged."""
    rise = min(1.0, (step + 1) / max(1, settings.warmup))
    fall = min(1.0, (settings.steps - step) / max(1, settings.cooldown))
    return settings.rate * rise * fall


def make_loss(hit_weight: float):
    """Cross-entropy of the activations, and squared error of the velocities in the frames of hits."""
    import keras

    columns, velocities = len(COLUMNS), len(COLUMNS.instruments)

    def loss(answers, predictions):
        spoken = keras.ops.concatenate([answers[..., : columns - velocities], answers[..., columns : columns + 1]], -1)
        guessed = keras.ops.concatenate(
            [predictions[..., : columns - velocities], predictions[..., columns : columns + 1]], -1
        )
        guessed = keras.ops.clip(guessed, 1e-5, 1.0 - 1e-5)
        entropy = -(hit_weight * spoken * keras.ops.log(guessed) + (1.0 - spoken) * keras.ops.log(1.0 - guessed))
        error = keras.ops.square(
            answers[..., columns - velocities : columns] - predictions[..., columns - velocities : columns]
        )
        counted = answers[..., columns + 1 :]
        return keras.ops.mean(entropy) * 10.0 + keras.ops.sum(error * counted) / (keras.ops.sum(counted) + 1.0) * 2.0

    return loss


def build_trainee(experiment: Experiment):
    """The compiled network of an experiment, with fresh weights."""
    import keras

    keras.utils.set_random_seed(experiment.fit.seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if experiment.fit.half else "float32")
    network = build_network(experiment.network, experiment.spectrogram.bands, answer_width(COLUMNS))
    keras.mixed_precision.set_global_policy("float32")
    optimizer = keras.optimizers.AdamW(experiment.fit.rate, weight_decay=experiment.fit.decay, clipnorm=1.0)
    network.compile(optimizer, make_loss(experiment.fit.hit_weight))
    optimizer.build(network.trainable_variables)
    return network


def save_checkpoint(network, step: int, folder: Path) -> None:
    """Write weights, optimiser state and step so that either the old or the new checkpoint is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"v{i}": np.asarray(value) for i, value in enumerate(_state(network))}
    temporary = folder / f"checkpoint.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:
        np.savez(file, step=step, **arrays)
    temporary.replace(folder / "checkpoint.npz")


def load_checkpoint(network, folder: Path) -> int:
    """Put a checkpoint into a network of the same shape; the step that comes next, 0 where there is none."""
    path = folder / "checkpoint.npz"
    if not path.exists():
        return 0
    with np.load(path) as arrays:
        for i, variable in enumerate(_state(network)):
            variable.assign(arrays[f"v{i}"])
        return int(arrays["step"])


def save_seed(experiment: Experiment, folder: Path, path: Path) -> None:
    """Write the newest checkpoint compactly, to be kept with the model: in half precision.

    The second moments are stored as their roots, which half precision can hold.
    """
    network = build_trainee(experiment)
    step = load_checkpoint(network, folder)
    arrays = {}
    for i, variable in enumerate(_state(network)):
        value = np.asarray(variable)
        second_moment = "_velocity" in variable.path
        arrays[f"v{i}"] = (np.sqrt(value) if second_moment else value).astype(np.float16) if value.ndim > 1 else value
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb") as file:
        np.savez_compressed(file, step=step, **arrays)
    temporary.replace(path)


def load_seed(experiment: Experiment, path: Path, folder: Path) -> None:
    """Make a checkpoint in `folder` of what `save_seed` wrote."""
    network = build_trainee(experiment)
    with np.load(path) as arrays:
        for i, variable in enumerate(_state(network)):
            value = arrays[f"v{i}"]
            if value.dtype == np.float16:
                value = value.astype(np.float32)
                value = np.square(value) if "_velocity" in variable.path else value
            variable.assign(value)
        save_checkpoint(network, int(arrays["step"]), folder)


def _state(network) -> list:
    return [*network.variables, *network.optimizer.variables]


def _ahead(batches: Batches, first: int, last: int) -> Iterator[Batch]:
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(batches.batch, first)
        for step in range(first, last):
            batch = coming.result()
            if step + 1 < last:
                coming = pool.submit(batches.batch, step + 1)
            yield batch


def fit(experiment: Experiment, library: Library, folder: Path, report=print) -> None:
    """Train from the last checkpoint in `folder`, or from the start, to the experiment's last step."""
    settings = experiment.fit
    network = build_trainee(experiment)
    first = load_checkpoint(network, folder)
    targets = TargetMaker(COLUMNS, experiment.spectrogram.frame_rate)
    batches = Batches(library, targets, settings.seed, settings.clips, settings.frames)
    saved = shown = time.monotonic()
    shown_step = first
    for step, batch in enumerate(_ahead(batches, first, settings.steps), first):
        network.optimizer.learning_rate.assign(learning_rate(settings, step))
        loss = float(network.train_on_batch(batch.frames, batch.answers))  # the mean since metrics were reset
        now = time.monotonic()
        if now - saved > settings.checkpoint_seconds:
            save_checkpoint(network, step + 1, folder)
            saved = now
        if now - shown > 60.0:
            done = step + 1 - shown_step
            report(f"step {step + 1} of {settings.steps}: loss {loss:.4f}, {done} steps in {now - shown:.0f} s")
            with open(folder / "log.jsonl", "a", encoding="utf-8") as log:
                log.write(json.dumps({"step": step + 1, "loss": round(loss, 5)}) + "\n")
            network.reset_metrics()
            shown_step, shown = step + 1, now
    save_checkpoint(network, settings.steps, folder)
