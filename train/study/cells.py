"""Cells of the study: one small network each."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from drumscribe.music.drums import FIVE_CLASSES
from drumscribe.synthesis.augmentation import AUGMENTATIONS

from ..experiment import AUGMENTS, FEATURES, Experiment, read_experiment
from ..networks.formulations import FORMULATIONS

FULL, NONE = "full", "none"
_IDLE = "gain"
"""The augmentation that windows do not hear, since all are brought to one level."""


@dataclass(frozen=True)
class Cell:
    """One network of the study.

    Attributes
    ----------
    family, formulation : str
        As in `networks.families.NetworkSettings`.
    per_class : int
        Maximum number of one-shots of each class to train on.
    augment : str, optional
        `FULL`, `NONE`, or the name of the one augmentation that is left out.
    after_ms : float, default 250.0
        Reach of its window beyond the onset.
    spectrogram : str, default "mel"
        One of `experiment.FEATURES`.
    patience : int, default 1
        Training time, as a multiple of the others'.
    seed : int, default 1
        Seed of the choice of one-shots, their augmentation, weights and batches.
    """

    family: str
    formulation: str
    per_class: int
    augment: str = FULL
    after_ms: float = 250.0
    spectrogram: str = "mel"
    patience: int = 1
    seed: int = 1

    @property
    def name(self) -> str:
        """Name for people."""
        return "-".join(str(getattr(self, field.name)) for field in fields(self))

    @property
    def windows(self) -> tuple:
        """Everything that its windows depend on: cells in which this is equal learn from the same ones."""
        simultaneous = FORMULATIONS[self.formulation].simultaneous
        return simultaneous, self.per_class, self.augment, self.after_ms, self.spectrogram, self.seed

    def experiment(self, base: Experiment) -> Experiment:
        """Return the base with the cell's changes; as many windows are made of few one-shots, one at least of each."""
        augment = AUGMENTS[self.augment] if self.augment in AUGMENTS else AUGMENTS[FULL].without(self.augment)
        variants = max(1, base.samples.variants * base.samples.per_class // self.per_class)
        return replace(
            base,
            name=self.name,
            samples=replace(base.samples, per_class=self.per_class, variants=variants, seed=self.seed),
            spectrogram=FEATURES[self.spectrogram],
            input=replace(base.input, after_ms=self.after_ms),
            augment=augment,
            network=replace(base.network, family=self.family, formulation=self.formulation),
            fit=replace(
                base.fit,
                seed=self.seed,
                steps=base.fit.steps * self.patience,
                cooldown=base.fit.cooldown * self.patience,
            ),
        )


@dataclass(frozen=True)
class Plan:
    """All cells of the study.

    Attributes
    ----------
    base : Experiment
        Settings that all have in common.
    seeds : tuple[int, ...], optional
        Every cell exists for each of these.
    per_class : tuple[int, ...], optional
        Sizes of the training set.
    usual : int, default 160
        The size at which everything else is compared.
    families, formulations : tuple[str, ...], optional
        Families and formulations in the full grid.
    others : tuple[str, ...], optional
        Families trained on the usual set only.
    after_ms : tuple[float, ...], optional
        Reaches of the window beyond the onset, varied for a convolutional network.
    spectrograms, left_out : tuple[str, ...], optional
        More single factors, varied for the same: the spectrogram, and the augmentation that is left out.
    patient : tuple[tuple[str, str], ...], optional
        Families, with their augmentation, that are also trained for longer, on the usual set.
    patience : int, default 4
        Their training time, as a multiple.
    """

    base: Experiment
    seeds: tuple[int, ...] = (1, 2, 3)
    per_class: tuple[int, ...] = (10, 40, 160)
    usual: int = 160
    families: tuple[str, ...] = ("dense", "cnn")
    formulations: tuple[str, ...] = tuple(FORMULATIONS)
    others: tuple[str, ...] = ("rnn", "lstm", "gru", "tcn", "crnn", "transformer")
    after_ms: tuple[float, ...] = (20.0, 50.0, 100.0, 200.0, 300.0, 500.0)
    spectrograms: tuple[str, ...] = ("stft", "log-frequency")
    left_out: tuple[str, ...] = tuple(name for name in AUGMENTATIONS if name != _IDLE)
    patient: tuple[tuple[str, str], ...] = (
        *((family, augment) for family in ("dense", "cnn") for augment in (NONE, FULL)),
        *((family, FULL) for family in ("rnn", "lstm", "gru", "tcn", "crnn", "transformer")),
    )
    patience: int = 4

    def reference(self, **changes: Any) -> Cell:
        """Return the cell in which single factors are changed."""
        return replace(Cell("cnn", "multi-class", self.usual), **changes)

    def parts(self) -> tuple[tuple[Cell, ...], ...]:
        """List the cells by question, in the order in which they are worked through."""
        grid = (
            Cell(family, formulation, per_class, augment)
            for family in self.families
            for formulation in self.formulations
            for augment in (NONE, FULL)
            for per_class in self.per_class
        )
        others = (
            Cell(family, formulation, self.usual)
            for family in self.others
            for formulation in ("multi-class", "multi-label")
        )
        return tuple(
            tuple(replace(cell, seed=seed) for cell in cells for seed in self.seeds)
            for cells in (
                tuple(grid),
                tuple(others),
                tuple(self.reference(after_ms=after_ms) for after_ms in self.after_ms),
                tuple(self.reference(spectrogram=name) for name in self.spectrograms),
                tuple(self.reference(augment=name) for name in self.left_out),
                tuple(
                    self.reference(family=family, augment=augment, patience=self.patience)
                    for family, augment in self.patient
                ),
            )
        )

    def on_tracks(self) -> tuple[Cell, ...]:
        """List the cells that transcribe real recordings: all that learnt from the usual set, or from more."""
        return tuple(cell for cell in self.cells() if cell.per_class >= self.usual)

    def cells(self) -> tuple[Cell, ...]:
        """List all cells."""
        return tuple(cell for part in self.parts() for cell in part)


def full_plan() -> Plan:
    """Return the published study."""
    return Plan(read_experiment(Path(__file__).with_name("base.toml")))


def sizes_plan() -> Plan:
    """Return the part that asks how many one-shots are enough, up to all that there are."""
    nothing: dict[str, Any] = {"others": (), "after_ms": (), "spectrograms": (), "left_out": (), "patient": ()}
    return replace(full_plan(), per_class=(10, 40, 160, 640), formulations=("multi-class",), **nothing)


def reduced_plan() -> Plan:
    """Return a little of everything, as a test run: its results mean nothing."""
    base = full_plan().base
    return Plan(
        replace(
            base,
            samples=replace(base.samples, classes=FIVE_CLASSES[:3], per_class=4, held_out_per_class=4, variants=1),
            network=replace(base.network, filters=(4,), width=8, depth=1),
            fit=replace(base.fit, steps=4, cooldown=2, warmup=1, clips=10),
        ),
        seeds=(1,),
        per_class=(4,),
        usual=4,
        others=("gru",),
        after_ms=(50.0,),
        spectrograms=("log-frequency",),
        left_out=("room",),
        patient=(("dense", FULL),),
    )
