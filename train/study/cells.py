"""What is compared: the cells of the study, one small network each."""

from dataclasses import dataclass, fields, replace
from pathlib import Path

from drumscribe.augmentation import AUGMENTATIONS
from drumscribe.drums import FIVE_CLASSES

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
    family, formulation : as in `networks.families.NetworkSettings`.
    per_class : one-shots of each class to train on, at most.
    augment : `FULL`, `NONE`, or the name of the one augmentation that is left out.
    after_ms : how far its window reaches beyond the onset.
    spectrogram : one of `experiment.FEATURES`.
    patience : how many times as long as the others it is trained.
    seed : of the choice of one-shots, of their variation, of weights and batches.
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
        """For people."""
        return "-".join(str(getattr(self, field.name)) for field in fields(self))

    @property
    def windows(self) -> tuple:
        """What its windows depend on: cells in which this is equal learn from the same."""
        simultaneous = FORMULATIONS[self.formulation].simultaneous
        return simultaneous, self.per_class, self.augment, self.after_ms, self.spectrogram, self.seed

    def experiment(self, base: Experiment) -> Experiment:
        """The base with what the cell varies; as many windows are made of few one-shots as of many."""
        augment = AUGMENTS[self.augment] if self.augment in AUGMENTS else AUGMENTS[FULL].without(self.augment)
        variants = base.samples.variants * base.samples.per_class // self.per_class
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
    """Which cells there are.

    Attributes
    ----------
    base : what all have in common.
    seeds : for each of which there is every cell.
    per_class : sizes of the training set, the full one last.
    families : in the full grid.
    others : families trained on the full set alone.
    after_ms, spectrograms, left_out : each varied by itself, for a convolutional network.
    patient : families, and how they are augmented, that are also trained for longer, on the full set.
    patience : how many times as long.
    """

    base: Experiment
    seeds: tuple[int, ...] = (1, 2, 3)
    per_class: tuple[int, ...] = (10, 40, 160)
    families: tuple[str, ...] = ("dense", "cnn")
    others: tuple[str, ...] = ("rnn", "lstm", "gru", "tcn", "crnn", "transformer")
    after_ms: tuple[float, ...] = (20.0, 50.0, 100.0, 200.0, 300.0, 500.0)
    spectrograms: tuple[str, ...] = ("stft", "log-frequency")
    left_out: tuple[str, ...] = tuple(name for name in AUGMENTATIONS if name != _IDLE)
    patient: tuple[tuple[str, str], ...] = (
        *((family, augment) for family in ("dense", "cnn") for augment in (NONE, FULL)),
        *((family, FULL) for family in ("rnn", "lstm", "gru", "tcn", "crnn", "transformer")),
    )
    patience: int = 4

    def reference(self, **changes) -> Cell:
        """The cell that single factors are changed in."""
        return replace(Cell("cnn", "multi-class", self.per_class[-1]), **changes)

    def parts(self) -> tuple[tuple[Cell, ...], ...]:
        """The cells by question, in the order in which they are worked through."""
        grid = (
            Cell(family, formulation, per_class, augment)
            for family in self.families
            for formulation in FORMULATIONS
            for augment in (NONE, FULL)
            for per_class in self.per_class
        )
        others = (
            Cell(family, formulation, self.per_class[-1])
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
        """The cells that transcribe real recordings: all that learned from the full set."""
        return tuple(cell for cell in self.cells() if cell.per_class == self.per_class[-1])

    def cells(self) -> tuple[Cell, ...]:
        """All cells."""
        return tuple(cell for part in self.parts() for cell in part)


def full_plan() -> Plan:
    """The study that is published."""
    return Plan(read_experiment(Path(__file__).with_name("base.toml")))


def reduced_plan() -> Plan:
    """A little of everything, to see that it runs: it says nothing of drums."""
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
        others=("gru",),
        after_ms=(50.0,),
        spectrograms=("log-frequency",),
        left_out=("room",),
        patient=(("dense", FULL),),
    )
