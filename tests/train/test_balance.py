"""Drums of a training mix: those that the band covers are raised, those that are heard stay."""

import numpy as np
import pytest
from drumscribe.training.data.sources import RATE
from drumscribe.training.rendering.balance import raise_drums
from drumscribe.training.rendering.kits import Drum
from drumscribe.training.rendering.performances import render_drums
from drumscribe.training.rendering.scores import Score

from drumscribe.synthesis.effects import band_limits, coloured_noise, equalise
from drumscribe.synthesis.one_shots import OneShot

SECONDS = 4.0


def drum(hz: float, gain: float = 0.3) -> Drum:
    t = np.arange(RATE // 4) / RATE
    return Drum(None, (OneShot((np.sin(2 * np.pi * hz * t) * np.exp(-20 * t)).astype(np.float32), 0),) * 3, gain, 1.0)


@pytest.fixture
def kit() -> dict[str, Drum]:
    return {"kick": drum(60.0), "hihat_closed": drum(9000.0)}


@pytest.fixture
def score() -> Score:
    times = np.arange(0.0, SECONDS, 0.25)
    return Score(times, ("kick", "hihat_closed") * (len(times) // 2), np.full(len(times), 0.8), 0.5, 4)


def hiss(low: float = 5000.0) -> np.ndarray:
    """A band that covers everything above a frequency in Hz."""
    noise = coloured_noise(np.random.default_rng(2), int(SECONDS * RATE), 0.0)
    return equalise(noise, RATE, *band_limits(low, 20000.0, 60.0))


def raised_db(kit: dict[str, Drum], score: Score, band: np.ndarray, band_db: float, seed: int = 1) -> dict[str, float]:
    drums = render_drums(score, kit, np.random.default_rng(0), SECONDS)
    raised = raise_drums(kit, score, drums, band, band_db, np.random.default_rng(seed))
    return {role: 20.0 * np.log10(raised[role].gain / kit[role].gain) for role in kit}


def test_a_drum_that_the_band_covers_is_raised_and_one_that_is_heard_is_not(kit, score) -> None:
    raised = raised_db(kit, score, hiss(), 12.0)
    assert raised["kick"] == 0.0
    assert 2.0 < raised["hihat_closed"] <= 18.0


def test_no_drum_is_raised_without_bound_nor_through_a_faint_band(kit, score) -> None:
    assert raised_db(kit, score, hiss(), 60.0)["hihat_closed"] == pytest.approx(18.0)
    assert raised_db(kit, score, hiss(), -60.0) == {"kick": 0.0, "hihat_closed": 0.0}


def test_a_louder_band_raises_more(kit, score) -> None:
    assert raised_db(kit, score, hiss(), 14.0)["hihat_closed"] > raised_db(kit, score, hiss(), 8.0)["hihat_closed"]


def test_where_there_is_no_band_or_no_drum_nothing_is_raised(kit, score) -> None:
    assert raised_db(kit, score, np.zeros(int(SECONDS * RATE), np.float32), 0.0) == {"kick": 0.0, "hihat_closed": 0.0}
    nothing = Score(np.zeros(0), (), np.zeros(0), 0.5, 4)
    assert raised_db(kit, nothing, hiss(), 0.0) == {"kick": 0.0, "hihat_closed": 0.0}
