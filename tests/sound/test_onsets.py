"""Onsets are found where something is struck, timed to the attack, and do not depend on the block size."""

import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from drumscribe.sound.onsets import OnsetDetector, Onsets
from drumscribe.sound.spectrogram import Spectrogram, SpectrogramSettings, compute_spectrogram

RATE = 44100
EMPTY = np.zeros(0, np.float32)


def burst(seconds: float = 0.15, decay: float = 0.03, seed: int = 0) -> np.ndarray:
    """Noise that starts at once and decays."""
    t = np.arange(round(seconds * RATE)) / RATE
    return (np.random.default_rng(seed).uniform(-0.7, 0.7, len(t)) * np.exp(-t / decay)).astype(np.float32)


def thump(seconds: float = 0.3) -> np.ndarray:
    """A kick without a click: a falling sine from zero."""
    t = np.arange(round(seconds * RATE)) / RATE
    fade = np.minimum(1.0, (t[-1] - t) / 0.1)
    return (0.8 * fade * np.sin(2 * np.pi * (50 * t + 1.5 * (1 - np.exp(-40 * t)))) * np.exp(-t / 0.1)).astype(
        np.float32
    )


def place(seconds: float, *strokes: tuple[float, np.ndarray], noise: float = 1e-4) -> np.ndarray:
    """Sounds at times, over faint noise."""
    samples = np.random.default_rng(9).normal(0.0, noise, round(seconds * RATE)).astype(np.float32)
    for time, sound in strokes:
        start = round(time * RATE)
        samples[start : start + len(sound)] += sound[: len(samples) - start]
    return samples


def detect(samples: np.ndarray, sizes=(65536,)) -> Onsets:
    """All onsets, the samples pushed in blocks of these sizes in turn."""
    spectrogram, detector = Spectrogram(SpectrogramSettings()), OnsetDetector()
    found, at, turn = [], 0, 0
    while at < len(samples):
        block = samples[at : at + sizes[turn % len(sizes)]]
        found.append(detector.push(block, spectrogram.push(block)))
        at, turn = at + len(block), turn + 1
    found += [detector.push(EMPTY, spectrogram.flush()), detector.flush()]
    return Onsets.concat(found)


def assert_found(samples: np.ndarray, times, within: float = 0.002) -> None:
    """Exactly these onsets, each at its time."""
    found = detect(samples).times
    assert len(found) == len(times), found
    np.testing.assert_allclose(found, times, rtol=0, atol=within)


def test_bursts_are_timed_to_the_attack():
    times = [0.5003, 0.777, 1.0101, 1.5555, 1.9]
    assert_found(place(2.5, *((t, burst(seed=i)) for i, t in enumerate(times))), times)


def test_an_impulse_is_timed_to_the_attack():
    click = np.array([0.9, -0.5, 0.2], np.float32)
    assert_found(place(2.0, (0.6, click), (1.2345, click)), [0.6, 1.2345])


def test_a_kick_without_a_click_is_timed_to_its_start():
    times = [0.4, 0.9077, 1.5]
    assert_found(place(2.2, *((t, thump()) for t in times)), times)


def test_hits_in_the_tail_of_others_are_found():
    samples = place(2.0, (0.5, thump()), (0.65, 0.4 * burst()), (1.0, burst(0.8, 0.4)), (1.2, thump()))
    assert_found(samples, [0.5, 0.65, 1.0, 1.2], 0.003)


def test_a_hit_on_the_very_first_sample_is_found():
    assert_found(place(1.0, (0.0, burst())), [0.0])
    assert_found(place(1.0, (0.0, thump())), [0.0])


@pytest.mark.parametrize("offset", [0.0, 0.0031, 0.0057])
def test_two_hits_40_ms_apart_are_two(offset):
    first = 0.5 + offset
    assert_found(
        place(1.5, (first, burst(decay=0.015)), (first + 0.04, burst(decay=0.015, seed=1))), [first, first + 0.04]
    )


def test_a_quiet_hit_after_a_loud_passage_is_found():
    loud = [(0.5 + 0.125 * i, burst(seed=i)) for i in range(16)]
    last = loud[-1][0] + 0.5
    found = detect(place(last + 1.0, *loud, (last, 0.01 * burst()))).times
    assert np.min(np.abs(found - last)) < 0.002
    assert len(found) == 17


@pytest.mark.parametrize("level", [0.003, 0.03, 1.0])
def test_hits_are_found_at_any_level(level):
    times = [0.5, 0.8, 1.1]
    assert_found(level * place(1.6, *((t, burst()) for t in times)), times)


def test_silence_holds_no_onsets():
    assert len(detect(np.zeros(RATE, np.float32))) == 0
    assert len(detect(EMPTY)) == 0
    assert len(detect(np.zeros(1, np.float32))) == 0


