"""Changes of meter, and what else a rhythm may be."""

from pathlib import Path

import numpy as np
import pytest

from drumscribe import transcribe
from drumscribe.errors import RhythmError
from drumscribe.music.rhythm import RhythmChoice
from drumscribe.music.tempo_map import Meter
from drumscribe.music.transcription import Hit, Transcription
from drumscribe.options import rhythm_options
from drumscribe.rhythm import RhythmOptions, analyse_rhythm

SONGS = Path(__file__).parents[2] / "examples" / "songs"
NAMES, VELOCITIES = {"ghost": "snare"}, {"hihat_closed": 70, "ghost": 30}
ROCK = {"kick": "x..xx...", "snare": "..x...x.", "hihat_closed": "xxxxxxxx"}
WALTZ = {"kick": "x.....", "snare": "..x.x.", "hihat_closed": "xxxxxx"}
HALF_OF_ROCK = {"kick": "x..x", "snare": "..x.", "hihat_closed": "xxxx"}
EIGHTHS = {"kick": "x...x...", "snare": "..x...x.", "hihat_closed": "xxxxxxxx"}


def play(*parts, tempo=110.0, start=0.5, seed=0):
    """Bars of patterns of eighths, (pattern, bars) after (pattern, bars); also return their bar lines in seconds."""
    rng = np.random.default_rng(seed)
    eighth, hits, lines = 30.0 / tempo, [], []
    for pattern, bars in parts:
        length = len(pattern["kick"])
        for _ in range(bars):
            lines.append(start)
            for name, steps in pattern.items():
                times = start + eighth * np.flatnonzero([step == "x" for step in steps])
                struck = np.maximum(times + rng.normal(0.0, 0.004, len(times)), 0.0)
                hits += [Hit(float(time), NAMES.get(name, name), VELOCITIES.get(name, 100)) for time in struck]
            start += length * eighth
    hits.sort(key=lambda hit: hit.time)
    return Transcription(tuple(hits), hits[-1].time + 1.0), np.array(lines)


class TestChangesOfMeter:
    @pytest.mark.parametrize("before", [6, 9])
    def test_a_bar_of_two_quarters_stands_among_bars_of_four(self, before):
        played, lines = play((ROCK, before), (HALF_OF_ROCK, 1), (ROCK, 7))
        rhythm = analyse_rhythm(played)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(lines[-1] + 0.1), lines, atol=0.02)
        assert [str(change.meter) for change in rhythm.tempo_map.meters] == ["4/4", "2/4", "4/4"]
        assert str(rhythm) == "110 BPM, 4/4, 2/4"

    @pytest.mark.parametrize("before", [3, 4, 5])
    def test_a_bar_of_two_quarters_stands_among_few_bars_of_four(self, before):
        whole = {"kick": "x...xx..", "snare": "..x...x.", "hihat_closed": "xxxxxxxx"}
        half = {"kick": "x...", "snare": "..x.", "hihat_closed": "xxxx"}
        played, lines = play((whole, before), (half, 1), (whole, 4), tempo=120.0, start=0.0)
        rhythm = analyse_rhythm(played)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(lines[-1] + 0.1), lines, atol=0.02)

    @pytest.mark.parametrize("order", [(WALTZ, ROCK), (ROCK, WALTZ)])
    def test_three_quarters_become_four_and_the_other_way_round(self, order):
        played, lines = play((order[0], 8), (order[1], 8))
        rhythm = analyse_rhythm(played)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(lines[-1] + 0.1), lines, atol=0.02)

    def test_one_meter_throughout_is_an_alternative_and_can_be_asked_for(self):
        played, _ = play((ROCK, 8), (HALF_OF_ROCK, 1), (ROCK, 8))
        rhythm = analyse_rhythm(played)
        assert "4/4 throughout" in [other.relation for other in rhythm.alternatives]
        assert len(analyse_rhythm(played, RhythmOptions(meter=Meter(4, 4))).tempo_map.meters) == 1

    @pytest.mark.parametrize("seed", range(4))
    def test_another_groove_in_the_same_meter_is_no_change(self, seed):
        other = {"kick": "x.x..x..", "snare": "..x...xx", "ride": "x.x.x.x."}
        played, _ = play((ROCK, 8), (other, 8), seed=seed)
        assert len(analyse_rhythm(played).tempo_map.meters) == 1


class TestAlternatives:
    def test_probabilities_of_all_readings_sum_to_one(self):
        rhythm = analyse_rhythm(play((EIGHTHS, 8))[0])
        assert sum(reading.probability for reading in rhythm.readings) == pytest.approx(1.0)
        assert "bars 2 beats later" in [other.relation for other in rhythm.alternatives]
        probabilities = [other.probability for other in rhythm.alternatives]
        assert probabilities == sorted(probabilities, reverse=True)

    def test_a_reading_is_chosen_by_its_number(self):
        played, _ = play((EIGHTHS, 8))
        second = analyse_rhythm(played).alternatives[0]
        chosen = analyse_rhythm(played, RhythmOptions(choice=RhythmChoice(reading=2)))
        assert chosen.tempo_map == second.tempo_map
        with pytest.raises(RhythmError, match="none with the number 50"):
            analyse_rhythm(played, RhythmOptions(choice=RhythmChoice(reading=50)))

    def test_the_tempo_that_is_found_is_multiplied(self):
        played, _ = play((ROCK, 8))
        assert analyse_rhythm(played, rhythm_options("/2")).tempo == 55.0
        assert analyse_rhythm(played, rhythm_options("x2")).tempo == 220.0
        assert rhythm_options("92").tempo == 92.0
        for wrong in ("fast", "x", "/0", "x-2"):
            with pytest.raises(RhythmError, match="neither a number, such as 92, nor a multiple"):
                rhythm_options(wrong)


