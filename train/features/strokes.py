"""The one-shots of an experiment: those to train on and those held out, and the windows made of them."""

from pathlib import Path

from drumscribe.errors import DrumscribeError

from ..data.samples import Sample, SampleSet, check_apart, choose, hold_out, read_samples
from ..data.sources import RATE
from ..experiment import Experiment
from .windows import WindowMaker, Windows, counts_of, make_windows

_MIXTURES = 2
"""Windows of several sounds to measure on, for each held-out one-shot."""


class StrokeBook:
    """The one-shots of an experiment.

    Parameters
    ----------
    folder : of one-shots, or with a folder ``oneshots`` in it.
    cache : where windows are kept.
    report : told, in a line each, what was left out.
    found : what the folder holds, where it was read before.

    Attributes
    ----------
    training, held_out : `data.samples.Sample`, of different families.
    credits : what ``CREDITS.md`` beside the one-shots says, or "".

    Raises
    ------
    DrumscribeError : where a class has no one-shot, or the same sound would be trained and measured on.
    """

    def __init__(
        self, experiment: Experiment, folder: Path, cache: Path, report=print, found: SampleSet | None = None
    ) -> None:
        settings = experiment.samples
        if experiment.spectrogram.rate != RATE:
            raise DrumscribeError(f"windows are made at {RATE} Hz; spectrogram.rate says {experiment.spectrogram.rate}")
        self._experiment, self._cache = experiment, cache / "windows"
        folder = folder / "oneshots" if (folder / "oneshots").is_dir() else folder
        credits = folder / "CREDITS.md"
        self.credits = credits.read_text(encoding="utf-8") if credits.exists() else ""
        found = found or read_samples(folder, labels=settings.classes)
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

    def training_windows(self) -> Windows:
        """Windows to train on, varied, of several sounds where the formulation takes them."""
        maker = WindowMaker(self.training, self._experiment, counts_of(self._experiment), varied=True)
        return self._make(maker, len(self.training) * self._experiment.samples.variants)

    def held_out_windows(self) -> Windows:
        """A window of each held-out one-shot, as it was recorded."""
        return self._make(WindowMaker(self.held_out, self._experiment, (1,), varied=False), len(self.held_out))

    def held_out_mixtures(self) -> Windows | None:
        """Windows of several held-out one-shots at once, where the formulation takes them."""
        several = counts_of(self._experiment)[1:]
        if not several:
            return None
        maker = WindowMaker(self.held_out, self._experiment, several, varied=False)
        return self._make(maker, len(self.held_out) * _MIXTURES)

    def _make(self, maker: WindowMaker, count: int) -> Windows:
        return make_windows(maker, count, self._experiment.samples.classes, self._cache)


def _split(samples: tuple[Sample, ...], fraction: float, seed: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """By the manifest, where it says what is for training and what for validation; else by whole families."""
    splits = {sample.split for sample in samples}
    if {"train", "validation"} <= splits:
        return tuple(tuple(s for s in samples if s.split == name) for name in ("train", "validation"))
    return hold_out(samples, fraction, seed)
