"""Each kind of processing does what it says, to a number that can be measured."""

import numpy as np
import pytest

from drumscribe.synthesis.effects import (
    band_limits,
    change_pitch,
    coloured_noise,
    compress,
    equalise,
    random_curve,
    reverberate,
    rms,
    saturate,
    shorten,
)
from drumscribe.synthesis.one_shots import OneShot, place

RATE = 44100


def sine(hz: float, seconds: float = 1.0, level: float = 1.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def level_db(samples: np.ndarray, hz: float) -> float:
    """Of one frequency, in dB against a sine of full scale."""
    window = np.hanning(len(samples))
    wave = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE)
    return 20.0 * np.log10(2.0 * abs(np.sum(samples * window * wave)) / window.sum() + 1e-12)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_place_puts_the_attack_on_the_sample_and_adds() -> None:
    shot = OneShot(np.array([0.1, 1.0, 0.5], np.float32), onset=1)
    out = np.ones(8, np.float32)
    place(out, shot, 4, 0.5)
    np.testing.assert_allclose(out, [1, 1, 1, 1.05, 1.5, 1.25, 1, 1])


def test_place_cuts_what_lies_outside() -> None:
    shot = OneShot(np.array([0.25, 1.0, 0.5], np.float32), onset=1)
    out = np.zeros(3, np.float32)
    place(out, shot, 0, 1.0)
    place(out, shot, 2, 1.0)
    np.testing.assert_allclose(out, [1.0, 0.75, 1.0])
    place(out, shot, 50, 1.0)
    place(out, shot, -50, 1.0)
    np.testing.assert_allclose(out, [1.0, 0.75, 1.0])


def test_place_chokes_from_the_stop_on() -> None:
    samples = np.ones(4000, np.float32)
    out = np.zeros(5000, np.float32)
    place(out, OneShot(samples, 0), 100, 1.0, stop=1100, fade=500)
    assert (out[100:1100] == 1.0).all()
    assert (np.diff(out[1101:1600]) < 0).all()
    assert not out[1600:].any()
    assert (samples == 1.0).all(), "the recording itself is not to change"


def test_change_pitch_is_faster_and_higher() -> None:
    higher = change_pitch(sine(440), 1.5)
    assert len(higher) == pytest.approx(RATE / 1.5, abs=2)
    assert level_db(higher[2000:-2000], 660) == pytest.approx(0.0, abs=0.1)
    assert level_db(higher[2000:-2000], 440) < -60


def test_shorten_loses_60_db_in_the_decay() -> None:
    shortened = shorten(np.ones(RATE, np.float32), 10000, onset=500)
    assert len(shortened) == 12500
    assert (shortened[:501] == 1.0).all()
    assert 20 * np.log10(shortened[10500]) == pytest.approx(-60.0, abs=0.1)


@pytest.mark.parametrize(("hz", "gain_db"), [(50, -6), (100, -6), (1000, 9), (10000, -20), (15000, -20)])
def test_equalise_has_the_gain_asked_for(hz: float, gain_db: float) -> None:
    curve = np.array([100.0, 1000.0, 10000.0]), np.array([-6.0, 9.0, -20.0])
    assert level_db(equalise(sine(hz), RATE, *curve), hz) == pytest.approx(gain_db, abs=0.2)


def test_equalise_does_not_delay() -> None:
    click = np.zeros(2000, np.float32)
    click[700] = 1.0
    filtered = equalise(click, RATE, np.array([100.0, 8000.0]), np.array([3.0, -3.0]))
    assert len(filtered) == 2000
    assert np.argmax(np.abs(filtered)) == 700


def test_band_limits_fall_by_so_much_per_octave() -> None:
    curve = band_limits(200.0, 4000.0, order_db=18.0)
    for hz, expected in ((100, -18), (50, -36), (800, 0), (8000, -18), (16000, -36)):
        assert level_db(equalise(sine(hz), RATE, *curve), hz) == pytest.approx(expected, abs=0.5)


def test_a_random_curve_rises_in_frequency_and_is_as_spread_as_asked(rng) -> None:
    curves = [random_curve(rng, 4.0) for _ in range(300)]
    assert all((np.diff(frequencies) > 0).all() for frequencies, _ in curves)
    assert np.std([gains for _, gains in curves]) == pytest.approx(4.0, rel=0.1)


