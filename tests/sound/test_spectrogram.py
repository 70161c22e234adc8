"""The frames are librosa's, do not depend on the block size, and have the scale that they say."""

import numpy as np
import pytest

from drumscribe.errors import DrumscribeError
from drumscribe.sound.spectrogram import Spectrogram, SpectrogramSettings, compute_spectrogram

SETTINGS = SpectrogramSettings()


@pytest.fixture
def samples() -> np.ndarray:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(3 * SETTINGS.rate).astype(np.float32)
    return noise * np.exp(-np.arange(len(noise)) % 22050 / 4000).astype(np.float32) * 0.3


def test_frames_equal_librosa(samples: np.ndarray) -> None:
    librosa = pytest.importorskip("librosa")
    power = (
        librosa.feature.melspectrogram(
            y=samples,
            sr=SETTINGS.rate,
            n_fft=SETTINGS.window,
            hop_length=SETTINGS.hop,
            n_mels=SETTINGS.bands,
            fmin=SETTINGS.fmin,
            fmax=SETTINGS.fmax,
            htk=True,
            norm=None,
        )
        / (SETTINGS.window / 4) ** 2
    )
    expected = np.maximum(0.0, 10.0 * np.log10(np.maximum(power, 1e-10)) + 100.0) / 100.0
    frames = compute_spectrogram(samples, SETTINGS)
    assert frames.shape == expected.T.shape
    np.testing.assert_allclose(frames, expected.T, atol=1e-4)


@pytest.mark.parametrize("block", [1000, 441, 64, 30000])
def test_frames_do_not_depend_on_the_block_size(samples: np.ndarray, block: int) -> None:
    spectrogram = Spectrogram(SETTINGS)
    parts = [spectrogram.push(samples[i : i + block]) for i in range(0, len(samples), block)]
    parts.append(spectrogram.flush())
    np.testing.assert_array_equal(np.concatenate(parts), compute_spectrogram(samples, SETTINGS))


def test_silence_is_zero_and_a_full_scale_sine_is_one() -> None:
    assert not compute_spectrogram(np.zeros(44100, np.float32), SETTINGS).any()
    sine = np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100).astype(np.float32)
    assert compute_spectrogram(sine, SETTINGS)[50].max() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("length", [0, 1, 440, 441, 100_000])
def test_frame_count(length: int) -> None:
    assert len(compute_spectrogram(np.zeros(length, np.float32), SETTINGS)) == 1 + length // SETTINGS.hop


def test_a_linear_scale_with_a_band_for_each_bin_is_the_fourier_transform() -> None:
    settings = SpectrogramSettings(bands=1024, fmin=0.0, fmax=1025 * 44100 / 2048, scale="linear")
    t = np.arange(44100) / 44100
    for index in (10, 500, 1000):
        frames = compute_spectrogram(np.sin(2 * np.pi * (index + 1) * 44100 / 2048 * t).astype(np.float32), settings)
        assert frames[50].argmax() == index
        assert frames[50, index] == pytest.approx(1.0, abs=1e-3)
        assert (frames[50, np.abs(np.arange(1024) - index) > 3] < 0.4).all(), "40 dB of a Hann window and more"


def test_bands_of_a_logarithmic_scale_are_octaves_apart_and_none_is_deaf() -> None:
    settings = SpectrogramSettings(bands=96, fmin=30.0, fmax=16000.0, scale="log")
    t = np.arange(44100) / 44100
    loudest = []
    for hz in (500.0, 1000.0, 2000.0, 4000.0):
        frame = compute_spectrogram(np.sin(2 * np.pi * hz * t).astype(np.float32), settings)[50]
        loudest.append(int(frame.argmax()))
    assert np.ptp(np.diff(loudest)) <= 1
    click = np.zeros(44100, np.float32)
    click[22050] = 1.0
    assert (compute_spectrogram(click, settings)[50] > 0.0).all()


def test_a_scale_that_is_none_is_refused() -> None:
    with pytest.raises(DrumscribeError, match="unknown spectrogram scale 'bark'"):
        SpectrogramSettings(scale="bark")
