"""What becomes of flams, rolls and doubled hits is said by the user; on a grid for good, none is off it."""

import numpy as np
import pytest

from drumscribe.errors import RhythmError
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.quantisation.grid import Grid
from drumscribe.quantisation.ornaments import drum_of, find_flams, find_ornaments
from drumscribe.quantisation.quantise import quantise
from drumscribe.quantisation.settings import QuantiseOptions, QuantiseSettings

QUARTER = 0.5
TEMPO_MAP = TempoMap.steady(60 / QUARTER)


def take(*hits: Hit) -> Transcription:
    return Transcription(tuple(sorted(hits, key=lambda hit: hit.time)), 60.0, "", Rhythm(TEMPO_MAP, 1.0, True))


def beat(bars: int = 8) -> list[Hit]:
    """Kick and snare in turn, with hats, each a little off."""
    off = np.random.default_rng(0).normal(0, 0.006, 12 * bars)
    hits = [Hit(QUARTER * i + off[i] + 0.02, ("kick", "snare")[i % 2], 95) for i in range(4 * bars)]
    return hits + [Hit(QUARTER * i / 2 + off[4 * bars + i] + 0.02, "hihat_closed", 70) for i in range(8 * bars)]


FLAMS = [Hit(QUARTER * i + 0.02 - 0.03, "snare", 40) for i in (1, 5, 9, 13)]
ROLL = [Hit(16 * QUARTER + 0.3 + 0.05 * i, "tom_low", 60) for i in range(12)]
DOUBLED = [Hit(QUARTER * 4 + 0.02 + 0.045, "kick", 50, 0.4)]


def quantised(ornaments: str, hits, grid: str = "1/16", **settings):
    options = QuantiseOptions(QuantiseSettings(Grid.parse(grid), 0.5, **settings), (), ornaments)
    return quantise(take(*hits), options)


def off_grid(transcription: Transcription, step: float = 0.25) -> int:
    at = np.array([hit.quarter for hit in transcription.hits]) / step
    return int(np.sum(np.abs(at - np.rint(at)) > 1e-6))


def test_ornaments_are_kept_if_nothing_is_said():
    hits = [*beat(), *FLAMS, *ROLL, *DOUBLED]
    kept, report = quantised("keep", hits)
    assert len(kept.hits) == len(hits)
    assert report.left_out == 0
    assert off_grid(kept) > len(FLAMS)


@pytest.mark.parametrize("policy", ["grid", "drop"])
def test_nothing_is_off_the_grid(policy):
    hits = [*beat(), *FLAMS, *ROLL, *DOUBLED]
    settled, report = quantised(policy, hits)
    assert off_grid(settled) == 0
    assert len(settled.hits) == len(hits) - report.left_out
    assert {h.quarter for h in settled.hits if h.articulation == "snare"} == {float(i) for i in range(1, 32, 2)}
    keys = [(hit.quarter, hit.articulation) for hit in settled.hits]
    assert len(set(keys)) == len(keys)
    assert f"{report.left_out} left out" in str(report)


def test_of_hits_on_one_line_the_loudest_remains():
    settled, _ = quantised("grid", [*beat(), *FLAMS, *DOUBLED])
    assert {hit.velocity for hit in settled.hits if hit.instrument in ("snare", "kick")} == {95}


def test_of_a_roll_the_strokes_on_lines_remain():
    rolls = {policy: [h for h in quantised(policy, [*beat(), *ROLL])[0].hits if h.instrument == "tom"]
             for policy in ("grid", "drop")}  # fmt: skip
    assert len(ROLL) > len(rolls["grid"]) >= len(rolls["drop"]) >= 1


def test_a_softer_double_moves_with_its_stroke():
    kept, _ = quantised("keep", [*beat(), *DOUBLED])
    stroke, double = (hit.time for hit in kept.hits if hit.articulation == "kick" and 1.9 < hit.time < 2.2)
    assert stroke == pytest.approx(2.0)
    assert double - stroke == pytest.approx(0.045, abs=0.01)


def test_triplets_have_lines_of_their_own():
    triplets = [Hit(QUARTER * i / 3 + 0.02, "hihat_closed", 80) for i in range(96)]
    flam = Hit(QUARTER * 10 / 3 - 0.01, "hihat_closed", 30)
    settled, _ = quantised("grid", [*triplets, flam], "1/8t")
    assert off_grid(settled, 1 / 3) == 0
    assert len(settled.hits) == 96


def test_instruments_that_are_off_stay_as_they_were_played():
    options = QuantiseOptions(QuantiseSettings(Grid.parse("1/16")), (("snare", QuantiseSettings()),), "grid")
    hits = [*beat(), *FLAMS]
    settled, _ = quantise(take(*hits), options)
    snares = [hit.time for hit in settled.hits if hit.articulation == "snare"]
    assert snares == sorted(hit.time for hit in hits if hit.articulation == "snare")


def test_an_unknown_policy_is_refused():
    with pytest.raises(RhythmError, match="ornaments must be keep, grid, drop, not 'lose'"):
        QuantiseOptions(QuantiseSettings(), (), "lose")


def flams_in(*hits: Hit) -> list[bool]:
    """For each grace note, whether it is a flam."""
    hits = take(*hits).hits
    drums, velocities = [drum_of(hit) for hit in hits], np.array([hit.velocity for hit in hits])
    found = find_ornaments(np.array([h.time for h in hits]), velocities, drums, TEMPO_MAP, Grid.parse("1/16"))
    return find_flams(hits, found)[found.grace].tolist()


def test_clear_soft_strokes_before_others_are_flams():
    assert flams_in(*beat(), *FLAMS) == [True] * 4
    assert flams_in(*beat(), FLAMS[0]) == [True], "one alone, too"


def test_doubtful_hits_just_before_others_are_not():
    assert flams_in(*beat(), Hit(QUARTER + 0.02 - 0.02, "snare", 90, 0.3)) == [False]
    assert flams_in(*beat(), Hit(QUARTER + 0.02 - 0.04, "snare", 40, 0.3)) == [False]


def test_a_foot_plays_no_flams():
    assert flams_in(*beat(), Hit(4 * QUARTER + 0.02 - 0.03, "kick", 40)) == [False]


def test_doubtful_grace_notes_that_recur_are_flams():
    unsure = [Hit(hit.time, "snare", 40, 0.3) for hit in FLAMS]
    assert flams_in(*beat(), *unsure) == [True] * 4