class TestBeginnings:
    @pytest.mark.parametrize("tempo", [100.0, 128.0])
    @pytest.mark.parametrize("pattern", [EIGHTHS, {"kick": "x.x.x.x.", "hihat_open": ".x.x.x.x"}])
    def test_halves_that_are_alike_begin_with_the_first_stroke_of_the_recording(self, tempo, pattern):
        rhythm = analyse_rhythm(play((pattern, 8), tempo=tempo, start=0.0)[0])
        assert rhythm.tempo == pytest.approx(tempo)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(3.0)[0], 0.0, atol=0.02)

    @pytest.mark.parametrize("kicks", ["x....x..", "x..x.x.."])
    def test_half_a_bar_before_the_first_bar_stays_an_upbeat(self, kicks):
        pattern = ROCK | {"kick": kicks}
        played, lines = play(({name: steps[4:] for name, steps in pattern.items()}, 1), (pattern, 8), start=0.0)
        found = analyse_rhythm(played).tempo_map.downbeats(played.duration)
        np.testing.assert_allclose(found[: len(lines) - 1], lines[1:], atol=0.02)

    @pytest.mark.parametrize("pattern", [EIGHTHS, {"kick": "x.x.x.x.", "hihat_open": ".x.x.x.x"}])
    def test_a_lossy_encoder_may_put_silence_before_the_first_stroke(self, pattern):
        rhythm = analyse_rhythm(play((pattern, 8), tempo=90.0, start=0.08)[0])
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(3.0)[0], 0.08, atol=0.02)


class TestHardPlaying:
    @pytest.mark.parametrize("kicks", ["x....x......", "x....x...x.x", "x....x.....x"])
    @pytest.mark.parametrize("tempo", [75.0, 85.0, 96.0])
    def test_a_half_time_shuffle_has_four_beats_of_three(self, kicks, tempo):
        shuffle = {"kick": kicks, "snare": "......x.....", "ghost": ".x..x..x..x.", "hihat_closed": "x.xx.xx.xx.x"}
        played, lines = play((shuffle, 12), tempo=1.5 * tempo, seed=1)
        rhythm = analyse_rhythm(played)
        assert rhythm.meter in (Meter(12, 8), Meter(4, 4))
        assert rhythm.tempo / rhythm.meter.beat_quarters == pytest.approx(tempo, rel=0.01)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(lines[-1] + 0.1), lines, atol=0.02)

    @pytest.mark.parametrize("tempi", [(100.0, 140.0), (90.0, 125.0), (120.0, 80.0), (120.0, 170.0)])
    def test_a_song_may_go_on_at_another_tempo(self, tempi):
        first, lines = play((ROCK, 8), tempo=tempi[0])
        second, more = play((ROCK, 8), tempo=tempi[1], start=lines[-1] + 240.0 / tempi[0])
        rhythm = analyse_rhythm(Transcription(first.hits + second.hits, second.duration))
        found = rhythm.tempo_map.tempos()
        assert found[0] == pytest.approx(tempi[0], rel=0.01)
        assert found[-1] == pytest.approx(tempi[1], rel=0.01)
        np.testing.assert_allclose(rhythm.tempo_map.downbeats(more[-1] + 0.1), [*lines, *more], atol=0.04)

    @pytest.mark.parametrize("seed", range(4))
    def test_bars_follow_an_introduction_out_of_time(self, seed):
        rng = np.random.default_rng(seed)
        times = np.cumsum(rng.uniform(0.25, 1.3, 9))
        strokes = rng.choice(["crash", "tom_low", "kick", "snare"], 9)
        introduction = tuple(Hit(float(time), str(name), 90) for time, name in zip(times, strokes, strict=True))
        played, lines = play((ROCK, 12), tempo=112.0, start=times[-1] + 1.0, seed=seed)
        found = analyse_rhythm(Transcription(introduction + played.hits, played.duration)).tempo_map
        found = found.downbeats(lines[-1] + 0.1)
        np.testing.assert_allclose(found[-len(lines) :], lines, atol=0.04)


@pytest.mark.slow
def test_readings_are_told_apart_in_words() -> None:
    jazz, rock = (transcribe(SONGS / f"{name}.ogg").rhythm for name in ("jazz", "rock"))
    for rhythm in (jazz, rock):
        relations = [reading.relation for reading in rhythm.readings]
        assert len(set(relations)) == len(relations), relations
        assert not any("/12" in relation for relation in relations), "a bar line so near a beat is on it"
