"""The inner loops of the onset detector, compiled by numba; `onsets` says what they are for."""

import math

import numpy as np

from .jit import compiled


@compiled
def band_energies(samples, step, coefficients, state, out):
    """Mean square of each band in each whole step; bands are differences of two-pole low-passes side by side.

    ``state`` is ``(crossovers, 2) float32`` and carried on; ``out`` is ``(steps, crossovers + 1) float32``.
    """
    crossovers = len(coefficients)
    for k in range(len(out)):
        for b in range(crossovers + 1):
            out[k, b] = 0.0
        for i in range(k * step, (k + 1) * step):
            lower = np.float32(0.0)
            for b in range(crossovers):
                state[b, 0] += coefficients[b] * (samples[i] - state[b, 0])
                state[b, 1] += coefficients[b] * (state[b, 0] - state[b, 1])
                band = state[b, 1] - lower
                lower = state[b, 1]
                out[k, b] += band * band
            band = samples[i] - lower
            out[k, crossovers] += band * band
        for b in range(crossovers + 1):
            # NaN and infinity in the input count as silence
            out[k, b] = out[k, b] / step if out[k, b] < 1e12 else 0.0
        for b in range(crossovers):
            for pole in range(2):
                # Denormal numbers are slow, and NaN would stay for ever
                if not 1e-15 < abs(state[b, pole]) < 1e12:
                    state[b, pole] = 0.0


@compiled
def _loudness(value, floor, knee):
    """A hyperbola: ``value - floor`` above the floor, 0 below, half a knee at it."""
    above = value - floor
    return np.float32(0.5) * (above + math.sqrt(above * above + knee * knee))


@compiled
def compute_novelty(frames, floor, knee, previous, out):
    """SuperFlux: the mean rise over the frame before, whose bands are replaced by the greatest of three neighbours.

    ``previous`` ``(bands,) float32`` is the frame before the first, and is left holding the last.
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
                total += _loudness(frames[i, b], floor, knee) - _loudness(highest, floor, knee)
        out[i] = total / bands
        for b in range(bands):
            previous[b] = frames[i, b]


@compiled
def find_peaks(novelty, before, after, mean_before, mean_after, threshold, found):
    """Frames whose novelty is the greatest nearby and exceeds the mean nearby; returns how many were found.

    In the mean no neighbour counts for more than the frame itself, lest a loud stroke hide a soft one 40 ms later.
    The first decided is frame ``mean_before`` of ``novelty``, the last the one that ``mean_after`` others follow.
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


@compiled
def find_attack(energies, supposed, reach, pull, floor):
    """The step within ``reach`` of the one supposed at which the energies around it are best cut in two.

    A Gaussian signal of constant level over n steps has the log-likelihood -n/2 log(mean energy) but for constants,
    so a cut gains (n log m - n1 log m1 - n2 log m2) / 2; only bands that become louder count, and distance costs.
    Before its first step the stream is silent.
    """
    bands = energies.shape[1]
    first = supposed - reach
    last = min(supposed + reach, len(energies))
    total = np.zeros(bands)
    for k in range(max(first, 0), last):
        for b in range(bands):
            total[b] += energies[k, b]
    whole = np.zeros(bands)
    for b in range(bands):
        total[b] += floor * (last - first)
        whole[b] = (last - first) * math.log(total[b] / (last - first))
    before = np.zeros(bands)
    best = -np.inf
    attack = supposed
    for k in range(first + 1, last):
        gain = -pull * (k - supposed) * (k - supposed)
        for b in range(bands):
            before[b] += floor + (energies[k - 1, b] if k > 0 else 0.0)
            quiet = before[b] / (k - first)
            loud = (total[b] - before[b]) / (last - k)
            if loud > quiet:
                gain += whole[b] - (k - first) * math.log(quiet) - (last - k) * math.log(loud)
        if k >= 0 and gain > best:
            best = gain
            attack = k
    return attack