def test_reverb_decays_by_60_db_in_its_time(rng) -> None:
    click = np.zeros(2 * RATE, np.float32)
    click[0] = 1.0
    room = reverberate(click, RATE, rng, 1.0, 0.0, 0.5)
    assert room[0] == pytest.approx(1.0, abs=1e-3)
    low = equalise(room, RATE, np.array([300.0, 1200.0]), np.array([0.0, -80.0]))
    early, late = (rms(low[int(t * RATE) : int((t + 0.1) * RATE)]) for t in (0.2, 0.7))
    assert 20 * np.log10(early / late) == pytest.approx(30.0, abs=4.0)
    assert not np.abs(room[int(1.03 * RATE) :]).max() > 1e-5


def test_reverb_is_as_loud_as_asked(rng) -> None:
    click = np.zeros(2 * RATE, np.float32)
    click[0] = 1.0
    room = reverberate(click, RATE, rng, 0.5, -12.0, 0.5)[1:]
    assert 10 * np.log10(np.sum(np.square(room))) == pytest.approx(-12.0, abs=0.5)


def test_compress_reduces_by_its_ratio_above_the_threshold() -> None:
    loud, soft = sine(1000, 1.0, 0.8), sine(1000, 1.0, 0.02)
    squeezed = compress(np.concatenate([loud, soft]), RATE, -20.0, 4.0, 0.005, 0.05)
    # 20 dB over the threshold become 5, so the gain is -15 dB; the soft part lies below it
    assert level_db(squeezed[RATE // 2 : RATE], 1000) - level_db(loud[: RATE // 2], 1000) == pytest.approx(-15, abs=0.5)
    assert level_db(squeezed[-RATE // 3 :], 1000) - level_db(soft[: RATE // 3], 1000) == pytest.approx(0.0, abs=0.1)


def test_compress_lets_the_attack_through() -> None:
    sound = np.concatenate([np.zeros(RATE // 10, np.float32), sine(1000, 0.5)])
    slow, fast = (compress(sound, RATE, -20.0, 10.0, attack, 0.1) for attack in (0.03, 0.0005))
    start = slice(RATE // 10, RATE // 10 + 200)
    assert np.abs(slow[start]).max() > 2 * np.abs(fast[start]).max()


def test_saturate_keeps_the_peak_and_adds_odd_harmonics() -> None:
    bent = saturate(sine(1000, level=0.4), 5.0)
    assert np.abs(bent).max() == pytest.approx(0.4, abs=1e-4)
    assert level_db(bent, 3000) > -25
    assert level_db(bent, 2000) < -60
    assert rms(bent) > rms(sine(1000, level=0.4))


@pytest.mark.parametrize("slope_db", [0.0, 3.0, 6.0])
def test_noise_falls_by_its_slope(rng, slope_db: float) -> None:
    noise = coloured_noise(rng, 1 << 17, slope_db)
    assert rms(noise) == pytest.approx(1.0, abs=1e-3)
    power = np.square(np.abs(np.fft.rfft(noise)))
    octaves = [10 * np.log10(power[1 << k : 2 << k].mean()) for k in range(9, 16)]
    assert np.polyfit(np.arange(len(octaves)), octaves, 1)[0] == pytest.approx(-slope_db, abs=0.3)


def test_rms_of_a_sine_and_of_nothing() -> None:
    assert rms(sine(100)) == pytest.approx(0.5**0.5, abs=1e-3)
    assert rms(np.zeros(0, np.float32)) == 0.0


@pytest.mark.parametrize("process", [lambda s: saturate(s, 3.0), lambda s: compress(s, RATE, -10.0, 4.0, 0.01, 0.1)])
def test_silence_stays_silence(process) -> None:
    assert not process(np.zeros(1000, np.float32)).any()


@pytest.mark.parametrize(
    "process",
    [
        lambda s, rng: equalise(s, RATE, *random_curve(rng, 3.0)),
        lambda s, rng: reverberate(s, RATE, rng, 0.3, -10.0, 0.5),
        lambda s, rng: compress(s, RATE, rng.uniform(-20, -5), 4.0, 0.01, 0.1),
        lambda s, rng: saturate(s, rng.uniform(1, 5)),
        lambda s, rng: s + coloured_noise(rng, len(s), 3.0),
        lambda s, rng: change_pitch(s, rng.uniform(0.8, 1.2)),
        lambda s, rng: shorten(s, rng.uniform(5000, 9000)),
    ],
)
def test_the_same_seed_gives_the_same_samples_in_float32(process) -> None:
    sound = sine(200, 0.5)
    first, second, other = (process(sound.copy(), np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
