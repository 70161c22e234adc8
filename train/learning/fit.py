"""Training: steps of gradient descent that can stop at any moment and go on from the last checkpoint."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from ..experiment import COLUMNS, Experiment, FitSettings
from ..features.targets import Batch, answer_width
from ..networks.families import build_passage_network, build_window_network
from ..networks.formulations import FORMULATIONS
from .checkpoints import load_checkpoint, save_checkpoint
from .logs import Log

_REPORT_SECONDS = 60.0
_LOG_STEPS = 50


class BatchSource(Protocol):
    """Where batches come from: the one of a step depends on the source's seed and the step alone."""

    def batch(self, step: int) -> Batch: ...


def learning_rate(settings: FitSettings, step: int) -> float:
    """Warm-up, constant, linear cool-down (as in Hu et al., arXiv:2404.06395), so that training can be prolonged."""
    rise = min(1.0, (step + 1) / max(1, settings.warmup))
    fall = min(1.0, (settings.steps - step) / max(1, settings.cooldown))
    return settings.rate * rise * fall


def make_loss(hit_weight: float, last: int = 0):
    """Cross-entropy of the activations, and squared error of the velocities in the frames of hits.

    Only the last so many frames of a passage count, unless that is 0.
    """
    import keras

    columns, velocities = len(COLUMNS), len(COLUMNS.instruments)

    def loss(answers, predictions):
        answers, predictions = answers[:, -last:], predictions[:, -last:]
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
    settings, bands = experiment.network, experiment.spectrogram.bands
    if experiment.is_passage:
        network = build_passage_network(settings, bands, answer_width(COLUMNS))
        loss = make_loss(experiment.fit.hit_weight, experiment.fit.counted)
    else:
        network = build_window_network(settings, experiment.window_frames, bands, len(experiment.samples.classes))
        loss = FORMULATIONS[settings.formulation].loss
    keras.mixed_precision.set_global_policy("float32")
    optimizer = keras.optimizers.AdamW(experiment.fit.rate, weight_decay=experiment.fit.decay, clipnorm=1.0)
    network.compile(optimizer, loss)
    optimizer.build(network.trainable_variables)
    return network


def _ahead(batches: BatchSource, first: int, last: int) -> Iterator[Batch]:
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(batches.batch, first)
        for step in range(first, last):
            batch = coming.result()
            if step + 1 < last:
                coming = pool.submit(batches.batch, step + 1)
            yield batch


def fit(experiment: Experiment, batches: BatchSource, folder: Path, report=print):
    """Train from the last checkpoint in `folder`, or from the start, to the experiment's last step.

    The loss goes to ``log.jsonl`` and, for TensorBoard, to ``tensorboard`` in the folder.

    Returns
    -------
    The trained network.
    """
    settings = experiment.fit
    network = build_trainee(experiment)
    first = load_checkpoint(network, folder)
    log = Log(folder, first)
    saved = shown = time.monotonic()
    shown_step = first
    for step, batch in enumerate(_ahead(batches, first, settings.steps), first):
        network.optimizer.learning_rate.assign(learning_rate(settings, step))
        loss = float(network.train_on_batch(batch.frames, batch.answers))  # the mean since metrics were reset
        now = time.monotonic()
        if now - saved > settings.checkpoint_seconds:
            save_checkpoint(network, step + 1, folder)
            saved = now
        if now - shown > _REPORT_SECONDS:
            done = step + 1 - shown_step
            report(f"step {step + 1} of {settings.steps}: loss {loss:.4f}, {done} steps in {now - shown:.0f} s")
            shown_step, shown = step + 1, now
        if (step + 1) % _LOG_STEPS == 0:
            log.write(step + 1, loss=loss, learning_rate=learning_rate(settings, step))
            network.reset_metrics()
    if first < settings.steps:
        save_checkpoint(network, settings.steps, folder)
    return network
