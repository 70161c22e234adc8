"""No hit of a real recording comes later than the engine says, however short the wait."""

from pathlib import Path

import numpy as np
import pytest

from drumscribe.sound.audio import load
from drumscribe.stream import Engine

RATE, BLOCK = 44100, 64
SONGS = Path(__file__).parents[2] / "examples" / "songs"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(threaded=False)


@pytest.fixture(scope="module")
def songs() -> list[np.ndarray]:
    """Eight seconds of each example."""
    return [load(path, RATE)[: 8 * RATE] for path in sorted(SONGS.rglob("*.*")) if path.suffix in {".ogg", ".mp3"}]


def delays(engine: Engine, sound: np.ndarray) -> list[int]:
    """Samples from each hit's attack to the end of the block in which it was reported."""
    engine.prepare(RATE, BLOCK, 1)
    ends = range(BLOCK, len(sound) + 1, BLOCK)
    return [end - hit.sample for end in ends for hit in engine.process(sound[end - BLOCK : end])]


@pytest.mark.parametrize("look_ahead", Engine(threaded=False).look_aheads)
def test_every_hit_comes_within_the_latency(engine: Engine, songs: list[np.ndarray], look_ahead: float) -> None:
    engine.parameters["look_ahead"] = look_ahead
    late = [delay for song in songs for delay in delays(engine, song)]
    assert len(late) > 40
    assert max(late) < engine.latency_samples + BLOCK
    within = engine.latency_samples + BLOCK - round(0.01 * RATE)
    assert np.mean(np.array(late) <= within) > 0.9  # most come 10 ms before


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 192000])
@pytest.mark.parametrize("first", ["prepare", "set_latency"])
def test_a_latency_that_is_asked_for_is_kept(engine: Engine, rate: int, first: str) -> None:
    engine.prepare(rate, BLOCK, 1)
    latencies = []
    for look_ahead in engine.look_aheads:
        engine.parameters["look_ahead"] = look_ahead
        latencies.append(engine.latency_samples)
    asked = [*latencies, *(samples - 0.5 for samples in latencies), *(rate * np.arange(0.04, 0.3, 0.013))]
    if first == "set_latency":
        engine = Engine(threaded=False)
    for samples in asked:
        engine.set_latency(samples / rate)
        look_ahead = engine.parameters["look_ahead"]
        latency = latencies[engine.look_aheads.index(look_ahead)]
        assert latency <= max(samples, latencies[0])
        if first == "prepare":
            assert latency == max((longest for longest in latencies if longest <= samples), default=latencies[0])
