"""Inner loops of the onset detector, compiled; see `onsets`."""

import math

import numpy as np

from ..compiling import compiled


@compiled("f4[:], i8, f4[:], f4[:,:], f4[:,:]")
def band_energies(samples: np.ndarray, step: int, coefficients: np.ndarray, state: np.ndarray, out: np.ndarray) -> None:
    """Compute the mean square of each band in each whole step; bands are differences of parallel two-pole low-passes.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,) float32``.
    step : int
        Samples per step.
    coefficients : np.ndarray
        ``(4,) float32``, the low-passes' coefficients.
    state : np.ndarray
        ``(4, 2) float32``, the low-passes' state, updated in place.
    out : np.ndarray
        ``(steps, 5) float32``, written in place.
    """
    # In variables of their own, which stay in registers: in arrays, each sample would wait for memory
    c0, c1, c2, c3 = coefficients[0], coefficients[1], coefficients[2], coefficients[3]
    for k in range(len(out)):
        a0, a1, a2, a3 = state[0, 0], state[1, 0], state[2, 0], state[3, 0]
        b0, b1, b2, b3 = state[0, 1], state[1, 1], state[2, 1], state[3, 1]
        e0 = e1 = e2 = e3 = e4 = np.float32(0.0)
        for i in range(k * step, (k + 1) * step):
            x = samples[i]
            a0 += c0 * (x - a0)
            a1 += c1 * (x - a1)
            a2 += c2 * (x - a2)
            a3 += c3 * (x - a3)
            b0 += c0 * (a0 - b0)
            b1 += c1 * (a1 - b1)
            b2 += c2 * (a2 - b2)
            b3 += c3 * (a3 - b3)
            e0 += b0 * b0
            e1 += (b1 - b0) * (b1 - b0)
            e2 += (b2 - b1) * (b2 - b1)
            e3 += (b3 - b2) * (b3 - b2)
            e4 += (x - b3) * (x - b3)
        state[0, 0], state[1, 0], state[2, 0], state[3, 0] = a0, a1, a2, a3
        state[0, 1], state[1, 1], state[2, 1], state[3, 1] = b0, b1, b2, b3
        out[k, 0], out[k, 1], out[k, 2], out[k, 3], out[k, 4] = e0, e1, e2, e3, e4
        for b in range(5):
            # NaN and infinity in the input count as silence
            out[k, b] = out[k, b] / step if out[k, b] < 1e12 else 0.0
        for b in range(4):
            for pole in range(2):
                # Denormal numbers are slow, and NaN would never leave
                if not 1e-15 < abs(state[b, pole]) < 1e12:
                    state[b, pole] = 0.0


@compiled("f4[:,:], f4, f4, f4[:], f4[:]")
def compute_novelty(frames: np.ndarray, floor: float, knee: float, previous: np.ndarray, out: np.ndarray) -> None:
    """Compute SuperFlux: the mean rise over the previous frame, of which each band is the maximum of three neighbours.

    Parameters
    ----------
    frames : np.ndarray
        ``(frames, bands) float32``.
    floor : float
        Value below which everything is silence.
    knee : float
        Width of the transition at the floor, in the unit of the frames.
    previous : np.ndarray
        ``(bands,) float32``, the frame before the first; on return, the last one.
    out : np.ndarray
        ``(frames,) float32``, written in place.
    """
    bands = len(previous)
    for i in range(len(frames)):
        total = np.float32(0.0)
        for b in range(bands):
            highest = previous[b]
            if b > 0:
                highest = max(highest, previous[b - 1])
            if b < bands - 1:
                highest = max(highest, previous[b + 1])
            if frames[i, b] > highest:
                # Loudness is a hyperbola: the distance to the floor above it, 0 below, half a knee at it
                now, before = frames[i, b] - floor, highest - floor
                now += math.sqrt(now * now + knee * knee)
                before += math.sqrt(before * before + knee * knee)
                total += np.float32(0.5) * (now - before)
        out[i] = total / bands
        for b in range(bands):
            previous[b] = frames[i, b]


