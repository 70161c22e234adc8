"""Fourier transforms without loading scipy.fft: the same numbers as with it, and as where its module is elsewhere."""

import numpy as np
import pytest
from scipy import fft

from drumscribe import fourier


@pytest.fixture(params=["compiled", "public"], autouse=True)
def way(request, monkeypatch) -> None:
    if request.param == "public":
        monkeypatch.setattr(fourier, "_pocketfft", lambda: None)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_transforms_are_those_of_scipy_to_the_bit(kind: type) -> None:
    frames = np.random.default_rng(1).standard_normal((5, 2048)).astype(kind)
    spectrum = fft.rfft(frames, axis=1)
    np.testing.assert_array_equal(fourier.rfft(frames, 1), spectrum)
    given = np.empty_like(spectrum)
    assert fourier.rfft(frames, 1, given) is given
    np.testing.assert_array_equal(given, spectrum)
    np.testing.assert_array_equal(fourier.irfft(spectrum[0], 2048), fft.irfft(spectrum[0], 2048))


def test_sizes_are_those_of_scipy() -> None:
    assert [fourier.fast_size(n) for n in (7, 1000, 4093)] == [fft.next_fast_len(n, real=True) for n in (7, 1000, 4093)]
