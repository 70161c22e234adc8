from dataclasses import replace

import numpy as np
import pytest

from drumscribe.errors import RhythmError
from drumscribe.music.rhythm import Rhythm, RhythmChoice
from drumscribe.music.rhythm_choice import choose
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Transcription

HALF = Rhythm(TempoMap.steady(60.0, 0.5), 0.3, True, probability=0.3, relation="half the tempo")
LATER = Rhythm(TempoMap.steady(120.0, 1.5), 0.7, True, probability=0.1, relation="bars 2 beats later")
FOUND = Rhythm(TempoMap.steady(120.0, 0.5), 0.7, True, probability=0.6, alternatives=(HALF, LATER))
PLAYED = Transcription((Hit(0.5, "kick", 100), Hit(1.0, "snare", 100)), 9.0, rhythm=FOUND)


def test_another_reading_leaves_the_others_as_its_alternatives():
    chosen = PLAYED.with_reading(2)
    assert chosen.rhythm.tempo == 60.0
    assert [other.tempo for other in chosen.rhythm.alternatives] == [120.0, 120.0]
    assert sum(reading.probability for reading in chosen.rhythm.readings) == pytest.approx(1.0)
    assert chosen.hits == PLAYED.hits


@pytest.mark.parametrize("number", [0, 4])
def test_a_reading_that_is_not_there_is_refused(number):
    with pytest.raises(RhythmError, match=rf"there are 3 readings of this rhythm, none with the number {number}"):
        PLAYED.with_reading(number)


def test_twice_the_tempo_has_bars_half_as_long_at_the_same_beats():
    twice = PLAYED.with_tempo_factor(2.0).rhythm
    assert twice.tempo == 240.0
    np.testing.assert_allclose(twice.tempo_map.downbeats(3.0), [0.5, 1.5, 2.5])


def test_bars_begin_later_by_so_many_beats():
    np.testing.assert_allclose(PLAYED.with_bars_shifted(1).rhythm.tempo_map.downbeats(4.0), [1.0, 3.0])
    np.testing.assert_allclose(PLAYED.with_bars_shifted(-1).rhythm.tempo_map.downbeats(4.5), [0.0, 2.0, 4.0])
    np.testing.assert_allclose(PLAYED.with_bars_shifted(4).rhythm.tempo_map.downbeats(4.0), [0.5, 2.5])


def test_an_odd_bar_stays_where_it_is_at_half_the_tempo():
    meters = (MeterChange(0.0, Meter(4, 4)), MeterChange(8.0, Meter(2, 4)), MeterChange(10.0, Meter(4, 4)))
    rhythm = replace(FOUND, tempo_map=TempoMap((0.0, 1.0), (0.0, 2.0), meters))
    half = choose(rhythm, RhythmChoice(tempo_factor=0.5)).tempo_map
    np.testing.assert_allclose(half.downbeats(9.5), [0.0, 4.0, 5.0, 9.0])
    assert [str(change.meter) for change in half.meters] == ["4/4", "1/4", "4/4"]


def test_positions_of_quantised_hits_follow_the_tempo_map():
    hits = tuple(replace(hit, quarter=quarter) for hit, quarter in zip(PLAYED.hits, (0.0, 1.0), strict=True))
    moved = replace(PLAYED, hits=hits).with_tempo_factor(2.0).with_bars_shifted(1)
    assert [hit.quarter for hit in moved.hits] == [-1.0, 1.0]
    assert [hit.time for hit in moved.hits] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (RhythmChoice(tempo_factor=10.0), "10 times the tempo is 1200 to 1200, outside 20 to 400"),
        (RhythmChoice(tempo_factor=float("nan")), "nan times"),
    ],
)
def test_a_tempo_out_of_all_limits_is_refused(choice, told):
    with pytest.raises(RhythmError, match=told):
        choose(FOUND, choice)


def test_free_time_has_neither_tempo_nor_bars_to_change():
    free = Rhythm(None, 0.9, False)
    with pytest.raises(RhythmError, match="free time: it has no bars to shift"):
        choose(free, RhythmChoice(shift_bar=1))
    with pytest.raises(RhythmError, match="free time: it has no tempo to multiply"):
        choose(free, RhythmChoice(tempo_factor=2.0))


@pytest.mark.parametrize(
    ("meters", "expected"),
    [
        ([(0.0, (4, 4)), (0.01, (3, 4))], [(0.0, "3/4")]),
        ([(0.0, (33, 32)), (0.01, (64, 1)), (300.01, (4, 4))], [(0.0, "64/1"), (512.0, "22/1"), (600.02, "4/4")]),
    ],
)
def test_twice_the_tempo_has_whole_bars_however_close_the_meters_are(meters, expected):
    changes = tuple(MeterChange(quarter, Meter(*meter)) for quarter, meter in meters)
    rhythm = replace(FOUND, tempo_map=replace(FOUND.tempo_map, meters=changes))
    twice = choose(rhythm, RhythmChoice(tempo_factor=2.0)).tempo_map.meters
    assert [(round(change.quarter, 6), str(change.meter)) for change in twice] == expected
