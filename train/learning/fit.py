"""Training: steps of gradient descent that can stop at any moment and resume from the last checkpoint."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from drumscribe.errors import DrumscribeError
from drumscribe.runtime import native_chatter_dropped

from ..experiment import COLUMNS, Experiment, FitSettings
from ..features.targets import Batch, answer_width
from ..networks.families import build_passage_network, build_window_network
from ..networks.formulations import FORMULATIONS
from ..progress import Progress
from .checkpoints import save_checkpoint
from .logs import Log
from .resuming import recipe_of, resume
from .stopping import asked_to_stop
from .validation import Course, Validation

_REPORT_SECONDS = 60.0
_LOG_STEPS = 50


class BatchSource(Protocol):
    """A source of batches: that of a step depends only on the source's seed and the step."""

    def batch(self, step: int) -> Batch:
        """Make the batch of one step."""
        ...


def learning_rate(settings: FitSettings, step: int) -> float:
    """Return the learning rate: warm-up, constant, linear cool-down (Hu et al., arXiv:2404.06395).

    Training can be prolonged before the cool-down.

    Parameters
    ----------
    settings : FitSettings
        Rates and lengths.
    step : int
        Number of the step.

    Returns
    -------
    float
        The learning rate.
    """
    rise = min(1.0, (step + 1) / max(1, settings.warmup))
    fall = min(1.0, (settings.steps - step) / max(1, settings.cooldown))
    return settings.rate * rise * fall


def make_loss(hit_weight: float, last: int = 0) -> Callable[[Any, Any], Any]:
    """Make the loss: cross-entropy of the activations, and squared error of the velocities in the frames of hits.

    Parameters
    ----------
    hit_weight : float
        Weight of a frame with a hit.
    last : int, default 0
        Frames at the end of a passage that count; 0 for all.

    Returns
    -------
    Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
        From targets and answers to the loss.
    """
    import keras

    columns, velocities = len(COLUMNS), len(COLUMNS.instruments)

    def loss(answers: Any, predictions: Any) -> Any:
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


def build_trainee(experiment: Experiment) -> Any:
    """Build and compile the network of an experiment, with fresh weights."""
    with native_chatter_dropped():
        import keras

        keras.ops.zeros(1)  # what TensorFlow has to say of this machine, it says now
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # and nothing of how often it compiles

    keras.utils.set_random_seed(experiment.fit.seed)
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if experiment.fit.half else "float32")
    settings, bands = experiment.network, experiment.spectrogram.bands
    loss: Callable[[Any, Any], Any] | str
    if experiment.is_passage:
        network = build_passage_network(settings, bands, answer_width(COLUMNS))
        loss = make_loss(experiment.fit.hit_weight, experiment.fit.counted)
    else:
        network = build_window_network(settings, experiment.window_frames, bands, len(experiment.samples.classes))
        loss = FORMULATIONS[settings.formulation].loss
    keras.mixed_precision.set_global_policy("float32")
    for layer in [layer for layer in network.layers if layer.weights][: experiment.fit.frozen]:
        layer.trainable = False
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


def fit(
    experiment: Experiment,
    batches: BatchSource,
    folder: Path,
    report: Callable[[str], None] = print,
    data: str = "",
    validation: Validation | None = None,
    progress: Progress | None = None,
    begin: Callable[[Any], None] | None = None,
) -> Any:
    """Train from the last checkpoint in `folder`, or from the start, to the experiment's last step; see `resuming`.

    The loss goes to ``log.jsonl`` and, for TensorBoard, to ``tensorboard`` in the folder; so does what is measured on
    held-out sound, with pictures and sounds in the latter. Asked to stop, by Ctrl+C or
    by the system, it ends after the step that it is at.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    batches : BatchSource
        The batches.
    folder : Path
        The folder of checkpoint and logs.
    report : Callable[[str], None], optional
        Receives lines.
    data : str, default ""
        Digest of the sound that the batches are made of.
    validation : Validation, optional
        Measures on held-out sound every `fit.validate_steps`.
    progress : Progress, optional
        Receives every step, and the loss.
    begin : Callable[[keras.Model], None], optional
        Sets the weights that training starts from.

    Returns
    -------
    keras.Model
        The trained network.

    Raises
    ------
    DrumscribeError
        If it was asked to stop.
    """
    settings, recipe = experiment.fit, recipe_of(experiment, data)
    network = build_trainee(experiment)
    first = resume(network, experiment, folder, data, report)
    if first >= settings.steps:
        return network
    if first == 0 and begin is not None:
        begin(network)
    log = Log(folder, first)
    course = Course(settings, folder, validation)
    saved = shown = time.monotonic()
    saved_step = shown_step = first
    with asked_to_stop() as is_asked:
        for step, batch in enumerate(_ahead(batches, first, settings.steps), first):
            network.optimizer.learning_rate.assign(learning_rate(settings, step))
            loss = float(network.train_on_batch(batch.frames, batch.answers))  # the mean since metrics were reset
            done, now = step + 1, time.monotonic()
            if now - saved > settings.checkpoint_seconds or is_asked():
                save_checkpoint(network, done, folder, recipe)
                saved_step, saved = done, now
            if now - shown > _REPORT_SECONDS:
                pace = f"{done - shown_step} steps in {now - shown:.0f} s"
                report(f"step {done} of {settings.steps}: loss {loss:.4f}, {pace}")
                shown_step, shown = done, now
            measured = course.measure(network, done, recipe, log) if course.is_due(done) else {}
            if done % _LOG_STEPS == 0 or measured:
                log.write(done, loss=loss, learning_rate=learning_rate(settings, step), **measured)
                network.reset_metrics()
            if progress is not None:
                progress(done, loss, measured)
            if is_asked() and done < settings.steps:
                if saved_step < done:  # asked while it measured
                    save_checkpoint(network, done, folder, recipe)
                raise DrumscribeError(f"{experiment.name}: stopped after step {done}; run it again to go on from there")
            if course.is_spent:
                report(f"stopped early after step {done}: the loss on held-out sound has not fallen any more")
                break
    course.finish(network, report)
    save_checkpoint(network, settings.steps, folder, recipe)
    return network