def test_steady_sounds_hold_no_onsets_but_where_they_begin():
    t = np.arange(3 * RATE) / RATE
    hum = sum(0.2 / k * np.sin(2 * np.pi * 50 * k * t) for k in range(1, 8)).astype(np.float32)
    assert np.all(detect(hum).times < 0.02)
    noise = np.random.default_rng(3).normal(0.0, 0.05, 3 * RATE).astype(np.float32)
    assert np.sum(detect(noise).times > 0.02) <= 3


def test_vibrato_holds_no_onsets():
    t = np.arange(3 * RATE) / RATE
    phase = 2 * np.pi * (440 * t + 440 * 0.03 / (2 * np.pi * 6) * np.sin(2 * np.pi * 6 * t))
    tone = sum(0.2 / k * np.sin(k * phase) for k in range(1, 6)).astype(np.float32)
    assert np.all(detect(tone).times < 0.02)


def test_the_block_size_does_not_matter_to_the_bit():
    rng = np.random.default_rng(5)
    strokes = [
        (t, rng.uniform(0.05, 1.0) * (burst(seed=i) if i % 3 else thump()))
        for i, t in enumerate(np.sort(rng.uniform(0.0, 2.6, 20)))
    ]
    samples = place(3.0, *strokes, noise=1e-3)
    whole = detect(samples, (len(samples),))
    assert len(whole) > 12
    for sizes in ((1, 7, 300), (441,), (4096,), tuple(rng.integers(1, 3000, 50)), (100_000,)):
        found = detect(samples, sizes)
        assert found.times.tobytes() == whole.times.tobytes()
        assert found.strengths.tobytes() == whole.strengths.tobytes()


def test_onsets_come_in_order_and_apart():
    samples = (
        np.random.default_rng(2).normal(0.0, 0.1, 5 * RATE) * np.random.default_rng(4).uniform(0, 1, 5 * RATE) ** 8
    )
    for at in np.random.default_rng(6).uniform(0, 4.8, 60):
        samples[int(at * RATE) : int(at * RATE) + 6615] += burst()
    found = detect(samples.astype(np.float32))
    assert np.all(np.diff(found.times) > 0.014)
    assert found.times.dtype == np.float64 and found.strengths.dtype == np.float32
    assert np.all(found.strengths > 0)


def test_broken_samples_do_not_poison_what_follows():
    samples = place(3.0, (0.5, burst()), (2.0, burst()))
    samples[RATE] = np.nan
    samples[RATE + 9000] = np.inf
    spectrogram, detector = Spectrogram(SpectrogramSettings()), OnsetDetector()
    frames = spectrogram.push(np.nan_to_num(samples, posinf=0.0))
    times = np.concatenate([detector.push(samples, frames).times, detector.flush().times])
    assert np.all(np.isfinite(times))
    assert np.min(np.abs(times - 0.5)) < 0.002
    assert np.min(np.abs(times - 2.0)) < 0.002


def test_strength_follows_the_rise():
    found = detect(place(2.0, (0.5, 0.002 * burst()), (1.2, burst()), noise=1e-4))
    assert found.strengths[1] > 2 * found.strengths[0]


def test_approximate_times_are_refined_to_the_attack():
    times = np.array([0.5, 0.9, 1.3])
    samples = place(2.0, *((t, sound) for t, sound in zip(times, (burst(), thump(), burst()), strict=True)))
    spectrogram, detector = Spectrogram(SpectrogramSettings()), OnsetDetector()
    detector.push(samples, spectrogram.push(samples))
    for error in (-0.015, -0.006, 0.004, 0.015):
        np.testing.assert_allclose(detector.refine(times + error), times, rtol=0, atol=0.002)
    assert abs(detector.refine(np.array([0.25]))[0] - 0.25) < 0.021
    detector.flush()
    np.testing.assert_allclose(detector.refine(times + 0.01), times, rtol=0, atol=0.002)


def test_refining_refuses_what_it_cannot_know():
    detector = OnsetDetector(memory=1.0)
    with pytest.raises(ValueError, match="cannot be refined yet"):
        detector.refine(np.array([0.5]))
    for _ in range(20):
        detector.push(np.zeros(RATE, np.float32), np.zeros((100, 80), np.float32))
    with pytest.raises(ValueError, match="no longer in memory"):
        detector.refine(np.array([0.5]))
    assert len(detector.refine(np.array([detector.known_until - 1.0, detector.known_until]))) == 2


def test_a_long_stream_takes_constant_memory():
    detector = OnsetDetector(memory=2.0)
    block, frames = np.zeros(10 * RATE, np.float32), np.zeros((1000, 80), np.float32)
    block[:6615] = burst()
    frames[:10] = 0.8

    def held() -> int:
        return len(pickle.dumps(detector))

    detector.push(block, frames)
    before, found = held(), 0
    for _ in range(60):
        found += len(detector.push(block, frames))
    assert found == 60
    assert held() < before + 2000


