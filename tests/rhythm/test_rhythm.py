import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import soundfile as sf

from drumscribe.errors import RhythmError
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Transcription
from drumscribe.rhythm import Beats, RhythmOptions, analyse_rhythm, read_beats
from drumscribe.synthesis.one_shots import OneShot, place

ROCK = {"kick": "x..xx...", "snare": "..x...x.", "hihat_closed": "xxxxxxxx"}
PATTERNS = {
    "4/4": ROCK,
    "3/4": {"kick": "x.....", "snare": "..x.x.", "hihat_closed": "x.x.x."},
    "6/8": {"kick": "x....x", "snare": "...x..", "hihat_closed": "xxxxxx"},
    "5/4": {"kick": "x..x..x...", "snare": "....x...x.", "hihat_closed": "xxxxxxxxxx"},
    "7/8": {"kick": "x...x..", "snare": "..x..x.", "hihat_closed": "xxxxxxx"},
}


def play(tempo_map, pattern=ROCK, bars=12, jitter=0.0, seed=0, first_step=0):
    """A pattern, bar after bar along a tempo map, with jitter in seconds, begun at a step of its first bar."""
    rng = np.random.default_rng(seed)
    length = tempo_map.meters[0].meter.bar_quarters
    hits = []
    for articulation, steps in pattern.items():
        places = [bar + i / len(steps) for bar in range(bars) for i, step in enumerate(steps) if step == "x"]
        places = [place for place in places if place >= first_step / len(steps)]
        times = tempo_map.seconds_at(length * np.array(places)) + rng.normal(0.0, jitter, len(places))
        hits += [
            Hit(max(0.0, float(time)), articulation, 100 if articulation != "hihat_closed" else 70) for time in times
        ]
    hits.sort(key=lambda hit: hit.time)
    return Transcription(tuple(hits), hits[-1].time + 1.0)


def cut(transcription, duration):
    """What is within a loop of that duration."""
    return Transcription(tuple(h for h in transcription.hits if h.time < duration - 0.03), float(duration))


class TestTempoMap:
    def test_seconds_and_quarters_turn_into_each_other(self):
        tempo_map = TempoMap((0.5, 1.5, 2.5), (0.0, 2.0, 3.0))
        times = np.array([[0.0, 0.5, 1.0], [2.0, 2.5, 60.0]])
        np.testing.assert_allclose(tempo_map.quarters_at(times), [[-1.0, 0.0, 1.0], [2.5, 3.0, 60.5]])
        np.testing.assert_allclose(tempo_map.seconds_at(tempo_map.quarters_at(times)), times, atol=1e-12)

    def test_beats_go_back_to_the_start_and_on_to_the_end(self):
        tempo_map = TempoMap.steady(120.0, 1.25)
        np.testing.assert_allclose(tempo_map.beats(2.5), [0.25, 0.75, 1.25, 1.75, 2.25])
        np.testing.assert_allclose(tempo_map.downbeats(4.0), [1.25, 3.25])
        assert tempo_map.tempo == pytest.approx(120.0)

    def test_a_beat_of_a_compound_meter_is_a_dotted_quarter(self):
        np.testing.assert_allclose(TempoMap.steady(90.0, 0.0, Meter(6, 8)).beats(3.5), [0.0, 1.0, 2.0, 3.0])
        np.testing.assert_allclose(TempoMap.steady(90.0, 0.0, Meter(6, 8)).downbeats(3.5), [0.0, 2.0])

    def test_meters_change_at_their_downbeats(self):
        changes = (MeterChange(0.0, Meter(4, 4)), MeterChange(4.0, Meter(3, 4)))
        tempo_map = TempoMap((0.0, 1.0), (0.0, 1.0), changes)
        np.testing.assert_allclose(tempo_map.downbeats(10.0), [0.0, 4.0, 7.0, 10.0])
        np.testing.assert_allclose(tempo_map.beats(10.0), np.arange(11.0))

    def test_there_is_no_one_tempo_where_it_changes(self):
        assert TempoMap((0.0, 1.0, 1.5), (0.0, 1.0, 2.0)).tempo is None

    @pytest.mark.parametrize(
        ("seconds", "quarters", "meters"),
        [
            ((0.0,), (0.0,), None),
            ((0.0, 0.0), (0.0, 1.0), None),
            ((0.0, 1.0), (1.0, 0.0), None),
            ((0.0, 1.0), (0.0, 1.0), ()),
        ],
    )
    def test_what_does_not_ascend_is_refused(self, seconds, quarters, meters):
        with pytest.raises(ValueError, match=r"tempo map"):
            TempoMap(seconds, quarters, (MeterChange(0.0, Meter()),) if meters is None else meters)

    @pytest.mark.parametrize("text", ["6", "6/", "0/4", "6/7", "six/eight", "-3/4"])
    def test_no_meter_is_made_of_other_text(self, text):
        with pytest.raises(ValueError, match=r"meter|numerator|denominator"):
            Meter.parse(text)


