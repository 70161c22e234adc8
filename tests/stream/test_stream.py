"""An engine gives the same hits however it is called, in the host's own time, as late as it says; and never waits."""

import threading
import time
from collections import deque
from collections.abc import Iterable

import numpy as np
import pytest
from conftest import beat, kick, snare

from drumscribe.errors import ModelError
from drumscribe.hearing.candidates import Candidates
from drumscribe.hearing.conductor import Conductor
from drumscribe.hearing.decisions import Judge, move_thresholds
from drumscribe.hearing.evidence import unknown_recording
from drumscribe.hearing.recording import Recording
from drumscribe.hearing.similarity import RunningLikeness
from drumscribe.network.answers import Answers
from drumscribe.network.classifier import Classifier
from drumscribe.network.model_file import model_file
from drumscribe.stream import Engine, Overrun, StateError, StreamHit
from drumscribe.stream.listener import Attention, Listener, look_aheads_of
from drumscribe.stream.processor import Analysis
from drumscribe.stream.resampling import Resampler

RATE = 48000


def sound(seconds: float, rate: int = RATE) -> np.ndarray:
    noise = 1e-3 * np.random.default_rng(5).standard_normal(round(seconds * rate))
    return beat(seconds, rate) + noise.astype(np.float32)


def prepared(rate: int = RATE, channels: int = 1, layout: str = "planar", **options) -> Engine:
    engine = Engine(**{"threaded": False, **options})
    engine.prepare(rate, 16384, channels, layout)
    return engine


def blocks_of(samples: np.ndarray, sizes: Iterable[int]) -> Iterable[np.ndarray]:
    start = 0
    for size in sizes:
        yield samples[start : start + size]
        start += size
    yield samples[start:]


def listen(engine: Engine, samples: np.ndarray, block: int = 512) -> list[StreamHit]:
    hits = [hit for i in range(0, len(samples), block) for hit in engine.process(samples[i : i + block])]
    return hits + engine.flush()


def samples_of(hits: list[StreamHit], instrument: str) -> np.ndarray:
    return np.array([hit.sample for hit in hits if hit.instrument == instrument])


@pytest.fixture(scope="module")
def engine() -> Engine:
    return prepared()


@pytest.fixture(scope="module")
def hits(engine: Engine) -> list[StreamHit]:
    engine.reset()
    return listen(engine, sound(4.0))


def test_kicks_and_snares_are_heard_where_they_are(hits: list[StreamHit]) -> None:
    for instrument, first in (("kick", 0.25), ("snare", 0.75)):
        expected = np.arange(first, 3.9, 1.0) * RATE
        nearest = np.abs(samples_of(hits, instrument)[:, None] - expected).min(axis=0)
        assert (nearest < 0.01 * RATE).all()


@pytest.mark.parametrize("block", [64, 997, 16384])
def test_hits_do_not_depend_on_the_blocks(engine: Engine, hits: list[StreamHit], block: int) -> None:
    engine.reset()
    assert listen(engine, sound(4.0), block) == hits


def test_blocks_may_change_from_call_to_call_down_to_single_samples(engine: Engine, hits: list[StreamHit]) -> None:
    engine.reset()
    sizes = [*np.random.default_rng(2).integers(1, 700, 100).tolist(), *[1] * 5000, 0, 16384]
    found = [hit for block in blocks_of(sound(4.0)[: 3 * RATE], sizes) for hit in _all(engine, block)]
    assert found == [hit for hit in hits if hit in found]
    assert len(found) >= len([hit for hit in hits if hit.sample < 2.5 * RATE]) > 4


def _all(engine: Engine, block: np.ndarray) -> list[StreamHit]:
    return [hit for i in range(0, max(1, len(block)), 16384) for hit in engine.process(block[i : i + 16384])]


@pytest.fixture(scope="module")
def whole() -> np.ndarray:
    return np.rint(sound(1.5) * 20000).astype(np.int16)