@compiled("f4[:], i8, i8, i8, i8, f8, i8[:] -> i8")
def find_novelty_peaks(
    novelty: np.ndarray,
    before: int,
    after: int,
    mean_before: int,
    mean_after: int,
    threshold: float,
    found: np.ndarray,
) -> int:
    """Find frames whose novelty is a local maximum and exceeds the local mean.

    In the mean no neighbour counts for more than the frame itself, so that a loud stroke does not mask a soft one 40 ms
    later. Frames from number ``mean_before`` to the last one that ``mean_after`` others follow are decided.

    Parameters
    ----------
    novelty : np.ndarray
        ``(frames,) float32``.
    before, after : int
        Frames on each side among which a peak is the maximum.
    mean_before, mean_after : int
        Frames on each side that enter the mean.
    threshold : float
        Minimum excess over the mean.
    found : np.ndarray
        ``(frames,) int64``; its beginning receives the peaks' frame numbers.

    Returns
    -------
    int
        Number of peaks found.
    """
    count = 0
    for i in range(mean_before, len(novelty) - mean_after):
        total = np.float32(0.0)
        for j in range(i - mean_before, i + mean_after + 1):
            total += min(novelty[j], novelty[i])
        is_peak = novelty[i] > total / (mean_before + mean_after + 1) + threshold
        for j in range(i - before, i + after + 1):
            is_peak = is_peak and (novelty[j] < novelty[i] or (novelty[j] == novelty[i] and j >= i))
        if is_peak:
            found[count] = i
            count += 1
    return count


@compiled("f4[:,:], i8[:], i8, f8, f8, f8[:,:], i8[:]")
def find_attacks(
    energies: np.ndarray,
    supposed: np.ndarray,
    reach: int,
    pull: float,
    floor: float,
    work: np.ndarray,
    attacks: np.ndarray,
) -> None:
    """Find the step near each supposed one that best cuts the energies around it in two: quiet before, loud after.

    A Gaussian signal of constant level over n steps has the log-likelihood -n/2 log(mean energy), up to constants, so a
    cut gains (n log m - n1 log m1 - n2 log m2) / 2. Only bands that become louder count, and distance from the supposed
    step costs. Before its first step the stream is silent.

    Parameters
    ----------
    energies : np.ndarray
        ``(steps, bands) float32``, mean squares.
    supposed : np.ndarray
        ``(attacks,) int64``, numbers of the supposed steps, none beyond the last one.
    reach : int
        Steps to search on each side.
    pull : float
        Cost of distance: log-likelihood lost per step squared.
    floor : float
        Energy added to every band and step.
    work : np.ndarray
        ``(3, bands) float64``, memory to work in.
    attacks : np.ndarray
        ``(attacks,) int64``, receives the steps at which the attacks begin.
    """
    bands = energies.shape[1]
    total, whole, before = work[0], work[1], work[2]
    for at in range(len(supposed)):
        first = supposed[at] - reach
        last = min(supposed[at] + reach, len(energies))
        for b in range(bands):
            total[b] = before[b] = 0.0
        for k in range(max(first, 0), last):
            for b in range(bands):
                total[b] += energies[k, b]
        for b in range(bands):
            total[b] += floor * (last - first)
            whole[b] = (last - first) * math.log(total[b] / (last - first))
        best = -np.inf
        attacks[at] = supposed[at]
        for k in range(first + 1, last):
            gain = -pull * (k - supposed[at]) * (k - supposed[at])
            for b in range(bands):
                before[b] += floor + (energies[k - 1, b] if k > 0 else 0.0)
                quiet = before[b] / (k - first)
                loud = (total[b] - before[b]) / (last - k)
                if loud > quiet:
                    gain += whole[b] - (k - first) * math.log(quiet) - (last - k) * math.log(loud)
            if k >= 0 and gain > best:
                best = gain
                attacks[at] = k