class TestSteady:
    @pytest.mark.parametrize("tempo", [72.0, 100.0, 128.0, 174.0])
    def test_a_tempo_is_found_and_its_bars(self, tempo):
        truth = TempoMap.steady(tempo, 1.3)
        rhythm = analyse_rhythm(play(truth, jitter=0.004))
        assert rhythm.steady
        assert rhythm.tempo == tempo
        assert rhythm.meter == Meter(4, 4)
        assert rhythm.confidence > 0.5
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(15.0)[:4], truth.downbeats(15.0)[:4], atol=0.01)

    def test_a_tempo_between_two_whole_ones_stays_there(self):
        rhythm = analyse_rhythm(play(TempoMap.steady(117.37, 0.5), bars=24, jitter=0.002))
        assert rhythm.tempo == pytest.approx(117.37, abs=0.02)

    def test_confidence_is_less_where_half_the_tempo_might_be_meant(self):
        rock = analyse_rhythm(play(TempoMap.steady(120.0, 0.5), jitter=0.003))
        kicks = analyse_rhythm(play(TempoMap.steady(120.0, 0.5), {"kick": "xxxx"}, jitter=0.003))
        assert kicks.confidence < rock.confidence <= 1.0

    def test_a_recording_may_begin_within_a_bar(self):
        truth = TempoMap.steady(120.0, 0.5)
        rhythm = analyse_rhythm(play(truth, jitter=0.003, first_step=3))
        np.testing.assert_allclose(rhythm.tempo_map.seconds_at(0.0), 2.5, atol=0.01)

    @pytest.mark.parametrize("meter", ["3/4", "6/8", "5/4", "7/8"])
    def test_meters_are_told_apart(self, meter):
        truth = TempoMap.steady(130.0, 0.7, Meter.parse(meter))
        rhythm = analyse_rhythm(play(truth, PATTERNS[meter], bars=16, jitter=0.004))
        assert str(rhythm.meter) == meter
        assert rhythm.tempo == pytest.approx(130.0, abs=0.1)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(20.0)[:4], truth.downbeats(20.0)[:4], atol=0.015)

    @pytest.mark.parametrize("tempo", [90.0, 110.0, 120.0, 130.0])
    @pytest.mark.parametrize(
        "pattern",
        [
            {"kick": "x...", "snare": "..x.", "hihat_closed": ".x.x"},
            {"kick": "xx..", "snare": "..x.", "hihat_closed": "...x"},
            {"kick": "x..x....", "snare": "..x...x.", "hihat_closed": ".x..xx.x"},
        ],
    )
    def test_a_beatboxer_who_makes_one_sound_a_beat_is_not_halved(self, pattern, tempo):
        rhythm = analyse_rhythm(play(TempoMap.steady(tempo, 0.7), pattern, bars=8, jitter=0.012))
        assert rhythm.tempo == pytest.approx(tempo, rel=0.01)

    def test_three_hours_are_one_tempo_to_the_end(self):
        truth = TempoMap.steady(125.0, 0.4)
        beat = {"kick": "x...x...", "snare": "..x...x."}
        rhythm = analyse_rhythm(play(truth, beat, bars=5600, jitter=0.003))
        assert rhythm.tempo == 125.0
        last_beats = rhythm.tempo_map.beats(3.0 * 3600)[-100:]
        assert np.abs((truth.quarters_at(last_beats) + 0.5) % 1.0 - 0.5).max() < 0.01

    def test_three_hours_take_little_memory(self):
        played = play(TempoMap.steady(125.0, 0.4), bars=5600, jitter=0.003)
        analyse_rhythm(play(TempoMap.steady(125.0)))
        tracemalloc.start()
        analyse_rhythm(played)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 30 * 2**20