@pytest.fixture(scope="module")
def hits_of_whole(engine: Engine, whole: np.ndarray) -> list[StreamHit]:
    engine.reset()
    return listen(engine, whole.astype(np.float32) / 32768)


@pytest.mark.parametrize("kind", [np.float32, np.int16])
@pytest.mark.parametrize(
    ("channels", "layout", "arrange"),
    [
        (1, "planar", lambda mono: mono),
        (1, "planar", lambda mono: mono[None]),
        (1, "interleaved", lambda mono: mono[:, None]),
        (2, "planar", lambda mono: np.stack([mono, mono])),
        (2, "interleaved", lambda mono: np.stack([mono, mono], axis=1)),
        (2, "interleaved", lambda mono: np.repeat(mono, 2)),
    ],
)
def test_every_layout_gives_the_same_hits(whole, hits_of_whole, kind, channels, layout, arrange) -> None:
    mono = whole if kind is np.int16 else whole.astype(np.float32) / 32768
    engine = prepared(channels=channels, layout=layout)
    found = [hit for i in range(0, len(mono), 480) for hit in engine.process(arrange(mono[i : i + 480]))]
    assert [*found, *engine.flush()] == hits_of_whole != []


def test_many_channels_are_averaged(whole, hits_of_whole) -> None:
    mono = whole.astype(np.float32) / 32768
    engine = prepared(channels=4, layout="interleaved")
    four = np.stack([2 * mono, mono, mono, np.zeros_like(mono)], axis=1)
    found = [hit for i in range(0, len(mono), 480) for hit in engine.process(four[i : i + 480])]
    assert [*found, *engine.flush()] == hits_of_whole