def test_times_stay_exact_late_in_a_long_stream():
    detector, minute = OnsetDetector(memory=1.0), np.zeros(60 * RATE, np.float32)
    quiet = compute_spectrogram(minute, SpectrogramSettings())[:6000]
    for _ in range(60):
        detector.push(minute, quiet)
    second = np.zeros(RATE, np.float32)
    samples = np.concatenate([second, burst(), second])
    found = detector.push(samples, compute_spectrogram(samples, SpectrogramSettings())).times
    at_once = place(3.0, (1.0, burst()))
    expected = OnsetDetector().push(at_once, compute_spectrogram(at_once, SpectrogramSettings())).times
    assert found[0] - 3600.0 == pytest.approx(expected[0], abs=5e-5)  # single precision would be off by up to 1.2e-4


def test_a_detector_serves_one_stream_after_another():
    first, second = place(1.0, (0.5, burst())), place(1.5, (0.9, thump()))
    detector = OnsetDetector()
    for samples, time in ((first, 0.5), (second, 0.9), (first, 0.5)):
        spectrogram = Spectrogram(SpectrogramSettings())
        found = [detector.push(samples, spectrogram.push(samples)), detector.push(EMPTY, spectrogram.flush())]
        times = np.concatenate([f.times for f in [*found, detector.flush()]])
        assert len(times) == 1 and abs(times[0] - time) < 0.002


def test_an_onset_is_known_after_the_stated_delay():
    samples = place(2.0, (0.8, burst()))
    frames = np.concatenate([(s := Spectrogram(SpectrogramSettings())).push(samples), s.flush()])
    detector = OnsetDetector()
    known = None
    for i in range(len(frames)):
        given = detector.push(samples[i * 441 : (i + 1) * 441], frames[i : i + 1])
        if len(given) and known is None:
            known = i
    assert known is not None and known <= 80 + 1 + OnsetDetector.latency
    assert detector.known_until > 1.9 - 0.03 - 0.01 * OnsetDetector.latency


def test_what_is_settled_holds_all_its_onsets():
    samples = place(4.0, *((0.3 + 0.21 * i, burst(seed=i)) for i in range(17)))
    spectrogram, detector = Spectrogram(SpectrogramSettings()), OnsetDetector()
    all_times = detect(samples).times
    given = []
    for start in range(0, len(samples), 3000):
        given += detector.push(
            samples[start : start + 3000], spectrogram.push(samples[start : start + 3000])
        ).times.tolist()
        assert len(given) >= np.sum(all_times < detector.known_until)


def test_other_rates_work():
    rate, hop = 22050, 256
    detector = OnsetDetector(rate, hop, 40)
    spectrogram = Spectrogram(SpectrogramSettings(rate, hop, 1024, 40, 20.0, 10000.0))
    samples = np.random.default_rng(0).normal(0.0, 1e-4, 2 * rate).astype(np.float32)
    t = np.arange(4000) / rate
    samples[rate : rate + 4000] += (np.random.default_rng(1).uniform(-0.7, 0.7, 4000) * np.exp(-t / 0.03)).astype(
        np.float32
    )
    found = detector.push(samples, spectrogram.push(samples)).times
    assert len(found) == 1 and abs(found[0] - 1.0) < 0.002


def test_wrong_shapes_are_refused():
    detector = OnsetDetector()
    with pytest.raises(ValueError, match="one dimension"):
        detector.push(np.zeros((10, 2), np.float32), np.zeros((0, 80), np.float32))
    with pytest.raises(ValueError, match=r"\(frames, 80\)"):
        detector.push(EMPTY, np.zeros((1, 64), np.float32))


FALLBACK = """
import warnings
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    import numpy as np
    from drumscribe.sound.onsets import OnsetDetector
    from drumscribe.sound.spectrogram import Spectrogram, SpectrogramSettings
    samples = np.zeros(44100, np.float32)
    samples[22050:26000] = np.random.default_rng(0).uniform(-0.5, 0.5, 3950)
    detector = OnsetDetector()
    times = np.concatenate([
        detector.push(samples, Spectrogram(SpectrogramSettings()).push(samples)).times, detector.flush().times
    ])
assert len(times) == 1 and abs(times[0] - 0.5) < 0.002, times
print(sum("NUMBA_CACHE_DIR" in str(w.message) for w in said))
"""


def test_where_no_cache_can_be_written_it_warns_once_and_works(tmp_path):
    import shutil

    import drumscribe

    package = tmp_path / "drumscribe"
    shutil.copytree(Path(drumscribe.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for source in package.rglob("__init__.py"):
        source.with_name("__pycache__").write_text("a file where the folder would be, which stops even root")
    blocked = tmp_path / "file"
    blocked.write_text("")
    environment = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    environment |= {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE"):
        environment[name] = str(blocked / "below")
    done = subprocess.run(
        [sys.executable, "-c", FALLBACK], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "1"


def test_where_a_cache_can_be_written_nothing_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        from drumscribe.compiling import compiled

        assert compiled("f8 -> f8")(lambda x: x + 1.0)(1.0) == 2.0