class TestLoops:
    @pytest.mark.parametrize("bars", [1, 2, 4])
    @pytest.mark.parametrize("tempo", [93.7, 120.0, 139.9, 174.0])
    def test_whole_bars_fill_a_loop(self, tempo, bars):
        truth = TempoMap.steady(tempo)
        rhythm = analyse_rhythm(cut(play(truth, bars=bars, jitter=0.004), truth.seconds_at(4.0 * bars)))
        assert rhythm.tempo == pytest.approx(tempo, rel=1e-6)
        assert rhythm.tempo_map.seconds_at(0.0) == 0.0

    @pytest.mark.parametrize("tail", [0.012, 0.03, 0.058, 0.5])
    @pytest.mark.parametrize(("tempo", "bars"), [(128.4, 4), (93.0, 2), (100.0, 32)])
    def test_a_tail_does_not_bend_the_tempo(self, tempo, bars, tail):
        truth = TempoMap.steady(tempo)
        end = float(truth.seconds_at(4.0 * bars))
        played = cut(play(truth, bars=bars, jitter=0.002), end)
        rhythm = analyse_rhythm(Transcription(played.hits, end + tail))
        assert rhythm.tempo == pytest.approx(tempo, abs=0.05)
        assert str(rhythm.meter) == "4/4"

    def test_the_half_of_a_bar_that_a_loop_begins_with_is_its_first(self):
        truth = TempoMap.steady(110.0)
        turned = {drum: steps[4:] + steps[:4] for drum, steps in ROCK.items()}
        for pattern in (ROCK, turned):
            rhythm = analyse_rhythm(cut(play(truth, pattern, bars=4, jitter=0.004), truth.seconds_at(16.0)))
            np.testing.assert_allclose(rhythm.tempo_map.downbeats(8.7), truth.downbeats(8.7), atol=1e-6)

    def test_a_recording_that_only_begins_at_once_is_no_loop(self):
        truth = TempoMap.steady(110.0, -1.2)
        played = play(truth, bars=12, jitter=0.004)
        kept = tuple(hit for hit in played.hits if 0.0 < hit.time < 9.1)
        first = kept[0].time
        hits = tuple(replace(hit, time=hit.time - first) for hit in kept)
        rhythm = analyse_rhythm(Transcription(hits, 9.1))
        assert rhythm.tempo == pytest.approx(110.0, abs=0.3)
        np.testing.assert_allclose((truth.quarters_at(rhythm.tempo_map.beats(9.0) + first) + 0.5) % 1.0, 0.5, atol=0.05)

    def test_a_single_sound_is_no_loop(self):
        assert analyse_rhythm(Transcription((Hit(0.0, "kick", 100), Hit(0.01, "snare", 100)), 0.5)).tempo_map is None


class TestChanging:
    def test_a_drift_is_followed(self):
        quarters = np.arange(121.0)
        tempi = 110.0 * (1 + 0.06 * np.sin(quarters[:-1] / 12.0))
        seconds = 0.5 + np.concatenate([[0.0], np.cumsum(60.0 / tempi)])
        truth = TempoMap(tuple(seconds), tuple(quarters))
        rhythm = analyse_rhythm(play(truth, bars=30, jitter=0.004))
        assert not rhythm.steady
        assert rhythm.tempo is None
        errors = rhythm.tempo_map.seconds_at(quarters) - seconds
        assert np.abs(errors).max() < 0.03
        assert "to" in str(rhythm)

    @pytest.mark.parametrize("tempo", [70.0, 140.0])
    def test_a_drift_is_followed_about_any_tempo(self, tempo):
        quarters = np.arange(121.0)
        seconds = 0.5 + np.concatenate([[0.0], np.cumsum(60.0 / (tempo * (1 + 0.07 * np.sin(quarters[:-1] / 12.0))))])
        rhythm = analyse_rhythm(play(TempoMap(tuple(seconds), tuple(quarters)), bars=30, jitter=0.004))
        assert np.abs(rhythm.tempo_map.seconds_at(quarters) - seconds).max() < 0.04

    def test_a_sudden_change_stays_sharp(self):
        truth = TempoMap((0.0, 30.0, 54.0), (0.0, 50.0, 98.0))
        rhythm = analyse_rhythm(play(truth, bars=24, jitter=0.003))
        quarters = np.arange(96.0)
        errors = rhythm.tempo_map.seconds_at(quarters) - truth.seconds_at(quarters)
        assert np.abs(errors).max() < 0.04
        tempos = rhythm.tempo_map.tempos()
        assert tempos[0] == pytest.approx(100.0, rel=0.02)
        assert tempos[-1] == pytest.approx(120.0, rel=0.02)

    def test_fixed_tempo_gives_one_all_the_same(self):
        truth = TempoMap((0.0, 30.0, 54.0), (0.0, 50.0, 98.0))
        rhythm = analyse_rhythm(play(truth, bars=24), RhythmOptions(fixed_tempo=True))
        assert rhythm.steady
        assert 99.0 < rhythm.tempo < 121.0


