"""Training of cells: each is trained and measured once, several at a time with several processes."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree
from typing import Any, cast

import numpy as np

from ..costs import multiply_adds
from ..data.samples import Sample, SampleSet, read_samples
from ..data.splits import hold_out
from ..decisions.evaluation import evaluate
from ..decisions.predictors import WindowPredictor
from ..experiment import Experiment, SampleSettings
from ..features.batches import WindowBatches
from ..features.strokes import StrokeBook
from ..learning.checkpoints import load_checkpoint
from ..learning.fit import build_trainee, fit
from .cells import Cell
from .records import Record

_ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Laboratory:
    """Trains and measures cells.

    Attributes
    ----------
    base : Experiment
        Settings that all have in common.
    data : Path
        One-shots, or a folder with a folder ``oneshots`` in it.
    cache : Path
        Files that can be made again: windows and networks, of this data only.
    """

    base: Experiment
    data: Path
    cache: Path

    def digest(self, cell: Cell) -> str:
        """Return a digest of everything that a cell depends on; settings of later versions count once they are set."""
        made_of = _set(asdict(replace(cell.experiment(self.base), name="")), asdict(Experiment("")))
        return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]

    def prepare(self, cell: Cell) -> None:
        """Make the windows of a cell, unless they are in the cache."""
        self._book(cell).training_windows()

    def measure(self, cell: Cell) -> Record:
        """Train a cell from the start, and measure it on held-out one-shots."""
        import keras

        keras.backend.clear_session()
        rmtree(self._folder(cell), ignore_errors=True)
        book = self._book(cell)
        batches = self._batches(cell, book)
        started = time.process_time()
        network = self._fit(cell, batches)
        seconds = time.process_time() - started
        predictor = WindowPredictor(cell.experiment(self.base), network)
        windows, mixtures = book.held_out_windows(), book.held_out_mixtures()
        probabilities = predictor.predict(windows.frames)
        order = np.argsort([sample.path.as_posix() for sample in book.held_out], kind="stable")
        return Record(
            cell=cell,
            digest=self.digest(cell),
            one_shots=tuple(
                sum(sample.instrument == name for sample in book.training) for name in self.base.samples.classes
            ),
            single=evaluate(probabilities, windows.labels, windows.classes),
            mixtures=evaluate(predictor.predict(mixtures.frames), mixtures.labels, mixtures.classes)
            if mixtures is not None
            else None,
            answers="".join(map(str, probabilities.argmax(axis=1)[order])),
            train_seconds=round(seconds, 2),
            parameters=network.count_params(),
            multiply_adds=cast(int, multiply_adds(network)),  # all layers of the families are known there
        )

    def predictor(self, cell: Cell) -> WindowPredictor:
        """Load a cell as it was trained; train it again if the cache has lost it."""
        import keras

        keras.backend.clear_session()
        experiment = cell.experiment(self.base)
        network = build_trainee(experiment)
        if load_checkpoint(network, self._folder(cell)) < experiment.fit.steps:
            network = self._fit(cell, self._batches(cell, self._book(cell)))
        return WindowPredictor(experiment, network)

    def held_out(self, cell: Cell) -> tuple[Sample, ...]:
        """Return the one-shots that a cell is measured on, in the order of their paths."""
        return tuple(sorted(self._book(cell).held_out, key=lambda sample: sample.path.as_posix()))

    def _folder(self, cell: Cell) -> Path:
        return self.cache / "study" / self.digest(cell)

    def _book(self, cell: Cell) -> StrokeBook:
        folder = self.data / "oneshots" if (self.data / "oneshots").is_dir() else self.data
        found = _read(folder, self.base.samples.classes)
        return StrokeBook(cell.experiment(self.base), folder, self.cache, lambda line: None, found)

    def _batches(self, cell: Cell, book: StrokeBook) -> WindowBatches:
        settings = cell.experiment(self.base)
        return WindowBatches(book.training_windows(), settings.augment, settings.fit.seed, settings.fit.clips)

    def _fit(self, cell: Cell, batches: WindowBatches) -> Any:
        return fit(cell.experiment(self.base), batches, self._folder(cell), lambda line: None)


def _set(values: dict, defaults: dict) -> dict:
    """Return the values that are not the defaults."""
    differing = {key: value for key, value in values.items() if key not in defaults or value != defaults[key]}
    return {
        key: _set(value, defaults.get(key, {})) if isinstance(value, dict) else value
        for key, value in differing.items()
    }


@lru_cache(maxsize=1)
def _read(folder: Path, classes: tuple[str, ...]) -> SampleSet:
    """Read the one-shots, once in each process, and split them alike for all seeds."""
    found = read_samples(folder, labels=classes)
    if {"train", "validation"} <= {sample.split for sample in found.samples}:
        return found
    settings = SampleSettings()
    parts = zip(("train", "validation"), hold_out(found.samples, settings.held_out, settings.seed), strict=True)
    return replace(found, samples=tuple(replace(sample, split=name) for name, part in parts for sample in part))


Run = Callable[[Callable, Iterable], Iterator]


@contextmanager
def workers(jobs: int) -> Iterator[Run]:
    """Yield ``run(function, arguments)``, which yields results as they are ready, from this process or from others.

    Each process computes in one thread, so that its results depend on nothing else.
    """
    for name, value in _ONE_THREAD.items():
        os.environ.setdefault(name, value)
    if jobs == 1:
        yield map
        return
    pool = ProcessPoolExecutor(jobs, get_context("spawn"))
    try:
        yield lambda function, arguments: (
            task.result() for task in as_completed([pool.submit(function, argument) for argument in arguments])
        )
    finally:
        pool.shutdown(cancel_futures=True)


def measure_cells(laboratory: Laboratory, cells: Iterable[Cell], run: Run) -> Iterator[Record]:
    """Measure cells; the windows that several share are made first.

    Parameters
    ----------
    laboratory : Laboratory
        Trains cells.
    cells : Iterable[Cell]
        The cells.
    run : Run
        See `workers`.

    Yields
    ------
    Record
        Records as they are ready.
    """
    cells = tuple(cells)
    for _ in run(laboratory.prepare, {cell.windows: cell for cell in cells}.values()):
        pass
    yield from run(laboratory.measure, cells)
