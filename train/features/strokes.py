"""The one-shots of an experiment: those to train on, those held out, and their windows."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import cast

from drumscribe.errors import DrumscribeError

from ..data.recordings import read_recordings
from ..data.samples import Sample, SampleSet, read_samples
from ..data.sources import RATE
from ..data.splits import check_apart, choose, hold_out
from ..experiment import Experiment
from .windows import WindowMaker, Windows, counts_of, make_windows, recorded_windows

_MIXTURES = 2
"""Windows of several sounds to measure on, for each held-out one-shot."""


class StrokeBook:
    """The one-shots of an experiment.

    Parameters
    ----------
    experiment : Experiment
        The experiment.
    folder : Path
        A folder of one-shots, or with a folder ``oneshots`` in it.
    cache : Path
        The folder of what can be made again: decoded samples, windows.
    report : Callable[[str], None], optional
        Receives lines: how many files are used and left out, and what takes a while.
    found : SampleSet, optional
        The contents of the folder, if already read.

    Attributes
    ----------
    training, held_out : tuple[Sample, ...]
        Samples of different families.
    recorded, recorded_held_out : tuple[Recording, ...]
        Annotated recordings, of different families, too.
    credits : str
        Content of ``CREDITS.md`` beside the one-shots, or "".

    Raises
    ------
    DrumscribeError
        If a class has no one-shot, or a sound is both trained and measured on.
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: Path,
        cache: Path,
        report: Callable[[str], None] = print,
        found: SampleSet | None = None,
    ) -> None:
        settings = experiment.samples
        if experiment.spectrogram.rate != RATE:
            raise DrumscribeError(f"windows are made at {RATE} Hz; spectrogram.rate says {experiment.spectrogram.rate}")
        self._experiment, self._cache, self._report = experiment, cache / "windows", report
        folder = folder / "oneshots" if (folder / "oneshots").is_dir() else folder
        credits = folder / "CREDITS.md"
        self.credits = credits.read_text(encoding="utf-8") if credits.exists() else ""
        found = found or read_samples(folder, labels=settings.classes, cache=cache / "samples")
        left_out = len(found.ambiguous) + len(found.unknown) + len(found.problems)
        if left_out:
            report(f"{folder}: {left_out} files left out; drumscribe-train data says which and why")
        samples = found.samples
        training, held_out = _split(samples, settings.held_out, settings.seed)
        check_apart(training, held_out)
        self.training = choose(training, settings.per_class, settings.seed)
        self.held_out = choose(held_out, settings.held_out_per_class, settings.seed)
        for name, chosen in (("train", self.training), ("validate", self.held_out)):
            missing = set(settings.classes) - {sample.instrument for sample in chosen}
            if missing:
                raise DrumscribeError(f"{folder}: no samples of {', '.join(sorted(missing))} to {name} on")
        families = ({sample.family for sample in part} for part in (training, held_out))
        self.recorded, self.recorded_held_out = read_recordings(settings.recordings, folder, *families)
        recordings = (f" and {len(of)} recordings" if of else "" for of in (self.recorded, self.recorded_held_out))
        counts = (
            f"{len(of)} samples{more}" for of, more in zip((self.training, self.held_out), recordings, strict=True)
        )
        report(f"{folder}: {next(counts)} to train on, {next(counts)} held out to measure on")

    @property
    def digest(self) -> str:
        """SHA-256 of the sounds to train on, and their classes."""
        recorded = [[recording.sha256] for recording in self.recorded]
        text = json.dumps([*((sample.sha256, sample.instrument) for sample in self.training), *recorded])
        return hashlib.sha256(text.encode()).hexdigest()

    def training_windows(self) -> Windows:
        """Make augmented windows, of several sounds if the formulation allows it, and those of recordings."""
        maker = WindowMaker(self.training, self._experiment, counts_of(self._experiment), varied=True)
        made = self._make(maker, len(self.training) * self._experiment.samples.variants)
        return made.with_more(recorded_windows(self.recorded, self._experiment))

    def held_out_windows(self) -> Windows:
        """Make a window of each held-out one-shot, as it was recorded."""
        return self._make(WindowMaker(self.held_out, self._experiment, (1,), varied=False), len(self.held_out))

    def held_out_mixtures(self) -> Windows | None:
        """Make windows of several held-out one-shots at once, if the formulation allows it."""
        several = counts_of(self._experiment)[1:]
        if not several:
            return None
        maker = WindowMaker(self.held_out, self._experiment, several, varied=False)
        return self._make(maker, len(self.held_out) * _MIXTURES)

    def held_out_recordings(self) -> Windows | None:
        """Cut a window at each stroke of the held-out recordings, if there are any."""
        return recorded_windows(self.recorded_held_out, self._experiment)

    def validation_windows(self) -> Windows:
        """Make windows to measure on in training: of several sounds, too, if the formulation allows it."""
        counts = counts_of(self._experiment)
        return self._make(WindowMaker(self.held_out, self._experiment, counts, varied=False), len(self.held_out))

    def _make(self, maker: WindowMaker, count: int) -> Windows:
        return make_windows(maker, count, self._experiment.samples.classes, self._cache, self._report)


def _split(samples: tuple[Sample, ...], fraction: float, seed: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Split by the manifest, if it has training and validation; else by whole families."""
    splits = {sample.split for sample in samples}
    if {"train", "validation"} <= splits:
        parts = tuple(tuple(s for s in samples if s.split == name) for name in ("train", "validation"))
        return cast(tuple[tuple[Sample, ...], tuple[Sample, ...]], parts)
    return hold_out(samples, fraction, seed)