class TestFreeTime:
    @pytest.mark.parametrize("seed", range(6))
    def test_hits_at_random_have_no_tempo(self, seed):
        rng = np.random.default_rng(seed)
        times = np.sort(rng.uniform(0.0, 40.0, int(rng.integers(60, 300))))
        names = rng.choice(["kick", "snare", "hihat_closed", "tom_low", "crash"], len(times))
        hits = tuple(
            Hit(float(t), str(name), int(v))
            for t, name, v in zip(times, names, rng.integers(30, 127, len(times)), strict=True)
        )
        rhythm = analyse_rhythm(Transcription(hits, 41.0))
        assert rhythm.tempo_map is None
        assert str(rhythm) == "free time"

    def test_a_rubato_solo_has_no_tempo(self):
        rng = np.random.default_rng(3)
        steps = 0.25 * np.exp(0.35 * rng.standard_normal(160))
        names = rng.choice(
            ["tom_low", "tom_mid", "tom_high", "snare", "kick", "crash"], 160, p=[0.2, 0.2, 0.2, 0.2, 0.15, 0.05]
        )
        hits = tuple(Hit(float(t), str(name), 90) for t, name in zip(np.cumsum(steps), names, strict=True))
        assert analyse_rhythm(Transcription(hits, 60.0)).tempo_map is None

    @pytest.mark.parametrize("times", [(), (1.0,), (1.0, 1.5, 2.0)])
    def test_hardly_any_hits_have_no_tempo(self, times):
        rhythm = analyse_rhythm(Transcription(tuple(Hit(t, "kick", 90) for t in times), 5.0))
        assert rhythm.tempo_map is None
        assert rhythm.confidence == 0.0

    def test_a_tempo_that_is_given_holds_for_one_hit_too(self):
        rhythm = analyse_rhythm(
            Transcription((Hit(1.0, "kick", 90),), 5.0), RhythmOptions(tempo=90.0, meter=Meter(3, 4))
        )
        assert rhythm.tempo == pytest.approx(90.0)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(4.0), [1.0, 3.0])

    def test_hits_at_one_moment_are_no_rhythm(self):
        hits = tuple(Hit(1.0, name, 90) for name in ("kick", "snare", "crash") * 4)
        assert analyse_rhythm(Transcription(hits, 3.0)).tempo_map is None


