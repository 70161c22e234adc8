"""A pulse through the hits: which stretches of time are one beat long, whatever the beat is called.

The path of pulses is the likeliest one of a bar-pointer model without bars: each pulse has a length, lengths change
little from one to the next, and where in a pulse an instrument tends to be struck is known from drummers' playing. As
hits are points, the likelihood of a pulse depends on nothing but its start and its length, so the model is solved over
starts instead of frames.

References
----------
F. Krebs, S. Böck, G. Widmer: An efficient state-space model for joint tempo and meter tracking. ISMIR 2015.
D. P. W. Ellis: Beat tracking by dynamic programming. Journal of New Music Research 36 (1), 2007.
"""

import numpy as np

from ..jit import compiled

FRAME = 0.01
"""Seconds in which pulses are counted."""
_STEP_COST = np.array([0.0, 0.3, 1.2], np.float32)
"""Log odds against a pulse that is none, one or two frames longer or shorter than the one before."""
_JUMP_COST = 12.0
"""Log odds against any other change of length."""


def track_pulses(times: np.ndarray, classes: np.ndarray, weights: np.ndarray, shortest: float, longest: float):
    """The starts of pulses, in seconds, from before the first hit until after the last one.

    Parameters
    ----------
    times : ``(hits,) float64`` seconds, ascending.
    classes : ``(hits,) int64``, rows of `weights`.
    weights : ``(classes, phases) float32``: log odds of a hit of a class at a phase of the pulse.
    shortest, longest : of a pulse, in seconds.
    """
    first, last = round(shortest / FRAME), round(longest / FRAME)
    weights = np.concatenate([weights, weights[:, :1]], axis=1)  # the end of a pulse is the start of the next
    origin = times[0] - 2 * longest
    at = (times - origin) / FRAME
    frames = int(at[-1]) + last + 2
    back = np.zeros((frames, last - first + 1), np.int8)
    ends = np.zeros((last + 1, last - first + 1), np.float32)
    starts = np.zeros(frames, np.int64)
    count = _solve(at, classes, weights, first, _STEP_COST, np.float32(_JUMP_COST), ends, back, starts)
    return origin + FRAME * starts[:count][::-1]


@compiled
def _solve(at, classes, weights, first, step_cost, jump_cost, ends, back, starts):
    """Viterbi over (end of a pulse, its length); `ends` is a ring of the last frames' scores. Returns the pulses."""
    frames, lengths = back.shape
    ring, phases, reach = len(ends), weights.shape[1] - 1, len(step_cost) - 1
    best = np.zeros(ring, np.float32)
    best_length = np.zeros(ring, np.int64)
    heads = np.zeros(frames + 1, np.int64)
    hit = 0
    for frame in range(frames + 1):
        while hit < len(at) and at[hit] < frame:
            hit += 1
        heads[frame] = hit
    for frame in range(first, frames):
        row = frame % ring
        for j in range(lengths):
            length = first + j
            start = frame - length
            if start < 0:
                ends[row, j] = 0.0
                back[frame, j] = -1
                continue
            before = start % ring
            score = best[before] - jump_cost
            chosen = best_length[before]
            for other in range(max(0, j - reach), min(lengths, j + reach + 1)):
                value = ends[before, other] - step_cost[abs(other - j)]
                if value > score:
                    score, chosen = value, other
            scale = phases / length
            for i in range(heads[start], heads[frame]):
                score += weights[classes[i], int((at[i] - start) * scale + 0.5)]
            ends[row, j] = score
            back[frame, j] = chosen
        top = 0
        for j in range(1, lengths):
            if ends[row, j] > ends[row, top]:
                top = j
        best[row] = ends[row, top]
        best_length[row] = top
    frame, top = frames - 1, 0
    score = np.float32(-1e30)
    for late in range(frames - ring + 1, frames):
        if late >= 0 and best[late % ring] > score:
            score, frame, top = best[late % ring], late, best_length[late % ring]
    count = 0
    while frame >= 0 and top >= 0:
        starts[count] = frame
        count += 1
        start = frame - (first + top)
        if start < 0:
            break
        top, frame = back[frame, top], start
    return count
