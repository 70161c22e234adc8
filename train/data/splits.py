"""Which samples are trained on and which are held out: whole families, never the same sound on both sides."""

from collections.abc import Sequence

import numpy as np

from drumscribe.errors import DrumscribeError

from .samples import Sample, group_by

_ENOUGH = 0.8
"""Minimum of the held-out share, relative to the requested one, if families are small enough (by hand)."""


def check_apart(training: Sequence[Sample], validation: Sequence[Sample]) -> None:
    """Check that no sample is both trained and measured on.

    Parameters
    ----------
    training, validation : Sequence[Sample]
        The samples of either side.

    Raises
    ------
    DrumscribeError
        If a sound or a family is on both sides.
    """
    seen = {sample.sha256: sample for sample in training}
    same = [(seen[sample.sha256], sample) for sample in validation if sample.sha256 in seen]
    if same:
        more = f" and {len(same) - 1} more" if len(same) > 1 else ""
        raise DrumscribeError(f"{same[0][1].path}: the same sound is in training, as {same[0][0].path}{more}")
    families = {sample.family for sample in training} & {sample.family for sample in validation}
    if families:
        raise DrumscribeError(f"the family {min(families)} is in training and in validation")


def hold_out(samples: Sequence[Sample], fraction: float, seed: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Split samples by whole families, holding out about a fraction of each instrument.

    Parameters
    ----------
    samples : Sequence[Sample]
        The samples.
    fraction : float
        Share to hold out, 0 to 1.
    seed : int
        Seed of the choice.

    Returns
    -------
    tuple[tuple[Sample, ...], tuple[Sample, ...]]
        Samples to train on, and samples to measure on.

    Raises
    ------
    DrumscribeError
        If all samples of an instrument are of one family.
    """
    families = group_by(samples, lambda sample: sample.family)
    by_instrument = group_by(samples, lambda sample: sample.instrument)
    names = list(families)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    held: set[str] = set()

    def share(name: str, families_held: set[str]) -> float:
        of_one = by_instrument[name]
        return sum(sample.family in families_held for sample in of_one) / len(of_one)

    def fits(name: str, family: str, enough: float, most: float) -> bool:
        wider = held | {family}
        gains = share(name, held) < min(enough, share(name, wider))
        return gains and all(share(other, wider) <= most for other in by_instrument)

    # Instruments of few families first; a family too large for the fraction only where there is none held out yet
    for name in sorted(by_instrument, key=lambda name: len({sample.family for sample in by_instrument[name]})):
        for enough, most in ((_ENOUGH * fraction, fraction / _ENOUGH), (1e-9, max(0.5, fraction))):
            for family in order:
                if fits(name, family, enough, most):
                    held.add(family)
        if not share(name, held):
            raise DrumscribeError(f"{name}: no family of its samples can be held out; give samples of more kits")
    training = tuple(sample for sample in samples if sample.family not in held)
    return training, tuple(sample for sample in samples if sample.family in held)


def choose(samples: Sequence[Sample], per_class: int, seed: int) -> tuple[Sample, ...]:
    """Choose samples by family first; a smaller choice is part of a larger one.

    Parameters
    ----------
    samples : Sequence[Sample]
        The samples.
    per_class : int
        Maximum number of samples of each instrument.
    seed : int
        Seed of the choice.

    Returns
    -------
    tuple[Sample, ...]
        The samples chosen.
    """
    chosen = []
    for i, of_one in enumerate(group_by(samples, lambda sample: sample.instrument).values()):
        rng = np.random.default_rng([seed, i])
        families = list(group_by(of_one, lambda sample: sample.family).values())
        ranks = []  # each family's first file comes before any family's second
        for family in families:
            ranks += list(zip(rng.permutation(len(family)), rng.random(len(family)), family, strict=True))
        ranks.sort(key=lambda entry: entry[:2])
        chosen += [sample for _, _, sample in ranks[:per_class]]
    return tuple(chosen)