class TestGiven:
    @pytest.mark.parametrize("given", [60.0, 120.0, 240.0])
    def test_the_octave_of_a_tempo_that_is_given_holds(self, given):
        rhythm = analyse_rhythm(play(TempoMap.steady(120.0, 0.5), jitter=0.003), RhythmOptions(tempo=given * 1.02))
        assert rhythm.tempo == pytest.approx(given, abs=0.1)

    def test_the_tempo_stays_in_its_range(self):
        rhythm = analyse_rhythm(play(TempoMap.steady(120.0, 0.5)), RhythmOptions(tempo_range=(45.0, 80.0)))
        assert rhythm.tempo == pytest.approx(60.0, abs=0.1)

    @pytest.mark.parametrize("meter", [Meter(4, 4), Meter(2, 4), Meter(12, 8), Meter(9, 8)])
    def test_a_meter_that_is_given_holds(self, meter):
        rhythm = analyse_rhythm(play(TempoMap.steady(120.0, 0.5)), RhythmOptions(meter=meter))
        assert rhythm.meter == meter

    @pytest.mark.parametrize(
        "tempo_range", [(108.0, 112.0), (109.5, 110.5), (110.0, 120.0), (100.0, 110.0), (70.0, 140.0)]
    )
    def test_a_range_may_be_narrow(self, tempo_range):
        played = play(TempoMap.steady(110.0, 0.5), bars=6, jitter=0.004)
        rhythm = analyse_rhythm(played, RhythmOptions(tempo_range=tempo_range))
        assert rhythm.tempo == pytest.approx(110.0, abs=0.1)
        assert rhythm.remark == ""

    @pytest.mark.parametrize("tempo_range", [(20.0, 25.0), (100.0, 109.0), (108.0, 109.0), (110.5, 111.0)])
    def test_a_range_that_nothing_fits_is_told(self, tempo_range):
        played = play(TempoMap.steady(110.0, 0.5), bars=6, jitter=0.004)
        rhythm = analyse_rhythm(played, RhythmOptions(tempo_range=tempo_range))
        assert rhythm.tempo_map is None
        assert rhythm.remark == "no tempo from {:g} to {:g} BPM fits the playing".format(*tempo_range)

    @pytest.mark.parametrize("tempo", [20.0, 86.5, 90.5, 92.0, 131.0, 137.6, 330.0, 400.0])
    def test_a_tempo_that_is_not_played_has_an_answer_all_the_same(self, tempo):
        rhythm = analyse_rhythm(play(TempoMap.steady(110.0, 0.5), bars=6), RhythmOptions(tempo=tempo))
        assert rhythm.tempo_map is not None

    def test_a_tempo_other_than_was_asked_for_is_told(self):
        played = play(TempoMap.steady(110.0, 0.5), bars=6)
        assert analyse_rhythm(played, RhythmOptions(tempo=92.0)).remark == "asked for 92 BPM, detected 110 BPM, 4/4"
        assert analyse_rhythm(played, RhythmOptions(tempo=108.0)).remark == ""
        assert analyse_rhythm(played).remark == ""

    def test_a_tempo_that_leaves_its_range_in_places_is_told(self):
        truth = TempoMap((0.5, 20.5, 39.7), (0.0, 40.0, 72.0))
        rhythm = analyse_rhythm(play(truth, bars=18), RhythmOptions(tempo_range=(50.0, 117.0)))
        assert str(rhythm) == "100 to 120 BPM, 4/4"
        assert rhythm.remark == "asked for 50 to 117 BPM, detected 100 to 120 BPM, 4/4"

    def test_a_tempo_that_is_left_in_places_is_told_though_it_is_that_on_average(self):
        times = np.sort(np.random.default_rng(5).uniform(0.5, 30.0, 150))
        scattered = Transcription(tuple(Hit(float(time), "snare", 90) for time in times), 31.0)
        rhythm = analyse_rhythm(scattered, RhythmOptions(tempo=300.0))
        first, last = rhythm.tempo_map.quarters_at(times[[0, -1]])
        assert 60.0 * (last - first) / (times[-1] - times[0]) == pytest.approx(300.0, rel=0.04)
        assert str(rhythm) == "196 to 418 BPM, 3/4"
        assert rhythm.remark == "asked for 300 BPM, detected 196 to 418 BPM, 3/4"

    def test_beats_that_are_given_are_gone_through(self):
        beats = Beats(tuple(np.cumsum([0.5] * 8 + [0.6] * 8).tolist()), (1.0, 3.0))
        rhythm = analyse_rhythm(play(TempoMap.steady(120.0)), RhythmOptions(beats=beats))
        assert not rhythm.steady
        np.testing.assert_allclose(rhythm.tempo_map.beats(8.9)[1:], beats.times, atol=1e-9)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(4.0), [1.0, 3.0])

    @pytest.mark.parametrize("tempo", [95.0, 117.37])
    def test_beats_of_one_tempo_that_were_rounded_are_steady(self, tempo):
        played = play(TempoMap.steady(tempo, 0.5), bars=24)
        beats = Beats(tuple((0.5 + np.arange(90) * 60.0 / tempo).round(4).tolist()), (0.5,))
        rhythm = analyse_rhythm(played, RhythmOptions(beats=beats))
        assert rhythm.steady
        assert rhythm.tempo == pytest.approx(tempo, abs=0.0 if tempo == 95.0 else 0.001)
        np.testing.assert_allclose(rhythm.tempo_map.seconds_at(np.arange(90)), beats.times, atol=0.001)
        moved = replace(beats, times=(*beats.times[:40], beats.times[40] + 0.01, *beats.times[41:]))
        assert not analyse_rhythm(played, RhythmOptions(beats=moved)).steady

    def test_few_beats_keep_their_own_tempo(self):
        beats = Beats(tuple((np.arange(3) * 60.0 / 117.4).round(4).tolist()))
        rhythm = analyse_rhythm(Transcription((), 60.0), RhythmOptions(beats=beats))
        assert rhythm.tempo == pytest.approx(117.4, abs=0.02)

    def test_bars_are_found_where_only_beats_are_given(self):
        truth = TempoMap.steady(120.0, 0.5)
        beats = Beats(tuple(truth.beats(25.0).tolist()))
        rhythm = analyse_rhythm(play(truth), RhythmOptions(beats=beats))
        assert rhythm.meter == Meter(4, 4)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(8.0), truth.downbeats(8.0), atol=1e-6)

    def test_bars_of_different_lengths_are_meters(self):
        times = tuple(float(t) for t in range(12))
        rhythm = analyse_rhythm(play(TempoMap.steady(60.0)), RhythmOptions(beats=Beats(times, (1.0, 5.0, 8.0))))
        assert [str(change.meter) for change in rhythm.tempo_map.meters] == ["4/4", "3/4"]
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(11.0), [1.0, 5.0, 8.0, 11.0])

    def test_outside_the_beats_the_tempo_of_several_goes_on_and_hits_there_are_told(self):
        truth = TempoMap.steady(120.0, 0.0)
        taps = np.arange(10.0, 20.0, 0.5)
        taps[[0, -1]] += [0.05, -0.05]
        rhythm = analyse_rhythm(play(truth, bars=24), RhythmOptions(beats=Beats(tuple(taps))))
        assert rhythm.remark.startswith("the beats: 246 of 312 hits lie outside the beats given")
        tempos = rhythm.tempo_map.tempos()
        assert (tempos[0], tempos[-1]) == pytest.approx((120.0, 120.0))
        beats = rhythm.tempo_map.beats(47.0)
        np.testing.assert_allclose(beats - np.rint(beats * 2) / 2, 0.0, atol=0.051)

    def test_hits_around_beats_that_cover_all_are_not_outside(self, recwarn):
        analyse_rhythm(play(TempoMap.steady(120.0)), RhythmOptions(beats=Beats(tuple(np.arange(0.0, 24.0, 0.5)))))
        assert not recwarn

    @pytest.mark.parametrize(
        ("start", "told"),
        [
            (60.0, r"all beats are after the recording's end, at 29\."),
            (0.0, r"all beats are before the first hit, at 5\."),
        ],
    )
    def test_beats_of_another_recording_are_refused(self, start, told):
        beats = Beats((start, start + 0.5, start + 1.0), name="take.beats")
        with pytest.raises(RhythmError, match=rf"take\.beats: {told}\d+ s: give those of this recording"):
            analyse_rhythm(play(TempoMap.steady(120.0, 5.0)), RhythmOptions(beats=beats))

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"tempo": 900.0}, "outside 20 to 400"),
            ({"tempo": float("nan")}, "outside 20 to 400"),
            ({"tempo_range": (140.0, 70.0)}, "must ascend"),
            ({"tempo": 50.0, "tempo_range": (70.0, 140.0)}, "outside the range"),
            ({"tempo": 50.0, "beats": Beats((0.0, 1.0))}, "either"),
        ],
    )
    def test_contradictions_are_refused(self, options, told):
        with pytest.raises(RhythmError, match=told):
            RhythmOptions(**options)


