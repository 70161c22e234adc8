"""A drummer's pocket: each drum's distance from the grid, as it was put there."""

import csv

import numpy as np
import pytest

from drumscribe.errors import RhythmError
from drumscribe.music.tempo_map import Meter, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.quantisation.grid import Grid
from drumscribe.review.groove import count_position, measure_groove, write_csv, write_picture

GRID = Grid.parse("1/16+1/8t")
TEMPO_MAP = TempoMap.steady(100.0, 0.5)


def take(*lanes: tuple[str, list[float], float], bars: int = 8, tempo_map: TempoMap = TEMPO_MAP) -> Transcription:
    """Lanes of a drum, its quarters in every bar, and its offset in seconds."""
    rng = np.random.default_rng(0)
    hits = [
        Hit(float(tempo_map.seconds_at(4 * bar + at)) + offset + rng.normal(0, 0.002), drum, 90)
        for drum, places, offset in lanes
        for bar in range(bars)
        for at in places
    ]
    return Transcription(tuple(sorted(hits, key=lambda h: h.time)), 60.0, "", Rhythm(tempo_map, 1.0, True))


BEAT = (
    ("kick", [0.0, 2.0], 0.0),
    ("snare", [1.0, 3.0], 0.018),
    ("hihat_closed", [0.5 * i for i in range(8)], -0.006),
)


def test_each_drum_is_as_far_from_the_grid_as_it_plays():
    groove = measure_groove(take(*BEAT), GRID)
    whole = {place.drum: place for place in groove.places if place.quarter is None}
    assert {drum: len(place.offsets) for drum, place in whole.items()} == {"kick": 16, "snare": 16, "hihat": 64}
    for drum, offset in (("kick", 0.0), ("snare", 0.018), ("hihat", -0.006)):
        assert whole[drum].mean == pytest.approx(offset, abs=0.0015)
        assert whole[drum].spread == pytest.approx(0.002, abs=0.001)
    assert groove.swing == 0.5


def test_places_in_the_bar_are_counted_as_drummers_do():
    groove = measure_groove(take(*BEAT), GRID)
    assert [p.position for p in groove.places if p.drum == "snare"] == ["all", "2", "4"]
    assert [p.position for p in groove.places if p.drum == "hihat"][1:5] == ["1", "1 &", "2", "2 &"]
    assert all(len(place.offsets) == 8 for place in groove.places if place.quarter is not None)


@pytest.mark.parametrize(
    ("quarter", "meter", "counted"),
    [
        (0.0, "4/4", "1"),
        (1.25, "4/4", "2 e"),
        (3.75, "4/4", "4 a"),
        (2.667, "4/4", "3 2/3"),
        (1.5, "6/8", "2"),
        (2.0, "6/8", "2 1/3"),
        (1.125, "4/4", "2 +0.125"),
    ],
)
def test_counting(quarter, meter, counted):
    assert count_position(quarter, Meter.parse(meter)) == counted


def test_a_late_place_shows_where_it_is():
    late = (("snare", [1.0], 0.0), ("snare", [3.0], 0.025))
    groove = measure_groove(take(("kick", [0.0, 2.0], 0.0), *late), GRID)
    means = {place.position: place.mean for place in groove.places if place.drum == "snare"}
    assert means["4"] - means["2"] == pytest.approx(0.025, abs=0.003)


def test_swing_is_no_offset():
    swung = ("ride", [beat + off for beat in range(4) for off in (0.0, 0.64)], 0.0)
    groove = measure_groove(take(swung, ("kick", [0.0, 2.0], 0.0), bars=16), Grid.parse("1/8"))
    assert groove.swing == pytest.approx(0.64, abs=0.01)
    assert all(abs(place.mean) < 0.005 for place in groove.places)


def test_the_table_is_written_as_csv(tmp_path):
    groove = measure_groove(take(*BEAT), GRID)
    write_csv(groove, tmp_path / "a.csv")
    with open(tmp_path / "a.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(groove.places)
    snare = next(row for row in rows if row["drum"] == "snare")
    assert float(snare["mean_ms"]) == pytest.approx(18.0, abs=1.5)
    assert (snare["position"], snare["quarter"], snare["count"]) == ("all", "", "16")


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_picture_has_a_lane_for_each_drum(tmp_path, suffix):
    pytest.importorskip("matplotlib")
    write_picture(measure_groove(take(*BEAT), GRID), tmp_path / f"a{suffix}", "My song")
    content = (tmp_path / f"a{suffix}").read_bytes()
    assert content.startswith(b"\x89PNG" if suffix == ".png" else b"<?xml")


def test_without_hits_or_bars_there_is_no_groove():
    with pytest.raises(RhythmError, match="no hits were heard"):
        measure_groove(Transcription((), 1.0), GRID)
    with pytest.raises(RhythmError, match="free time"):
        measure_groove(Transcription((Hit(0.5, "kick", 90),), 1.0), GRID)
