"""Velocities from levels: a regression for each instrument (see `drumscribe.hearing.velocities`)."""

from collections.abc import Sequence

import numpy as np

from drumscribe.hearing.candidates import find_peaks
from drumscribe.hearing.velocities import NUMBERS, attack_levels, numbers_of
from drumscribe.network.answers import Answers
from drumscribe.network.model_card import Columns

from ..features.batches import Library
from .weights import TOLERANCE, count_matches, exact, strokes_of

_HEARD = 0.4
"""Peaks of lower activations are left out."""
_FEWEST = 4
"""Strokes of an articulation in a clip that are learned from, at least."""
_RIDGE = 1e-4
"""Cost of the squares of the weights, against the mean squared error of a stroke."""


def learn_dynamics(
    answers: Sequence[Answers], library: Library, columns: Columns, frame_rate: float
) -> tuple[tuple[float, ...], ...]:
    """Learn the weights of `compare_strokes`.

    Parameters
    ----------
    answers : Sequence[Answers]
        ``(clips, frames, columns ...) float16``, to the clips of the library.
    library : Library
        The clips.
    columns : Columns
        Columns of the answers.
    frame_rate : float
        Frames per second.

    Returns
    -------
    tuple[tuple[float, ...], ...]
        ``(instruments, NUMBERS)``.
    """
    count = len(columns.instruments)
    products, sums = np.zeros((count, NUMBERS, NUMBERS)), np.zeros((count, NUMBERS))
    strokes = np.zeros(count)
    for number, (times, of, _) in enumerate(strokes_of(library, columns)):
        heard, frames = exact(answers[number]), library.frames[number]
        at, found = find_peaks(heard.activations, _HEARD)
        numbers = numbers_of(heard.velocities[at, found], heard.activations[at, found], attack_levels(frames, at))
        for i in range(count):
            peaks, own = np.flatnonzero(found == i), np.flatnonzero(of == i)
            struck, right = count_matches(times[own], at[peaks] / frame_rate, TOLERANCE)
            peaks, own = peaks[right], own[struck]
            for role in np.unique(library.roles[number][own]):
                alike = library.roles[number][own] == role
                if alike.sum() < _FEWEST:
                    continue
                velocities = library.velocities[number][own[alike]]
                deviations = numbers[peaks[alike]] - numbers[peaks[alike]].mean(axis=0)
                products[i] += deviations.T @ deviations
                sums[i] += deviations.T @ (velocities - velocities.mean())
                strokes[i] += alike.sum()
    return tuple(
        tuple(float(weight) for weight in np.linalg.solve(p + _RIDGE * max(n, 1.0) * np.eye(NUMBERS), s))
        for p, s, n in zip(products, sums, strokes, strict=True)
    )
