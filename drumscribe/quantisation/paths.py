"""Likeliest paths (Viterbi): sequences of subdivisions, and of lines."""

import numpy as np

_SHARED_COST_NATS = 8.0
"""Cost of two strokes of a drum on one line (by hand)."""
_CROSSING_COST_NATS = 32.0
"""Cost of a stroke that moves before the one that it was played after (by hand)."""


def likeliest_states(fit: np.ndarray, switch_cost: float) -> np.ndarray:
    """Find the likeliest sequence of states.

    Parameters
    ----------
    fit : np.ndarray
        ``(steps, states)`` log likelihoods.
    switch_cost : float
        Cost of a change of state, in nats.

    Returns
    -------
    np.ndarray
        ``(steps,) int``, the state at each step.
    """
    change = -switch_cost * (1 - np.eye(fit.shape[1]))
    total, back = fit[0], []
    for own in fit[1:]:
        ways = total[:, None] + change
        back.append(ways.argmax(axis=0))
        total = ways.max(axis=0) + own
    path = [int(total.argmax())]
    for came in reversed(back):
        path.append(int(came[path[-1]]))
    return np.array(path[::-1])


def likeliest_lines(lines: list[list[float]], costs: list[list[float]], shared: list[bool]) -> list[int]:
    """Choose the cheapest line for each stroke, in plain numbers: arrays of four would be slower.

    Parameters
    ----------
    lines : list[list[float]]
        Positions of the choices of each stroke.
    costs : list[list[float]]
        Costs of these choices, in nats.
    shared : list[bool]
        For each stroke but the last, whether it has a drum in common with the next one.

    Returns
    -------
    list[int]
        Number of the choice of each stroke.
    """
    total, before, back = costs[0], lines[0], []
    for here, own, same in zip(lines[1:], costs[1:], shared, strict=True):
        on_one_line = _SHARED_COST_NATS if same else 0.0
        came, reached = [], []
        for line, cost in zip(here, own, strict=True):
            ways = [
                way + (0.0 if line > other else on_one_line if line == other else _CROSSING_COST_NATS)
                for way, other in zip(total, before, strict=True)
            ]
            least = min(ways)
            came.append(ways.index(least))
            reached.append(least + cost)
        back.append(came)
        total, before = reached, here
    path = [total.index(min(total))]
    for came in reversed(back):
        path.append(came[path[-1]])
    return path[::-1]
