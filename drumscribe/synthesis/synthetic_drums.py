"""Small synthetic drums and clicks for listening to transcriptions; all their constants are chosen by ear."""

from collections.abc import Callable

import numpy as np

from ..music.drums import ARTICULATIONS

_CLICKS_HZ = {"kick": 500.0, "tom": 750.0, "snare": 1000.0, "side_stick": 1500.0, "cymbal": 2200.0, "hihat": 3200.0}


def make_clicks(rate: int) -> dict[str, np.ndarray]:
    """Make a short tone for each articulation, with a pitch per instrument.

    Parameters
    ----------
    rate : int
        Samples per second.

    Returns
    -------
    dict[str, np.ndarray]
        ``(samples,) float32`` with a peak of 1, by articulation.
    """
    return {a.name: _normalised(_tone(rate, 0.035, _CLICKS_HZ[a.instrument], 120.0)) for a in ARTICULATIONS}


def make_drums(rate: int) -> dict[str, np.ndarray]:
    """Make a synthetic drum for each articulation.

    Parameters
    ----------
    rate : int
        Samples per second.

    Returns
    -------
    dict[str, np.ndarray]
        ``(samples,) float32`` with a peak of 1, by articulation.
    """
    return {a.name: _normalised(_DRUMS[a.name](rate)) for a in ARTICULATIONS}


def _tone(rate: int, seconds: float, hz: float, decay: float, fall: float = 0.0) -> np.ndarray:
    """Make a decaying sine, from `1 + fall` times its frequency down to it; `decay` is in nepers per second."""
    t = np.arange(int(rate * seconds)) / rate
    return np.sin(2 * np.pi * hz * (t + fall * (1 - np.exp(-30 * t)) / 30)) * np.exp(-decay * t)


def _noise(rate: int, seconds: float, decay: float, order: int = 1) -> np.ndarray:
    """Make decaying noise without lows: differentiated `order` times."""
    length = int(rate * seconds)
    noise = np.diff(np.random.default_rng(7).standard_normal(length + order), order)
    return noise / 2.0**order * np.exp(-decay * np.arange(length) / rate)


def _metal(rate: int, seconds: float, decay: float, hz: tuple[float, ...]) -> np.ndarray:
    return sum((_tone(rate, seconds, f, decay) for f in hz), np.zeros(())) / len(hz)


def _kick(rate: int) -> np.ndarray:
    return _tone(rate, 0.3, 50.0, 14.0, 4.0)


def _snare(rate: int) -> np.ndarray:
    return _noise(rate, 0.2, 26.0) + 0.5 * _tone(rate, 0.2, 185.0, 30.0, 0.5)


def _rimshot(rate: int) -> np.ndarray:
    return _snare(rate) + 0.8 * _tone(rate, 0.2, 480.0, 50.0)


def _side_stick(rate: int) -> np.ndarray:
    return _metal(rate, 0.06, 110.0, (820.0, 1730.0)) + 0.2 * _noise(rate, 0.06, 200.0)


def _ride(rate: int) -> np.ndarray:
    return 0.3 * _noise(rate, 0.9, 6.0, 2) + 0.5 * _metal(rate, 0.9, 9.0, (3150.0, 4370.0, 5240.0, 7910.0))


def _ride_bell(rate: int) -> np.ndarray:
    return 0.15 * _noise(rate, 0.9, 8.0, 2) + _metal(rate, 0.9, 6.0, (1180.0, 2390.0, 3530.0))


def _tom(hz: float) -> Callable[[int], np.ndarray]:
    return lambda rate: _tone(rate, 0.4, hz, 11.0, 0.6)


def _hihat(seconds: float, decay: float) -> Callable[[int], np.ndarray]:
    return lambda rate: _noise(rate, seconds, decay, 3)


_DRUMS: dict[str, Callable[[int], np.ndarray]] = {
    "kick": _kick,
    "snare": _snare,
    "rimshot": _rimshot,
    "side_stick": _side_stick,
    "hihat_closed": _hihat(0.08, 60.0),
    "hihat_open": _hihat(0.45, 9.0),
    "hihat_pedal": _hihat(0.06, 90.0),
    "tom_low": _tom(82.0),
    "tom_mid": _tom(118.0),
    "tom_high": _tom(165.0),
    "crash": lambda rate: _noise(rate, 1.4, 3.5, 2),
    "ride": _ride,
    "ride_bell": _ride_bell,
}


def _normalised(samples: np.ndarray) -> np.ndarray:
    ending = min(len(samples), 200)
    samples = samples.copy()
    samples[len(samples) - ending :] *= np.linspace(1.0, 0.0, ending)
    return (samples / np.abs(samples).max()).astype(np.float32)
