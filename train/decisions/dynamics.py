"""How far levels tell the velocities of strokes: a regression for each instrument (see `drumscribe.dynamics`)."""

import numpy as np

from drumscribe.classifier import Columns
from drumscribe.dynamics import NUMBERS, attack_levels, numbers_of
from drumscribe.picking import find_peaks

from ..features.batches import Library
from .calibrate import TOLERANCE, count_matches, strokes_of

_HEARD = 0.4
"""Peaks of lower activations are left out."""
_FEWEST = 4
"""Strokes of an articulation in a clip that are learned from, at least."""
_RIDGE = 1e-4
"""Cost of the squares of the weights, against the mean squared error of a stroke."""


def learn_dynamics(
    answers: np.ndarray, library: Library, columns: Columns, frame_rate: float
) -> tuple[tuple[float, ...], ...]:
    """The weights of `compare_strokes`, ``(instruments, NUMBERS)``.

    Parameters
    ----------
    answers : ``(clips, frames, columns ...) float16``, to the clips of the library.
    frame_rate : of those.
    """
    count = len(columns.instruments)
    products, sums = np.zeros((count, NUMBERS, NUMBERS)), np.zeros((count, NUMBERS))
    strokes = np.zeros(count)
    for number, (times, of, _) in enumerate(strokes_of(library, columns)):
        heard, frames = answers[number, :, : len(columns)].astype(np.float32), library.frames[number]
        at, found = find_peaks(heard[:, :count], _HEARD)
        numbers = numbers_of(heard[at, len(columns) - count + found], heard[at, found], attack_levels(frames, at))
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
