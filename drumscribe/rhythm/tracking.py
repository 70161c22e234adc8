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
_MEMORY = 12000
"""Frames whose ways back are remembered; what is half as far back is settled, and a recording of any length solved."""


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
    back = np.zeros((_MEMORY, last - first + 1), np.int8)
    ends = np.zeros((last + 1, last - first + 1), np.float32)
    starts = np.zeros(2 * frames // first + 2, np.int64)
    count = _solve(at, classes, weights, frames, first, _STEP_COST, np.float32(_JUMP_COST), ends, back, starts)
    return origin + FRAME * starts[:count]


@compiled
def _solve(at, classes, weights, frames, first, step_cost, jump_cost, ends, back, starts):
    """Viterbi over (end of a pulse, its length); `ends` and `back` are rings of frames. Returns how many pulses."""
    memory, lengths = back.shape
    ring, phases, reach = len(ends), weights.shape[1] - 1, len(step_cost) - 1
    best = np.zeros(ring, np.float32)
    best_length = np.zeros(ring, np.int64)
    heads = np.zeros(ring, np.int64)  # the first hit that is not before a frame
    hit = count = 0
    for frame in range(frames):
        row = frame % ring
        while hit < len(at) and at[hit] < frame:
            hit += 1
        heads[row] = hit
        top = 0
        for j in range(lengths):
            length = first + j
            start = frame - length
            score, chosen = np.float32(0.0), -1
            if start >= 0:
                before = start % ring
                score, chosen = best[before] - jump_cost, best_length[before]
                for other in range(max(0, j - reach), min(lengths, j + reach + 1)):
                    value = ends[before, other] - step_cost[abs(other - j)]
                    if value > score:
                        score, chosen = value, other
                scale = phases / length
                for i in range(heads[before], hit):
                    score += weights[classes[i], int((at[i] - start) * scale + 0.5)]
            ends[row, j] = score
            back[frame % memory, j] = chosen
            if score > ends[row, top]:
                top = j
        best[row], best_length[row] = ends[row, top], top
        if frame == frames - 1:
            count = _settle(best, best_length, back, first, frame, frame, starts, count)
        elif (frame + 1) % (memory // 2) == 0:
            count = _settle(best, best_length, back, first, frame, frame - memory // 2, starts, count)
    return count


@compiled
def _settle(best, best_length, back, first, frame, settled, starts, count):
    """Append the pulses until `settled` on the best path that ends about `frame`. Returns how many there are then."""
    ring, memory, old = len(best), len(back), count
    known = starts[count - 1] + first // 2 if count else 0
    at = frame
    for late in range(max(0, frame - ring + 1), frame):
        if best[late % ring] > best[at % ring]:
            at = late
    top = best_length[at % ring]
    while True:
        if at <= settled:
            starts[count] = at
            count += 1
        start = at - first - top
        if start < known:
            break
        top, at = back[at % memory, top], start
    starts[old:count] = starts[old:count][::-1].copy()
    return count
