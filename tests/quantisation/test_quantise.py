"""Quantised hits are where they were meant to be, and what is on no grid is not lost."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from drumscribe.cli import main
from drumscribe.errors import RhythmError
from drumscribe.formats.json_file import read_json
from drumscribe.formats.midi import lay_out, read_midi
from drumscribe.formats.midi.notes import to_notes
from drumscribe.music.drums import PERCUSSION, PERCUSSION_NOTE
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.quantisation.grid import Grid, Subdivision, Swing, bar_starts
from drumscribe.quantisation.quantise import quantise
from drumscribe.quantisation.settings import QuantiseOptions, QuantiseSettings

START, QUARTER = 1.0, 0.5  # 120 quarters per minute, the first bar at one second


def take(*hits: Hit, tempo_map: TempoMap | None = None) -> Transcription:
    rhythm = Rhythm(tempo_map or TempoMap.steady(60 / QUARTER, START), 1.0, True)
    return Transcription(tuple(sorted(hits, key=lambda h: h.time)), 60.0, "", rhythm)


def played(positions, jitter: float = 0.0, articulation: str = "snare", seed: int = 0) -> list[Hit]:
    """Hits at positions in quarters, off by a normal error in seconds."""
    off = np.random.default_rng(seed).normal(0, jitter, len(positions)) if jitter else np.zeros(len(positions))
    return [
        Hit(float(START + QUARTER * at + o), articulation, 90) for at, o in zip(np.ravel(positions), off, strict=True)
    ]


def quarters(transcription: Transcription, articulation: str | None = None) -> np.ndarray:
    return np.array([(h.time - START) / QUARTER for h in transcription.hits if articulation in (None, h.articulation)])


def on(grid: str, **settings) -> QuantiseOptions:
    return QuantiseOptions(QuantiseSettings(Grid.parse(grid), **settings))


BAR = np.array([0, 0.75, 1, 1.5, 2, 2.25, 3, 3.5])
TRIPLETS = np.array([0, 2 / 3, 1, 5 / 3, 2, 7 / 3, 8 / 3, 3, 11 / 3])


def bars(*notes: np.ndarray) -> np.ndarray:
    return np.concatenate([4 * i + bar for i, bar in enumerate(notes)])


@pytest.mark.parametrize(
    ("grid", "positions"),
    [
        ("1/16", bars(*[BAR] * 8)),
        ("1/8t", bars(*[TRIPLETS] * 8)),
        ("1/4", np.arange(32)),
        ("1/64", bars(*[np.arange(0, 4, 0.25), np.array([0, 1 / 16, 2, 3.5])] * 4)),
        ("1/16+1/8t", bars(BAR, BAR, TRIPLETS, BAR, TRIPLETS, TRIPLETS, BAR, BAR)),
    ],
)
def test_hits_return_to_where_they_were_written(grid, positions):
    quantised, report = quantise(take(*played(positions, 0.008)), on(grid))
    np.testing.assert_allclose(quarters(quantised), positions, atol=1e-9)
    assert report.hits == len(positions)
    assert 0.004 < report.mean < 0.01


@pytest.mark.parametrize("grid", ["1/16", "1/8t", "1/16+1/8t", "1/64", "1/8"])
@pytest.mark.parametrize("jitter", [0.01, 0.02])
def test_quantising_what_is_quantised_changes_nothing(grid, jitter):
    rng = np.random.default_rng(3)
    names = ("kick", "snare", "hihat_closed", "rimshot")
    hits = [Hit(float(t), str(rng.choice(names)), int(rng.integers(20, 127))) for t in rng.uniform(0.5, 40, 300)]
    hits += played(bars(*[BAR] * 10), jitter, "ride") + played(Swing(0.6).apply(np.arange(0, 60, 0.5)), jitter, "kick")
    once, _ = quantise(take(*hits), on(grid))
    twice, report = quantise(once, on(grid))
    np.testing.assert_allclose([h.time for h in twice.hits], [h.time for h in once.hits], atol=1e-9)
    assert report.moved == 0
    assert len(twice.hits) == len(hits)


def test_quantising_again_changes_nothing_where_a_line_is_before_the_recording():
    hits = [Hit(0.0, "kick", 90), Hit(0.1, "kick", 70), *(Hit(0.5 * i - 0.01, "kick", 90) for i in range(1, 20))]
    once, _ = quantise(take(*hits, tempo_map=TempoMap.steady(120, -0.02)), on("1/4"))
    twice, _ = quantise(once, on("1/4"))
    assert [h.time for h in twice.hits] == pytest.approx([h.time for h in once.hits], abs=1e-9)
    assert once.hits[0].time == 0.0


def test_swing_is_measured_and_kept():
    straight = np.arange(0, 48, 0.5)
    quantised, report = quantise(take(*played(Swing(0.62).apply(straight), 0.008)), on("1/8"))
    assert report.swings[0] == pytest.approx(0.62, abs=0.008)
    np.testing.assert_allclose(quarters(quantised), Swing(report.swings[0]).apply(straight), atol=1e-9)


def test_a_few_strokes_beside_the_lines_are_no_swing():
    straight = np.arange(0, 48, 0.5)
    doubled = [Hit(h.time + 0.105, "tom_low", 60) for h in played(np.arange(0, 48, 8), 0.004)]  # 71 % of sixteenths
    _, report = quantise(take(*played(straight, 0.004), *doubled), on("1/16"))
    assert report.swings == (0.5,)


def test_settings_of_one_instrument_do_not_move_another():
    hats = played(Swing(0.62).apply(np.arange(0, 48, 0.5)), 0.008, "hihat_closed")
    kicks = [*played(np.arange(0, 48, 2), 0.008, "kick", 1), *played(np.arange(1.62, 48, 8), 0.008, "kick", 2)]
    together, _ = quantise(take(*hats, *kicks), on("1/8"))
    smooth = QuantiseSettings(Grid.parse("1/8"), smoothing=0.5)
    apart, _ = quantise(take(*hats, *kicks), QuantiseOptions(QuantiseSettings(Grid.parse("1/8")), (("kick", smooth),)))
    assert [h.time for h in apart.hits] == pytest.approx([h.time for h in together.hits], abs=1e-9)


def test_swung_sixteenths_are_told_from_swung_eighths():
    straight = np.arange(0, 32, 0.25)
    quantised, report = quantise(take(*played(Swing(0.6, 0.5).apply(straight), 0.005)), on("1/16"))
    np.testing.assert_allclose(quarters(quantised), Swing(report.swings[0], 0.5).apply(straight), atol=1e-9)


def test_swing_can_be_imposed_and_taken_out():
    straight = np.arange(0, 32, 0.5)
    swung, _ = quantise(take(*played(straight, 0.006)), on("1/8", swing=0.58))
    np.testing.assert_allclose(quarters(swung), Swing(0.58).apply(straight), atol=1e-9)
    back, _ = quantise(swung, on("1/8", swing=0.5))
    np.testing.assert_allclose(quarters(back), straight, atol=1e-9)


def test_the_second_of_a_flam_and_its_grace_note_move_together():
    steady = played(np.arange(16), 0.0)
    flam = [Hit(START + 8.25 - 0.03, "snare", 40), Hit(START + 8.25 + 0.012, "snare", 100)]
    quantised, report = quantise(take(*steady, *flam), on("1/16"))
    (grace,) = [h for h in quantised.hits if h.velocity == 40]
    assert START + 8.25 - grace.time == pytest.approx(0.042)
    assert START + 8.25 in [pytest.approx(h.time) for h in quantised.hits if h.velocity == 100]
    assert (report.ornaments, report.moved) == (1, 2)


def test_a_roll_stays_a_roll():
    steady = played(np.arange(8), 0.006, "kick")
    strokes = START + 4 + 0.01 + np.arange(12) * 0.045
    quantised, report = quantise(take(*steady, *(Hit(float(t), "snare", 80) for t in strokes)), on("1/16"))
    times = np.array([h.time for h in quantised.hits if h.articulation == "snare"])
    assert len(times) == 12
    assert np.diff(times).min() > 0.04 and np.diff(times).max() < 0.05
    assert times[0] == pytest.approx(START + 4)
    assert report.ornaments == 11


def test_two_strokes_of_a_drum_on_one_line_keep_their_distance_and_are_reported():
    close = [Hit(START + 4.0, "kick", 100), Hit(START + 4.07, "kick", 60)]
    quantised, report = quantise(take(*played(np.arange(8)), *close), on("1/4"))
    assert [h.time for h in quantised.hits if h.articulation == "kick"] == pytest.approx([START + 4.0, START + 4.07])
    assert report.beside == 1
    assert "1 moved with a nearer stroke" in str(report)


@pytest.mark.parametrize("jitter", [0.0, 0.01])
def test_what_is_between_the_lines_of_a_coarse_grid_stays_between_them(jitter):
    hits = [*played(np.arange(0, 32, 0.5), jitter, "hihat_closed"), *played(np.arange(0, 32, 2), jitter, "kick")]
    quantised, report = quantise(take(*hits), on("1/4"))
    hats = quarters(quantised, "hihat_closed")
    np.testing.assert_allclose(hats[::2], np.arange(32), atol=1e-9)
    np.testing.assert_allclose(hats[1::2], np.arange(32) + 0.5, atol=6 * jitter)
    assert (report.between, report.ornaments) == (32, 0)


def test_strokes_of_a_drum_stay_apart_on_any_grid():
    positions = np.array([0, 0.5, 1.5, 2, 2.75, 4.5, 6, 7.5])
    quantised, report = quantise(take(*played(np.concatenate([positions, positions + 8]), 0.003)), on("1/4"))
    assert np.diff([h.time for h in quantised.hits]).min() > 0.1
    assert report.beside + report.between + report.ornaments > 0


@pytest.mark.parametrize("start_at_bar", [False, True])
@pytest.mark.parametrize("first", [-0.004, -0.023, -0.2, 0.012])
def test_quantised_notes_are_on_the_ticks_of_the_grid_from_the_first_on(first, start_at_bar):
    tempo_map = TempoMap.steady(110, first)
    at = np.array([0, 0.75, 1, 1.5, 2, 2.25, 3, 3.5, 4, 5, 6, 7])
    times = tempo_map.seconds_at(at[at >= (0.25 if first < -0.1 else 0.0)])
    hits = take(*(Hit(max(0.0, float(t)), "kick", 90) for t in times + 0.002), tempo_map=tempo_map)
    quantised, _ = quantise(hits, on("1/16"))
    notes = to_notes(quantised.hits, lay_out(quantised, start_at_bar))
    starts = np.array([note.start for note in notes])
    assert (starts % 240 == 0).all()
    assert (np.diff(starts) == np.diff(np.rint(4 * tempo_map.quarters_at(times)).astype(int)) * 240).all()


def test_flams_keep_their_distance_however_the_grid_swings():
    flams = [Hit(START + QUARTER * at + off, "snare", 90) for at in range(8) for off in (0.0, 0.043)]
    hats = played(np.arange(0, 8, 0.25), 0.004, "hihat_closed")
    quantised, _ = quantise(take(*flams, *hats), on("1/16", swing=0.75))
    assert np.diff([h.time for h in quantised.hits if h.articulation == "snare"]).min() > 0.0299


def test_the_strength_says_how_far():
    half, report = quantise(take(Hit(START + 0.02, "kick", 90), *played(np.arange(1, 9))), on("1/16", strength=0.5))
    assert half.hits[0].time == pytest.approx(START + 0.01)
    assert report.most == pytest.approx(0.01)


def test_outside_the_window_hits_stay():
    hits = take(Hit(START + 0.04, "kick", 90), Hit(START + QUARTER + 0.02, "kick", 90), *played(np.arange(2, 9)))
    quantised, report = quantise(hits, on("1/8", window=0.03))
    assert [h.time for h in quantised.hits[:2]] == pytest.approx([START + 0.04, START + QUARTER])
    assert (report.outside, report.moved) == (1, 1)


def test_instruments_can_have_settings_of_their_own():
    hits = [Hit(START + 0.02, "kick", 90), Hit(START + 0.51, "hihat_open", 90), Hit(START + 1.03, "snare", 90)]
    options = QuantiseOptions(
        QuantiseSettings(Grid.parse("1/4")),
        (("hihat", QuantiseSettings(None)), ("snare", QuantiseSettings(Grid.parse("1/4"), strength=0.0))),
    )
    quantised, report = quantise(take(*hits), options)
    assert [h.time for h in quantised.hits] == pytest.approx([START, START + 0.51, START + 1.03])
    assert (report.hits, report.moved) == (3, 1)


def test_velocities_stay_or_are_smoothed_at_the_same_place_of_each_bar():
    hits = [replace(h, velocity=v) for h, v in zip(played(np.arange(0, 24, 4)), (80, 90, 100, 90, 90, 60), strict=True)]
    accents = [replace(h, velocity=120) for h in played(np.arange(2, 24, 4))]
    kept, _ = quantise(take(*hits, *accents), on("1/16"))
    assert sorted(h.velocity for h in kept.hits)[:6] == [60, 80, 90, 90, 90, 100]
    smoothed, _ = quantise(take(*hits, *accents), on("1/16", smoothing=0.5))
    assert sorted(h.velocity for h in smoothed.hits) == [75, 85, 90, 90, 90, 95] + [120] * 6


def test_a_tempo_that_drifts_and_a_meter_that_changes_are_followed():
    seconds = np.cumsum(np.concatenate([[0.7], np.linspace(0.4, 0.6, 60)]))
    meters = (MeterChange(0.0, Meter()), MeterChange(16.0, Meter(7, 8)), MeterChange(30.0, Meter(3, 4)))
    tempo_map = TempoMap(tuple(seconds.tolist()), tuple(map(float, range(61))), meters)
    positions = np.arange(0, 58, 0.5)
    times = tempo_map.seconds_at(positions) + np.random.default_rng(0).normal(0, 0.01, len(positions))
    hits = (Hit(float(t), "snare", 90) for t in times)
    quantised, _ = quantise(take(*hits, tempo_map=tempo_map), on("1/16"))
    np.testing.assert_allclose(tempo_map.quarters_at([h.time for h in quantised.hits]), positions, atol=1e-9)


def test_bars_begin_where_meters_say():
    meters = (MeterChange(0.0, Meter()), MeterChange(8.0, Meter(7, 8)))
    tempo_map = TempoMap((0.0, 1.0), (0.0, 1.0), meters)
    assert bar_starts(tempo_map, -1.0, 12.0).tolist() == [-4, 0, 4, 8, 11.5, 15]
    assert bar_starts(tempo_map, 9.0, 9.5).tolist() == [8, 11.5]
    assert bar_starts(tempo_map, -3.0, -2.0).tolist() == [-4, 0]


@pytest.mark.parametrize("rhythm", [None, Rhythm(None, 0.0, False)])
def test_there_is_no_grid_in_free_time(rhythm):
    with pytest.raises(RhythmError, match="free time"):
        quantise(replace(take(*played(BAR)), rhythm=rhythm), on("1/16"))


def test_no_hits_and_one_hit():
    quantised, report = quantise(take(), on("1/16"))
    assert (quantised.hits, report.hits, report.moved) == ((), 0, 0)
    quantised, report = quantise(take(Hit(START + 0.01, "kick", 90)), on("1/16+1/8t"))
    assert quantised.hits[0].time == pytest.approx(START)
    assert "1 of 1 hits moved" in str(report)


def test_a_hit_before_the_first_bar_and_one_that_would_leave_the_recording():
    tempo_map = TempoMap.steady(120, 0.01)
    quantised, _ = quantise(take(Hit(0.0, "kick", 90), Hit(0.515, "snare", 90), tempo_map=tempo_map), on("1/8"))
    assert [h.time for h in quantised.hits] == pytest.approx([0.01, 0.51])
    pickup, _ = quantise(take(Hit(0.0, "kick", 90), tempo_map=TempoMap.steady(120, 0.49)), on("1/8"))
    assert pickup.hits[0].time == 0.0


@pytest.mark.parametrize("text", ["1/5", "1/128", "16", "1/8 t", "1/16+", "", "quarter"])
def test_what_is_no_grid_is_named(text):
    with pytest.raises(RhythmError, match="is not a grid"):
        Grid.parse(text)


def test_grids_are_read_as_they_are_written():
    assert Grid.parse(" 1/16 + 1/8T") == Grid((Subdivision(16), Subdivision(8, True)))
    assert str(Grid.parse("1/16+1/8t")) == "1/16+1/8t"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"swing": 0.8}, "80 %"),
        ({"strength": 1.2}, "120 %"),
        ({"smoothing": -0.5}, "-50 %"),
        ({"window": -1}, "window"),
        ({"window": float("nan")}, "window"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings, text):
    with pytest.raises(RhythmError, match=text):
        QuantiseSettings(Grid.parse("1/16"), **settings)


class RhythmicTranscriber:
    """Hears a kick a little after each beat, at 120 quarters per minute from half a second on."""

    def __init__(self, *_):
        pass

    def transcribe_file(self, path, progress=None):
        free = "free" in path.name
        hits = tuple(Hit(0.5 + i / 2 + 0.01 * (i % 2), "kick", 90) for i in range(8))
        return Transcription(hits, 5.0, "", Rhythm(None if free else TempoMap.steady(120, 0.5), 1.0, True))


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", RhythmicTranscriber)
    (tmp_path / "take.wav").touch()
    (tmp_path / "free.wav").touch()

    def run(name, *words):
        command = ["transcribe", tmp_path / name, "--out", tmp_path / "out", "--jobs", 1, *words]
        return CliRunner().invoke(main, [str(word) for word in command])

    return run


def test_the_command_says_how_many_hits_moved_how_far(run, tmp_path):
    result = run("take.wav", "--quantize", "1/16", "--format", "json", "--json")
    assert result.exit_code == 0
    told = "quantised: 4 of 8 hits moved, by 10.0 ms on average and 10.0 ms at most"
    assert told in result.stderr
    assert json.loads(result.stdout)["recordings"][0]["notes"] == [told]
    assert [h.time for h in read_json(tmp_path / "out" / "take.json").hits] == [0.5 + i / 2 for i in range(8)]


def test_the_command_quantises_instruments_each_in_its_way(run, tmp_path):
    result = run("take.wav", "--quantize", "1/4", "--quantize", "kick=off", "--strength", "snare=50")
    assert (result.exit_code, "0 of 8 hits moved" in result.stderr) == (0, True)
    result = run("take.wav", "--quantize", "1/4", "--strength", "50", "--window", "kick=5")
    assert "0 of 8 hits moved; 4 outside the window stayed" in result.stderr


def test_in_free_time_the_command_writes_what_was_played_and_says_so(run, tmp_path):
    result = run("free.wav", "--quantize", "1/16", "--start-at-bar")
    assert result.exit_code == 0
    assert "free.wav: not quantised: played in free time" in result.stderr
    assert "free.wav: in free time there is no bar to begin with" in result.stderr
    assert (tmp_path / "out" / "free.mid").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--quantize", "1/5"), "'1/5' is not a grid"),
        (("--swing", "58"), "need a grid to quantise to"),
        (("--quantize", "1/8", "--swing", "580"), "a swing of 580 %"),
        (("--quantize", "bongo=1/8"), "'bongo' is not an instrument"),
        (("--quantize", "1/8", "--strength", "much"), "'much' is not a number"),
        (("--map", "nonsense"), "'nonsense' is not a drum map"),
        (("--quantize", "1/8", "--swing", "clap=60"), "'clap' is not an instrument"),
        (("--midi-type", "0", "--split-tracks"), "use type 1 for split tracks"),
    ],
)
def test_the_command_names_what_makes_no_sense_before_it_starts(run, tmp_path, words, message):
    result = run("take.wav", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_command_tells_where_the_midi_begins(run, tmp_path):
    result = run("take.wav", "--start-at-bar")
    assert "the MIDI begins with a bar, at 0.500 s: cut 0.500 s off the recording to line both up" in result.stderr
    assert read_midi(tmp_path / "out" / "take.mid")[0].time == pytest.approx(0.5, abs=0.001)


def test_a_midi_that_begins_with_the_recording_has_nothing_cut_off(run, monkeypatch):
    def hear(self, path, progress=None):
        return take(Hit(0.0, "kick", 90), Hit(2.0, "kick", 90), tempo_map=TempoMap.steady(120, 0.0))

    monkeypatch.setattr(RhythmicTranscriber, "transcribe_file", hear)
    result = run("take.wav", "--start-at-bar")
    assert "the MIDI begins with a bar, where the recording does" in result.stderr
    assert "cut" not in result.stderr


def test_the_command_quantises_percussion_in_its_own_way(run, monkeypatch, tmp_path):
    def hear(self, path, progress=None):
        clap = Hit(START + 0.02, PERCUSSION, 90, own_note=PERCUSSION_NOTE)
        return take(clap, *played(np.arange(16), 0.005))

    monkeypatch.setattr(RhythmicTranscriber, "transcribe_file", hear)
    for given, expected in (("percussion=1/4", START), ("percussion=off", START + 0.02)):
        assert run("take.wav", "--quantize", "1/4", "--quantize", given, "-f", "json").exit_code == 0
        hits = read_json(tmp_path / "out" / "take.json").hits
        assert [h.time for h in hits if h.instrument == PERCUSSION] == [pytest.approx(expected)]