@pytest.mark.parametrize("rate", [22050, 32000, 44100, 96000, 192000])
def test_hits_are_in_the_hosts_time_at_any_rate(rate: int) -> None:
    found = listen(prepared(rate), sound(3.0, rate))
    for instrument, first in (("kick", 0.25), ("snare", 0.75)):
        expected = np.arange(first, 2.9, 1.0) * rate
        assert (np.abs(samples_of(found, instrument)[:, None] - expected).min(axis=0) < 0.01 * rate).all()


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_stroke_is_reported_within_the_latency_and_not_much_before(rate: int) -> None:
    engine = prepared(rate)
    frame = rate / 100
    for offset in range(0, 441, 110):  # anywhere between two frames
        engine.reset()
        at = round(0.5 * rate + offset * rate / 44100)
        samples = np.zeros(rate, np.float32)
        samples[at : at + rate // 5] += snare(rate)
        heard_at, hit = next(
            (i + 16, hit) for i in range(0, len(samples), 16) for hit in engine.process(samples[i : i + 16])
        )
        assert abs(hit.sample - at) < 0.005 * rate
        assert engine.latency_samples - 4 * frame < heard_at - at <= engine.latency_samples + 16


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_the_latency_is_resampler_window_look_ahead_second_look_and_what_a_peak_is_off(rate: int) -> None:
    engine = prepared(rate)
    engine.parameters["look_ahead"] = 30.0
    resampler = Resampler(rate, 44100).delay
    assert engine.latency_samples == pytest.approx(resampler + (1024 / 44100 + 0.03 + 0.015 + 0.008) * rate, abs=1)
    assert resampler < 0.001 * rate


def test_latency_goes_from_below_50_to_250_ms() -> None:
    engine = prepared()
    latencies = []
    for wanted in (0.0, 0.1, 0.25):
        engine.set_latency(wanted)
        latencies.append(engine.latency_samples / RATE)
    assert latencies[0] < 0.05
    assert 0.08 < latencies[1] <= 0.1
    assert 0.2 < latencies[2] <= 0.25


def test_a_look_ahead_that_changes_loses_and_repeats_nothing(hits: list[StreamHit]) -> None:
    samples = sound(4.0)

    def run(block: int) -> list[StreamHit]:
        engine = prepared()
        found = []
        for second, look_ahead in enumerate((50.0, 210.0, 30.0, 50.0)):
            engine.parameters["look_ahead"] = look_ahead
            part = samples[second * RATE : (second + 1) * RATE]
            found += [hit for i in range(0, RATE, block) for hit in engine.process(part[i : i + block])]
        return found + engine.flush()

    changing = run(512)
    assert changing == run(16000)
    for instrument in ("kick", "snare"):
        strokes = samples_of(changing, instrument)
        assert (np.diff(np.sort(strokes)) > 0.02 * RATE).all()
        for sure in (hit for hit in hits if hit.instrument == instrument and hit.confidence > 0.8):
            assert np.abs(strokes - sure.sample).min() < 0.01 * RATE


class WithoutMemory(RunningLikeness):
    """Knows nothing of what was before."""

    def remember(self, answers: Answers, first: int, last: int, origin: int) -> None:
        pass


class WithoutTheWhole(Judge):
    """Leaves out the stages that need a whole recording."""

    def finalise(self, candidates: Candidates, recording: np.ndarray) -> Candidates:
        return super().finalise(candidates, unknown_recording(candidates.activations))


def test_offline_transcription_is_this_path_with_all_of_the_future_and_the_stages_of_a_whole_recording(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To the bit, frames being analysed one by one in both, by a model whose ranges are fixed."""
    monkeypatch.setattr("drumscribe.stream.listener.RunningLikeness", WithoutMemory)
    model = model_file("base.int8")
    samples = beat(1.5, 44100) + 0.05 * np.random.default_rng(1).standard_normal(66150).astype(np.float32)
    listener = Listener(model)
    whole = look_aheads_of(listener.info)[0]
    thresholds = move_thresholds(whole.thresholds, [0.5] * len(whole.thresholds))
    attention = Attention(whole.frames, Judge(whole.weights, thresholds))
    live = [*listener.push(samples[:1000], attention), *listener.push(samples[1000:], attention)]
    live += listener.flush(attention)
    classifier, conductor = Classifier(model), Conductor(listener.info, 30.0, group=1)
    offline = Recording(listener.info, conductor, WithoutTheWhole(whole.weights, thresholds))
    frames = np.concatenate([conductor.push(samples), conductor.flush_frames()])
    conductor.flush_onsets()
    offline.push(frames, classifier(frames), ended=True)
    latest = (len(samples) - 441) / 44100
    assert live == [hit for hit in offline.hits() if hit.time <= latest]
    assert len(live) >= 3


def test_more_sensitivity_hears_more_of_that_instrument() -> None:
    faint = sound(3.0) + 0.02 * np.random.default_rng(1).standard_normal(3 * RATE).astype(np.float32)
    counts = []
    for sensitivity in (0.0, 0.5, 1.0):
        engine = prepared()
        engine.parameters["sensitivity_snare"] = sensitivity
        counts.append(len(samples_of(listen(engine, faint), "snare")))
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_a_drum_does_not_sound_again_within_the_retrigger_time() -> None:
    engine = prepared()
    engine.parameters["retrigger"] = 500.0
    engine.parameters["sensitivity_snare"] = 1.0
    found = samples_of(listen(engine, sound(3.0)), "snare")
    assert (np.diff(found) >= 0.48 * RATE).all()


def test_bypass_hears_nothing_until_it_ends() -> None:
    engine = prepared()
    samples = sound(4.0)
    engine.parameters["bypass"] = 1.0
    assert [hit for i in range(0, 2 * RATE, 480) for hit in engine.process(samples[i : i + 480])] == []
    engine.parameters["bypass"] = 0.0
    found = listen(engine, samples[2 * RATE :])
    assert found
    assert min(hit.sample for hit in found) > 1.9 * RATE


def test_after_a_flush_or_reset_a_new_stream_begins(engine: Engine, hits: list[StreamHit]) -> None:
    engine.reset()
    engine.process(sound(1.0)[:16000])
    engine.reset()
    assert listen(engine, sound(4.0)) == hits
    assert listen(engine, sound(4.0)) == hits


def test_engines_share_nothing(engine: Engine, hits: list[StreamHit]) -> None:
    other = prepared(44100)
    other.parameters["sensitivity_kick"] = 0.0
    engine.reset()
    found = []
    for block in np.array_split(sound(4.0), 300):
        found += engine.process(block)
        other.process(block[::-1].copy())
    assert found + engine.flush() == hits


def test_what_is_no_sound_counts_as_silence(engine: Engine, hits: list[StreamHit]) -> None:
    broken, silenced = sound(2.0), sound(2.0)
    broken[[5000, 30000, 30001]] = np.nan, np.inf, -1e30
    silenced[[5000, 30000, 30001]] = 0.0
    engine.reset()
    expected = listen(engine, silenced)
    assert listen(engine, broken) == expected


def test_a_state_is_restored_in_another_engine() -> None:
    one, other = Engine(threaded=False), Engine(threaded=False)
    one.parameters["sensitivity_kick"] = 0.7
    one.parameters["look_ahead"] = 20.0
    other.restore(one.state())
    assert dict(other.parameters) == dict(one.parameters)
    assert isinstance(one.state(), bytes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: b"", "not a state"),
        (lambda state: b"\x80\x04.", "not a state"),
        (lambda state: state[:-5], "damaged"),
        (lambda state: state.replace(b"state 1", b"state 9"), "another version"),
        (lambda state: state.replace(b"0.5", b"1e9"), "damaged: sensitivity_kick"),
        (lambda state: state.replace(b"0.5", b"NaN"), "damaged"),
        (lambda state: state.replace(b"0.5", b'"a"'), "damaged"),
        (lambda state: state.replace(b"sensitivity_kick", b"sensitivity_bell"), "another model"),
        (lambda state: state.split(b"\n")[0] + b"\n" + b"[" * 50000, "damaged"),
        (lambda state: state + b" " * 100000, "not a state"),
        (lambda state: bytes(np.random.default_rng(0).integers(0, 256, 500, np.uint8)), "not a state"),
    ],
)
def test_a_wrong_state_is_refused_and_changes_nothing(engine: Engine, change, words: str) -> None:
    before = dict(engine.parameters)
    with pytest.raises(StateError, match=words):
        engine.restore(change(engine.state()))
    assert dict(engine.parameters) == before


def test_parameters_have_ranges_and_defaults(engine: Engine) -> None:
    for parameter in engine.parameters.ranges:
        assert parameter.minimum <= parameter.default <= parameter.maximum
        with pytest.raises(ValueError, match=parameter.name):
            engine.parameters[parameter.name] = parameter.maximum + 1.0
    with pytest.raises(KeyError):
        engine.parameters["sensitivity_cowbell"] = 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((8000, 512, 1), "sample_rate is 8000"),
        ((48000, 0, 1), "max_block_size is 0"),
        ((48000, 20000, 1), "max_block_size is 20000"),
        ((48000, 512, 65), "channels is 65"),
        ((48000, 512, 1, "diagonal"), "layout is 'diagonal'"),
    ],
)
def test_what_cannot_be_prepared_is_refused(arguments: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Engine(threaded=False).prepare(*arguments)


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (np.zeros(100), TypeError),
        (np.zeros(20000, np.float32), ValueError),
        (np.zeros((3, 100), np.float32), ValueError),
    ],
)
def test_wrong_blocks_are_refused(engine: Engine, block: np.ndarray, error: type) -> None:
    with pytest.raises(error):
        engine.process(block)


def test_a_model_for_recordings_is_refused() -> None:
    with pytest.raises(ModelError, match=r"base\.dynamic\.tflite: is for recordings"):
        Engine(model_file())


def test_an_engine_must_be_prepared() -> None:
    with pytest.raises(RuntimeError, match="call prepare first"):
        Engine(threaded=False).process(np.zeros(10, np.float32))


# With a thread of its own


class Heard:
    """What the threads of engines have heard: so many samples, and none while `going` is not set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.samples, self.going = 0, threading.Event()
        self.going.set()
        push = Analysis.push

        def count(analysis: Analysis, samples: np.ndarray) -> list[StreamHit]:
            self.going.wait(30.0)
            hits = push(analysis, samples)
            self.samples += len(samples)
            return hits

        monkeypatch.setattr(Analysis, "push", count)

    def wait_for(self, samples: int) -> None:
        """Until so many samples are heard."""
        deadline = time.monotonic() + 60.0
        while self.samples < samples and time.monotonic() < deadline:
            time.sleep(0.001)


@pytest.fixture
def heard(monkeypatch) -> Heard:
    return Heard(monkeypatch)


@pytest.fixture
def threaded(heard: Heard):
    engine = prepared(threaded=True, queue_seconds=2.0)
    yield engine
    heard.going.set()
    engine.close()


def feed(engine: Engine, heard: Heard, samples: np.ndarray, block: int = 480) -> list[StreamHit]:
    """Play to a thread, not faster than its queue allows."""
    found, before = [], heard.samples
    for i in range(0, len(samples), block):
        found += engine.process(samples[i : i + block])
        heard.wait_for(before + i - RATE)
    return found


def test_a_thread_hears_the_same(threaded: Engine, heard: Heard, hits: list[StreamHit]) -> None:
    found = feed(threaded, heard, sound(4.0), 128)
    assert found + threaded.flush() == hits
    assert threaded.take_overruns() == []


def test_a_caller_never_waits_for_a_stalled_thread_and_nothing_is_lost_within_the_queue(threaded, heard, hits) -> None:
    heard.going.clear()
    samples = sound(4.0)
    half = round(1.9 * RATE)
    for i in range(0, half, 480):
        assert threaded.process(samples[i : min(half, i + 480)]) == []  # returns, though nothing is heard
    heard.going.set()
    heard.wait_for(half)
    found = feed(threaded, heard, samples[half:])
    assert found + threaded.flush() == hits
    assert threaded.take_overruns() == []


def test_a_host_faster_than_real_time_loses_nothing_offline(threaded: Engine) -> None:
    samples = sound(8.0)
    wanted = listen(prepared(), samples)
    threaded.offline = True  # the queue holds 2 s
    found = [hit for i in range(0, len(samples), 16000) for hit in threaded.process(samples[i : i + 16000])]
    late = [hit for hit in wanted if hit.sample + threaded.latency_samples > len(samples)]
    assert len(found) >= len(wanted) - len(late)
    assert found + threaded.flush() == wanted
    assert threaded.take_overruns() == []


def test_beyond_the_queue_the_gap_is_reported_and_time_goes_on(threaded, heard) -> None:
    heard.going.clear()
    samples = sound(6.0)
    for i in range(0, 3 * RATE, 480):
        threaded.process(samples[i : i + 480])
    heard.going.set()
    heard.wait_for(2 * RATE)
    found = feed(threaded, heard, samples[3 * RATE :]) + threaded.flush()
    assert threaded.take_overruns() == [Overrun(2 * RATE, RATE)]
    assert threaded.take_overruns() == []
    assert not [hit for hit in found if 2.02 * RATE < hit.sample < 2.98 * RATE]
    for instrument, at in (("snare", 1.75), ("kick", 3.25), ("snare", 3.75), ("snare", 5.75)):
        assert np.abs(samples_of(found, instrument) - at * RATE).min() < 0.01 * RATE


def test_a_reset_forgets_what_waits(threaded, heard, hits) -> None:
    heard.going.clear()
    for block in np.array_split(sound(4.0)[: round(1.5 * RATE)][::-1].copy(), 100):
        threaded.process(block)
    threaded.reset()
    heard.going.set()
    found = feed(threaded, heard, sound(4.0))
    assert found + threaded.flush() == hits


def test_a_reset_frees_the_queue_while_the_thread_is_stalled(threaded, heard, hits) -> None:
    heard.going.clear()
    samples = sound(4.0)
    most = round(1.9 * RATE)
    for part in (samples[most - 1 :: -1].copy(), samples[:most]):
        threaded.reset()
        for i in range(0, most, 480):
            assert threaded.process(part[i : i + 480]) == []
    heard.going.set()
    heard.wait_for(most)
    found = feed(threaded, heard, samples[most:])
    assert found + threaded.flush() == hits
    assert threaded.take_overruns() == []


def test_parameters_count_from_the_block_that_follows_in_a_thread_too(threaded: Engine) -> None:
    samples = sound(3.0)
    results = []
    for engine in (threaded, prepared()):
        found = engine.process(samples[:16000])
        engine.parameters["sensitivity_snare"] = 0.0
        engine.parameters["look_ahead"] = 100.0
        results.append(found + listen(engine, samples[16000:60000]))
    assert results[0] == results[1]


def test_an_order_is_followed_after_the_samples_that_come_just_before_it(monkeypatch, hits) -> None:
    looking, ordered = threading.Event(), threading.Event()

    class Orders(deque):
        """The host pushes sound and gives an order just as the thread looks for orders."""

        def __bool__(self) -> bool:
            if threading.current_thread().name == "drumscribe":
                looking.set()
                ordered.wait(30.0)
            return len(self) > 0

        def append(self, item: object) -> None:
            super().append(item)
            ordered.set()

    monkeypatch.setattr("drumscribe.stream.worker.deque", Orders)
    engine, samples = prepared(threaded=True, queue_seconds=5.0), sound(4.0)
    engine.process(samples[:0])  # wakes the thread
    assert looking.wait(30.0)
    found = [hit for block in np.array_split(samples, 20) for hit in engine.process(block)]
    assert found + engine.flush() == hits
    engine.close()


def test_a_thread_that_fails_says_so(monkeypatch, threaded: Engine) -> None:
    def fail(*_) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Analysis, "push", fail)
    threaded.process(np.zeros(4800, np.float32))
    with pytest.raises(RuntimeError, match="has failed"):
        threaded.flush()


# Resampling


@pytest.mark.parametrize("rate", [22050, 44101, 48000, 96000, 192000])
def test_resampling_keeps_tones_in_time_whatever_the_blocks(rate: int) -> None:
    t = np.arange(rate) / rate
    tone = np.sin(2 * np.pi * 3000 * t).astype(np.float32)
    resampler = Resampler(rate, 44100)
    whole = np.concatenate([resampler.push(tone), resampler.flush()])
    expected = np.sin(2 * np.pi * 3000 * np.arange(len(whole)) / 44100)
    np.testing.assert_allclose(whole[100:-100], expected[100:-100], atol=1e-3)
    assert abs(len(whole) - 44100) <= 1
    sizes = np.random.default_rng(1).integers(1, 900, 2000).tolist()
    parts = [resampler.push(block) for block in blocks_of(tone, sizes)]
    np.testing.assert_array_equal(np.concatenate([*parts, resampler.flush()]), whole)


def test_what_is_too_high_does_not_come_back_as_what_is_heard() -> None:
    t = np.arange(96000) / 96000
    resampled = Resampler(96000, 44100).push(np.sin(2 * np.pi * 35000 * t).astype(np.float32))
    spectrum = np.abs(np.fft.rfft(resampled[1000:41000] * np.hanning(40000))) / 10000
    assert spectrum[: 40000 * 16000 // 44100].max() < 1e-3


def test_a_kick_on_the_first_sample_is_heard() -> None:
    found = listen(prepared(), np.concatenate([kick(RATE), np.zeros(RATE, np.float32)]))
    assert samples_of(found, "kick")[0] < 0.015 * RATE
