"""Pulse tracking: a pulse is a time span of one beat, whatever note value the beat has.

The path of pulses is the likeliest one of a bar-pointer model without bars: each pulse has a length, lengths change
little from one to the next, and each class of strokes has its typical phases, known from drummers' playing. As hits are
points, the likelihood of a pulse depends only on its start and its length, so the model is solved over starts instead
of frames.

References
----------
F. Krebs, S. Böck, G. Widmer: An efficient state-space model for joint tempo and meter tracking. ISMIR 2015. D. P. W.
Ellis: Beat tracking by dynamic programming. Journal of New Music Research 36 (1), 2007.
"""

import numpy as np

from ..compiling import compiled

FRAME = 0.01
"""Seconds per frame, the unit of pulse lengths."""
_STEP_COST = np.array([0.0, 0.3, 1.2], np.float32)
"""Log odds against a pulse that is 0, 1 or 2 frames longer or shorter than the one before (by hand)."""
_JUMP_COST = 12.0
"""Log odds against any larger change of length (by hand)."""
_MEMORY_FRAMES = 12000
"""Number of frames with backpointers; the path older than half of them is final, so that recordings may have any
length."""


def track_pulses(
    times: np.ndarray, classes: np.ndarray, weights: np.ndarray, shortest: float, longest: float
) -> np.ndarray:
    """Track pulses through hits.

    Parameters
    ----------
    times : np.ndarray
        ``(hits,) float64`` seconds, ascending.
    classes : np.ndarray
        ``(hits,) int64``, rows of `weights`.
    weights : np.ndarray
        ``(classes, phases) float32``, log odds of a hit of a class at a phase of the pulse.
    shortest, longest : float
        Limits of a pulse's length in seconds.

    Returns
    -------
    np.ndarray
        ``(pulses,)`` start times in seconds, from before the first hit to after the last one.
    """
    first, last = round(shortest / FRAME), round(longest / FRAME)
    weights = np.concatenate([weights, weights[:, :1]], axis=1)  # the end of a pulse is the start of the next
    origin = times[0] - 2 * longest
    at = (times - origin) / FRAME
    frames = int(at[-1]) + last + 2
    lengths = last - first + 1
    back = np.zeros((_MEMORY_FRAMES, lengths), np.int8)
    ends, best = np.zeros((last + 1, lengths), np.float32), np.zeros(last + 1, np.float32)
    numbers = np.zeros((2, last + 1), np.int64)
    starts: list[int] = []
    for frame in range(0, frames, _MEMORY_FRAMES // 2):
        until = min(frame + _MEMORY_FRAMES // 2, frames)
        _solve(at, classes, weights, frame, until, first, _STEP_COST, _JUMP_COST, ends, best, numbers, back)
        final = until - 1 if until == frames else until - 1 - _MEMORY_FRAMES // 2
        starts += _path(best, numbers[0], back, first, until - 1, final, starts[-1] + first // 2 if starts else 0)
    return origin + FRAME * np.array(starts, np.int64)


@compiled("f8[:], i8[:], f4[:,:], i8, i8, i8, f4[:], f4, f4[:,:], f4[:], i8[:,:], i1[:,:]")
def _solve(
    at: np.ndarray,
    classes: np.ndarray,
    weights: np.ndarray,
    frame: int,
    until: int,
    first: int,
    step_cost: np.ndarray,
    jump_cost: float,
    ends: np.ndarray,
    best: np.ndarray,
    numbers: np.ndarray,
    back: np.ndarray,
) -> None:
    """Solve the model by Viterbi over (end of a pulse, its length), for the next frames.

    Parameters
    ----------
    at : np.ndarray
        ``(hits,)`` times in frames.
    classes : np.ndarray
        ``(hits,) int64``, rows of `weights`.
    weights : np.ndarray
        ``(classes, phases + 1) float32``.
    frame, until : int
        The frames, the last one not included.
    first : int
        The shortest length of a pulse in frames.
    step_cost : np.ndarray
        ``(changes,) float32``, cost of a length 0, 1, 2 ... frames off the previous one.
    jump_cost : float
        Cost of any larger change.
    ends : np.ndarray
        ``(longest + 1, lengths) float32``, a ring over frames of the best scores.
    best : np.ndarray
        ``(longest + 1,) float32``, the best of these scores at each frame.
    numbers : np.ndarray
        ``(2, longest + 1) int64``, for the same frames the length of the best pulse, and the first hit at or after the
        frame.
    back : np.ndarray
        ``(memory, lengths) int8``, a ring over frames of backpointers.
    """
    memory, lengths = back.shape
    ring, phases, reach = len(ends), weights.shape[1] - 1, len(step_cost) - 1
    best_length, heads = numbers[0], numbers[1]
    hit = heads[(frame - 1) % ring] if frame > 0 else 0
    for now in range(frame, until):
        row = now % ring
        while hit < len(at) and at[hit] < now:
            hit += 1
        heads[row] = hit
        top = 0
        for j in range(lengths):
            length = first + j
            start = now - length
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
            back[now % memory, j] = chosen
            if score > ends[row, top]:
                top = j
        best[row], best_length[row] = ends[row, top], top


def _path(
    best: np.ndarray, best_length: np.ndarray, back: np.ndarray, first: int, frame: int, final: int, known: int
) -> list[int]:
    """Return the pulses from frame `known` to `final` on the best path that ends near `frame`, the last solved frame.

    The arrays are those of `_solve`.
    """
    ring, memory = len(best), len(back)
    late = np.arange(max(0, frame - ring + 1), frame + 1)
    highest = int(late[np.argmax(best[late % ring])])
    at = highest if best[highest % ring] > best[frame % ring] else frame
    top = int(best_length[at % ring])
    starts = []
    while True:
        if at <= final:
            starts.append(at)
        start = at - first - top
        if start < known:
            return starts[::-1]
        top, at = int(back[at % memory, top]), start