def read(folder, text):
    """Beats that are written so."""
    path = folder / "song.beats"
    path.write_text(text)
    return read_beats(path)


class TestBeatsFile:
    def test_times_with_and_without_numbers_are_read(self, tmp_path):
        path = tmp_path / "song.beats"
        path.write_text("# beats\n0.010\t4\n0.52 1\n\n1.06, 2\n1.64\n")
        assert read_beats(path) == Beats((0.01, 0.52, 1.06, 1.64), (0.52,))

    @pytest.mark.parametrize(
        "text",
        [
            "0.5,3\n1,1\n1.5,2\n",
            "0.5;3\n1.0;1\n1.5;2\n",
            "0.5, 3\n1, 1\n1.5, 2\n",
            "0.500000\t0.500000\t3\n1.000000\t1.000000\t1\n1.500000\t1.700000\t\n",
            "0.5\t0.5\t3\n\\\t86.1\t3445.3\n1.0\t1.0\t1\n\\\t86.1\t3445.3\n1.5\t1.7\t\n\\\t-1.0\t3445.3\n",
            "time,beat\n0.5,3\n1.0,1\n1.5,2\n",
            '"Time (s)";"Beat in bar"\n0.5;3\n1.0;1\n1.5;2\n',
        ],
        ids=["commas", "semicolons", "commas and blanks", "Audacity", "Audacity's bands", "names", "names in quotes"],
    )
    def test_columns_are_parted_in_any_of_the_usual_ways(self, tmp_path, text):
        assert read(tmp_path, text) == Beats((0.5, 1.0, 1.5), (1.0,))

    def test_a_third_column_of_bars_is_left_out(self, tmp_path):
        text = "4.0\t4\t1\n4.5\t1\t2\n5.0\t2\t2\n"
        assert read(tmp_path, text) == Beats((4.0, 4.5, 5.0), (4.5,))

    def test_labels_of_audacity_may_have_other_texts(self, tmp_path):
        assert read(tmp_path, "0.5\t0.5\tbeat\n1.0\t1.0\t1.2\n") == Beats((0.5, 1.0))

    @pytest.mark.parametrize(
        ("text", "times", "downbeats"),
        [
            ("0\n2\n6\n8\n", (0, 2, 4, 6, 8), ()),
            ("0 1\n2 2\n6 4\n8 1\n", (0, 2, 4, 6, 8), (0, 8)),
            ("0 3\n2 4\n6 2\n8 3\n", (0, 2, 4, 6, 8), (4,)),
            ("0 1\n1 2\n3 3\n4 1\n", (0, 1, 3, 4), (0, 4)),
            ("0 1\n1 2\n2 3\n3 1\n4 2\n6 1\n7 2\n8 3\n9 1\n", range(10), (0, 3, 6, 9)),
            ("0 1\n1 2\n2 1\n3 2\n5 1\n6 2\n7 1\n", (0, 1, 2, 3, 5, 6, 7), (0, 2, 5, 7)),
        ],
        ids=["no numbers", "a number is lacking", "a downbeat is lacking", "a beat is held", "a last beat", "a rest"],
    )
    def test_a_beat_that_was_skipped_is_put_in_unless_the_numbers_count_on(self, tmp_path, text, times, downbeats):
        assert read(tmp_path, text) == Beats(tuple(times), downbeats)

    @pytest.mark.parametrize(
        ("count", "meter", "step"),
        [(6, "6/8", 0.5), (2, "6/8", 1.5), (12, "12/8", 0.5), (4, "12/8", 1.5), (9, "9/8", 0.5), (7, "7/8", 0.5)],
    )
    @pytest.mark.parametrize("bars", [1, 3])
    def test_numbers_tell_whether_compound_meters_are_counted_in_eighths(self, tmp_path, count, meter, step, bars):
        text = "".join(f"{i * 0.25} {i % count + 1}\n" for i in range(bars * count))
        options = RhythmOptions(beats=read(tmp_path, text), meter=Meter.parse(meter))
        rhythm = analyse_rhythm(Transcription((), 60.0), options)
        assert str(rhythm.meter) == meter
        assert rhythm.tempo == pytest.approx(step * 240.0)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(9.0)[:3], np.arange(3) * count * 0.25, atol=1e-9)

    def test_a_single_bar_is_as_long_as_it_is_numbered(self, tmp_path):
        beats = read(tmp_path, "0.0 1\n0.5 2\n1.0 3\n")
        assert analyse_rhythm(Transcription((), 5.0), RhythmOptions(beats=beats)).meter == Meter(3, 4)

    @pytest.mark.parametrize("numbers", [(1, 2, 3, 4), (4, 1, 2, 3), (1, 2, 3, 4, 1, 2, 3, 1)])
    def test_numbers_that_contradict_the_meter_are_refused(self, tmp_path, numbers):
        beats = read(tmp_path, "".join(f"{i / 2} {number}\n" for i, number in enumerate(numbers)))
        with pytest.raises(RhythmError, match=r"song\.beats: beats are numbered up to .*4, but 3/4 has 3 beats"):
            RhythmOptions(beats=beats, meter=Meter(3, 4))

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("0.5 1\n0.4 2\n", r"line 2: 0.4 s is not after .* 0.5 s"),
            ("0.5\nx\n", "line 2: 'x' is not a time"),
            ("time\nbeat\n0.5\n", "line 2: 'beat' is not a time"),
            ("-1\n2\n", "line 1: -1 is not a time"),
            (
                "0.5\n60.5\n",
                "line 2: 60 s after the beat before it makes a tempo of 1, outside 20 to 400 beats per minute",
            ),
            ("0\n1\n2\n2.1\n", "line 4: 0.1 s after the beat before it makes a tempo of 600"),
            ("0\n1\n2\n9\n10\n11\n", "line 4: 7 s after"),
            ("0 1\n1 3\n2 2\n3 7\n", "line 2: beat 3 after beat 1: number the beats of each bar 1, 2, 3"),
            ("0.0 1\n0.5 2\n1.5 5\n2.0 1\n", "line 3: beat 5 after beat 2"),
            ("0.0 0\n0.5 1\n1.0 2\n", "line 1: 0 is not a beat number: the beats of a bar count from 1"),
            ("0.0 1\n0.5 1.5\n", "line 2: 1.5 is not a beat number"),
            ("0,5\n1,0\n", "line 1: '0,5' may have a decimal comma: write times with a point"),
            ("0,512;1\n1,024;2\n", "line 1: '0,512;1' may have a decimal comma"),
            ("0.5 1\n" + "".join(f"{i}\n" for i in range(1, 70)) + "70 1\n", "a bar of 70 beats: give"),
            ("0.5\n", "holds one beat: at least two"),
            ("", "holds no beats: at least two"),
        ],
    )
    def test_broken_files_say_where(self, tmp_path, text, told):
        with pytest.raises(RhythmError, match=told):
            read(tmp_path, text)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(RhythmError, match=r"gone\.beats: cannot be read"):
            read_beats(tmp_path / "gone.beats")


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    rng = np.random.default_rng(1)
    sound = np.zeros(44100 * 14, np.float32)
    time = np.arange(11025) / 44100
    shots = {
        "kick": np.sin(2 * np.pi * 60 * time) * np.exp(-time / 0.06),
        "snare": (rng.standard_normal(11025) * 0.3 + 0.5 * np.sin(2 * np.pi * 190 * time)) * np.exp(-time / 0.05),
        "hihat_closed": np.diff(rng.standard_normal(11026)) * 0.15 * np.exp(-time / 0.02),
    }
    for hit in play(TempoMap.steady(110.0, 0.5), bars=6).hits:
        place(sound, OneShot(shots[hit.articulation].astype(np.float32), 0), round(hit.time * 44100), 0.7)
    path = tmp_path_factory.mktemp("song") / "song.wav"
    sf.write(path, sound, 44100)
    return path


class TestCommand:
    def transcribe(self, *arguments):
        from click.testing import CliRunner

        from drumscribe.cli import main

        return CliRunner().invoke(main, ["transcribe", *map(str, arguments)])

    def test_the_report_names_tempo_and_meter(self, song, tmp_path):
        result = self.transcribe(song, "-o", tmp_path, "--json")
        assert "110 BPM, 4/4" in result.stderr
        rhythm = json.loads(result.stdout)["recordings"][0]["rhythm"]
        assert rhythm["tempo"] == 110.0
        assert rhythm["meter"] == "4/4"
        assert 0 < rhythm["confidence"] <= 1

    def test_options_reach_the_analysis(self, song, tmp_path):
        result = self.transcribe(song, "-o", tmp_path, "--json", "-q", "--tempo", "55", "--meter", "2/4")
        rhythm = json.loads(result.stdout)["recordings"][0]["rhythm"]
        assert (rhythm["tempo"], rhythm["meter"]) == (55.0, "2/4")

    def test_what_was_asked_for_and_not_heard_is_noted(self, song, tmp_path):
        result = self.transcribe(song, "-o", tmp_path, "--json", "--tempo-range", "108-109")
        (recording,) = json.loads(result.stdout)["recordings"]
        assert recording["rhythm"]["tempo"] is None
        assert recording["notes"] == ["no tempo from 108 to 109 BPM fits the playing"]
        assert f"{song}: no tempo from 108 to 109 BPM fits the playing" in result.stderr

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--tempo", "5"), "a tempo of 5 is outside 20 to 400"),
            (("--tempo-range", "fast"), "write it like 70-140"),
            (("--meter", "6"), "write it like 4/4 or 6/8"),
            (("--beats", "gone.beats"), "gone.beats: cannot be read"),
        ],
    )
    def test_bad_options_are_told_before_any_work(self, song, tmp_path, options, told):
        result = self.transcribe(song, "-o", tmp_path, *options)
        assert result.exit_code == 2
        assert told in result.stderr
        assert list(tmp_path.iterdir()) == []

    def test_hits_outside_the_beats_are_told_in_the_report(self, song, tmp_path):
        (tmp_path / "a.beats").write_text("0.5 1\n1.05 2\n1.6 3\n2.15 4\n")
        result = self.transcribe(song, "-o", tmp_path, "--json", "--beats", tmp_path / "a.beats")
        assert result.exit_code == 0
        (note,) = json.loads(result.stdout)["recordings"][0]["notes"]
        assert "hits lie outside the beats given" in note
        assert note in result.stderr

    def test_beats_after_the_recording_are_a_failure_in_one_line(self, song, tmp_path):
        (tmp_path / "a.beats").write_text("100\n101\n")
        result = self.transcribe(song, "-o", tmp_path, "-q", "--beats", tmp_path / "a.beats")
        assert result.exit_code == 1
        assert result.stderr.startswith(
            f"failed: {song}: {tmp_path / 'a.beats'}: all beats are after the recording's end"
        )

    def test_numbers_that_contradict_the_meter_are_told_before_any_work(self, song, tmp_path):
        (tmp_path / "a.beats").write_text("0.5 1\n1.0 2\n1.5 3\n2.0 4\n")
        result = self.transcribe(song, "-o", tmp_path / "out", "--meter", "3/4", "--beats", tmp_path / "a.beats")
        assert result.exit_code == 2
        assert "a.beats: beats are numbered up to 4, but 3/4 has 3 beats" in result.stderr
        assert list((tmp_path / "out").iterdir()) == []

    def test_beats_belong_to_one_recording(self, song, tmp_path):
        (tmp_path / "a.beats").write_text("0.5\n1.0\n")
        other = tmp_path / "other.wav"
        other.write_bytes(song.read_bytes())
        result = self.transcribe(song, other, "-o", tmp_path / "out", "--beats", tmp_path / "a.beats")
        assert result.exit_code == 2
        assert "beats of one recording" in result.stderr


@pytest.mark.parametrize("rest_s", [3.3, 7.2, 9.1, 12.4, 17.9])
def test_the_drums_may_rest_for_long(rest_s):
    first = play(TempoMap.steady(110.0, 0.5), {"kick": "x...", "snare": "..x.", "hihat_closed": ".x.x"}, jitter=0.003)
    after = first.hits[-1].time + rest_s
    hits = (*first.hits, *(replace(hit, time=hit.time + after) for hit in first.hits))
    rhythm = analyse_rhythm(Transcription(hits, hits[-1].time + 1.0))
    assert rhythm.meter == Meter(4, 4)
    beats = rhythm.tempo_map.beats(hits[-1].time)
    for kick in (hit.time for hit in hits if hit.articulation == "kick"):
        assert np.min(np.abs(beats - kick)) < 0.05
