"""MIDI files hold what was heard, when it was heard."""

import struct

import mido
import numpy as np
import pretty_midi
import pytest

from drumscribe.errors import DrumscribeError, LabelError
from drumscribe.formats.midi import (
    MidiOptions,
    lay_out,
    read_midi,
    read_note_ons,
    read_transcription,
    to_pretty_midi,
    write_midi,
)
from drumscribe.music.drums import ARTICULATIONS
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription


def random_transcription(hits: int, duration: float, seed: int = 0) -> Transcription:
    """A transcription with the given number of hits spread over its duration."""
    rng = np.random.default_rng(seed)
    times = (np.arange(hits) + rng.uniform(0, 0.9, hits)) * duration / hits
    return Transcription(
        tuple(Hit(float(t), rng.choice(ARTICULATIONS).name, int(rng.integers(1, 128))) for t in times), duration
    )


def written(path, *hits: Hit, duration: float = 10.0):
    write_midi(Transcription(hits, duration), path)
    return path


def test_every_articulation_survives_the_round_trip(tmp_path):
    hits = [Hit(float(i), a.name, 10 + i) for i, a in enumerate(ARTICULATIONS)]
    assert read_midi(written(tmp_path / "a.mid", *hits)) == hits


def test_notes_are_within_half_a_millisecond_of_the_hits_through_three_hours(tmp_path):
    transcription = random_transcription(20_000, 3 * 3600.0)
    write_midi(transcription, tmp_path / "long.mid")
    back = read_midi(tmp_path / "long.mid")
    assert len(back) == 20_000
    assert sorted(h.articulation for h in back) == sorted(h.articulation for h in transcription.hits)
    deviation = np.array([h.time for h in back]) - np.array([h.time for h in transcription.hits])
    assert np.abs(deviation).max() < 0.0005
    assert back[-1].time > 3 * 3600 - 5


def test_pretty_midi_reads_the_file_as_to_pretty_midi_builds_it(tmp_path):
    transcription = random_transcription(500, 60.0)
    path = written(tmp_path / "a.mid", *transcription.hits, duration=60.0)
    file, built = pretty_midi.PrettyMIDI(str(path)), to_pretty_midi(transcription)
    assert file.resolution == built.resolution == 960
    assert file.get_tempo_changes()[1].tolist() == built.get_tempo_changes()[1].tolist() == [120.0]
    assert [(s.numerator, s.denominator, s.time) for s in file.time_signature_changes] == [
        (s.numerator, s.denominator, s.time) for s in built.time_signature_changes
    ]
    (drums,), (expected,) = file.instruments, built.instruments
    assert drums.is_drum and expected.is_drum
    assert drums.name == expected.name == "Drums"

    def table(instrument):
        return sorted((n.start, n.pitch, n.velocity, n.end) for n in instrument.notes)

    np.testing.assert_allclose(table(drums), table(expected), rtol=0, atol=1e-9)


def test_the_file_of_to_pretty_midi_holds_the_same_notes(tmp_path):
    transcription = random_transcription(300, 30.0)
    to_pretty_midi(transcription).write(str(tmp_path / "pretty.mid"))
    write_midi(transcription, tmp_path / "own.mid")
    assert read_note_ons(tmp_path / "pretty.mid") == read_note_ons(tmp_path / "own.mid")
    transcription.to_pretty_midi().write(str(tmp_path / "method.mid"))
    assert (tmp_path / "method.mid").read_bytes() == (tmp_path / "pretty.mid").read_bytes()


def test_everything_is_on_channel_10_and_the_file_lasts_as_long_as_the_recording(tmp_path):

    midi = mido.MidiFile(written(tmp_path / "a.mid", Hit(1.0, "kick", 90), Hit(2.0, "snare", 80), duration=7.5))
    assert {m.channel for t in midi.tracks for m in t if not m.is_meta} == {9}
    assert midi.length == pytest.approx(7.5)
    assert midi.type in (0, 1)


def test_a_note_ends_before_the_next_of_its_number(tmp_path):
    path = written(
        tmp_path / "roll.mid",
        Hit(1.0, "snare", 90),
        Hit(1.03, "snare", 50),
        Hit(1.04, "kick", 50),
        Hit(1.5, "snare", 9),
    )
    (drums,) = pretty_midi.PrettyMIDI(str(path)).instruments
    snares = sorted((n.start, n.end) for n in drums.notes if n.pitch == 38)
    assert snares[0][1] == snares[1][0]
    assert [end - start for start, end in snares[1:]] == pytest.approx([0.1, 0.1], abs=1e-3)


def test_two_hits_of_one_note_on_one_tick_become_one_note_as_loud_as_the_louder(tmp_path):
    path = written(tmp_path / "a.mid", Hit(1.0, "snare", 40), Hit(1.0001, "snare", 90), Hit(1.0, "kick", 30))
    assert read_note_ons(path) == [(1.0, 36, 30), (1.0, 38, 90)]
    assert len(pretty_midi.PrettyMIDI(str(path)).instruments[0].notes) == 2


def test_a_transcription_without_hits_is_a_valid_file(tmp_path):
    path = written(tmp_path / "silence.mid", duration=3.0)
    assert read_midi(path) == []
    pretty_midi.PrettyMIDI(str(path))


def varlen(value: int) -> bytes:
    out = [value & 127]
    while value := value >> 7:
        out.insert(0, value & 127 | 128)
    return bytes(out)


def smf(*tracks: bytes, division: int = 480) -> bytes:
    """A Standard MIDI File of raw tracks."""
    head = b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), division)
    return head + b"".join(b"MTrk" + struct.pack(">I", len(t) + 4) + t + b"\0\xff\x2f\0" for t in tracks)


PIANO = varlen(0) + b"\x90\x26\x64"


def test_tempo_changes_running_status_and_other_channels_are_read(tmp_path):
    tempo = (
        varlen(0) + b"\xff\x51\x03" + (500_000).to_bytes(3, "big")
        + varlen(960) + b"\xff\x51\x03" + (1_000_000).to_bytes(3, "big")
    )  # fmt: skip
    drums = (
        varlen(0) + b"\xc9\x00"
        + varlen(0) + b"\x99\x24\x64" + varlen(0) + b"\x2a\x50"  # running status
        + varlen(480) + b"\x24\x00" + varlen(0) + b"\x26\x64"  # velocity 0 is a note off
        + varlen(960) + b"\x99\x2f\x64"  # tick 1440: one second at 120 BPM and one at 60
        + varlen(0) + b"\x36\x64"  # a tambourine
    )  # fmt: skip
    path = tmp_path / "a.mid"
    path.write_bytes(smf(tempo, drums, PIANO))
    assert read_note_ons(path) == [(0.0, 36, 100), (0.0, 42, 80), (0.5, 38, 100), (2.0, 47, 100), (2.0, 54, 100)]
    assert [h.articulation for h in read_midi(path)] == ["kick", "hihat_closed", "snare", "tom_mid"]


def test_without_channel_10_all_channels_are_read(tmp_path):
    path = tmp_path / "a.mid"
    path.write_bytes(smf(PIANO))
    assert read_midi(path) == [Hit(0.0, "snare", 100)]


def test_frame_based_divisions_are_read(tmp_path):
    path = tmp_path / "a.mid"
    path.write_bytes(smf(varlen(500) + b"\x99\x24\x64", division=0xE728))  # 25 frames of 40 ticks: 1 ms
    assert read_note_ons(path) == [(0.5, 36, 100)]


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "it ends early"), (b"hello, this is no MIDI file", ".+"), (smf(PIANO)[:-6], "it ends early")],
)
def test_a_broken_file_is_named(tmp_path, content, why):
    path = tmp_path / "broken.mid"
    path.write_bytes(content)
    with pytest.raises(LabelError, match=rf"broken\.mid: not a readable MIDI file \({why}\)"):
        read_midi(path)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(LabelError, match=r"gone\.mid: cannot be read: No such file or directory$"):
        read_midi(tmp_path / "gone.mid")


def timed(tempo_map: TempoMap | None, times, duration: float) -> Transcription:
    """Kick and snare in turn, in a rhythm."""
    hits = (Hit(float(t), ("kick", "snare")[i % 2], 90) for i, t in enumerate(times))
    return Transcription(tuple(hits), duration, "", Rhythm(tempo_map, 1.0, False))


def note_times(path) -> np.ndarray:
    """Seconds of the notes from the beginning of the file, as mido plays them."""

    now, times = 0.0, []
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on" and message.velocity:
            times.append(now)
    return np.array(times)


def bars_of(path) -> np.ndarray:
    """Seconds of the bar lines as a sequencer counts them: from the first tick, by the meters and tempi of the file."""

    midi = mido.MidiFile(path)
    tick, seconds, tempo, bar, line, lines = 0, 0.0, 500_000, 4, 0.0, []
    for message in mido.merge_tracks(midi.tracks):
        until = tick + message.time
        while line < until - 1e-6 or (message.type == "end_of_track" and line <= until):
            lines.append(seconds + (line - tick) * tempo / 1e6 / midi.ticks_per_beat)
            line += bar * midi.ticks_per_beat
        seconds += message.time * tempo / 1e6 / midi.ticks_per_beat
        tick = until
        if message.type == "set_tempo":
            tempo = message.tempo
        elif message.type == "time_signature":
            assert line == pytest.approx(tick) or not tick  # meters change on bar lines
            bar = message.numerator * 4 / message.denominator
    return np.array(lines)


def drifting(minutes: float) -> TempoMap:
    """Quarter after quarter at 80 to 120 per minute, slowly changing, with the unevenness of playing."""
    rng = np.random.default_rng(0)
    quarters = np.arange(int(minutes * 120))
    tempos = 100 + 20 * np.sin(quarters / 300) + 2 * rng.standard_normal(len(quarters))
    seconds = 0.731 + np.concatenate([[0.0], np.cumsum(60 / tempos)[:-1]])
    return TempoMap(tuple(seconds.tolist()), tuple(quarters.astype(float).tolist()))


@pytest.mark.parametrize(
    "tempo_map",
    [drifting(60), TempoMap.steady(123.457, 1.9), TempoMap.steady(31.7, 0.4)],
    ids=["drift", "steady", "slow"],
)
def test_an_hour_in_any_tempo_is_within_a_millisecond_from_the_first_minute_to_the_last(tmp_path, tempo_map):
    times = np.arange(3000) * 1.2 + np.random.default_rng(1).uniform(0, 1.1, 3000)
    write_midi(timed(tempo_map, times, 3600.0), tmp_path / "hour.mid")
    assert np.abs(note_times(tmp_path / "hour.mid") - times).max() < 0.001
    read = pretty_midi.PrettyMIDI(str(tmp_path / "hour.mid")).instruments[0].notes
    assert np.abs(np.array([n.start for n in read]) - times).max() < 0.001
    bars = bars_of(tmp_path / "hour.mid")
    true = tempo_map.downbeats(3600.0)
    nearest = np.abs(true[:, None] - bars[np.clip(np.searchsorted(bars, true)[:, None] + [-1, 0], 0, len(bars) - 1)])
    assert nearest.min(axis=1).max() < 0.001


@pytest.mark.parametrize(
    "tempo_map",
    [TempoMap.steady(1.0), TempoMap((0.0, 60.0, 120.0, 120.5), (0.0, 1.0, 2.0, 3.0)), TempoMap.steady(0.01, 5.0)],
    ids=["steady", "then fast", "hardly any"],
)
def test_a_tempo_slower_than_midi_holds_makes_a_file_that_is_played_right(tmp_path, tempo_map):
    import mido

    times = [0.0, 7.3, 59.9, 121.2, 140.0]
    write_midi(timed(tempo_map, times, 150.0), tmp_path / "a.mid")
    assert 960 <= mido.MidiFile(tmp_path / "a.mid").ticks_per_beat <= 32767
    assert note_times(tmp_path / "a.mid") == pytest.approx(times, abs=0.001)


@pytest.mark.parametrize("meter", [Meter(), Meter(6, 8), Meter(7, 8)], ids=str)
@pytest.mark.parametrize("tempo", [60, 92.5, 174])
def test_bar_lines_fall_on_downbeats_whatever_is_before_the_first_one(tmp_path, meter, tempo):
    for first in (0.02, 0.05, 0.13, 0.3, 0.5, 0.9, 1.3, 1.99, 2.5, 7.77):
        tempo_map = TempoMap.steady(tempo, first, meter)
        write_midi(timed(tempo_map, [first, first + 1], 30.0), tmp_path / "a.mid")
        true, bars = tempo_map.downbeats(29.0), bars_of(tmp_path / "a.mid")
        assert all(np.abs(bars - time).min() < 0.001 for time in true[true >= first])
        tempos = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid")).get_tempo_changes()[1]
        assert len(tempos) <= 2 and tempos[-1] == pytest.approx(tempo, rel=1e-5)
        assert tempo / 2 < tempos[0] < 900.1


def test_a_recording_that_begins_on_the_beat_begins_on_the_bar(tmp_path):
    write_midi(timed(TempoMap.steady(120, 0.006), [0.006, 0.506, 2.006], 30.0), tmp_path / "a.mid")
    assert bars_of(tmp_path / "a.mid")[:3] == pytest.approx([0.0, 2.006, 4.006], abs=0.001)
    assert note_times(tmp_path / "a.mid") == pytest.approx([0.006, 0.506, 2.006], abs=0.0005)


def test_a_downbeat_just_before_the_recording_is_its_first_bar_line(tmp_path):
    tempo_map = TempoMap.steady(110, -0.004)
    take = timed(tempo_map, [0.001, 0.54, 1.09], 9.0)
    write_midi(take, tmp_path / "a.mid")
    assert lay_out(take).first_bar == 0
    assert tempo_map.downbeats(5.0) == pytest.approx([0.0, 2.178, 4.360], abs=0.001)
    assert bars_of(tmp_path / "a.mid")[:2] == pytest.approx([0.0, 2.178], abs=0.001)
    texts = [m.text for m in mido.MidiFile(tmp_path / "a.mid").tracks[0] if m.type == "marker"]
    assert texts == ["110 BPM, 4/4"]


@pytest.mark.parametrize("first", [0.03, 0.054, 0.09, 0.195])
def test_bar_lines_stay_on_downbeats_where_a_hit_comes_just_before_the_first(tmp_path, first):
    tempo_map = TempoMap.steady(120, first)
    write_midi(timed(tempo_map, [0.001, first + 0.002, first + 0.5], 9.0), tmp_path / "a.mid")
    bars = bars_of(tmp_path / "a.mid")
    assert all(np.abs(bars - time).min() < 0.001 for time in tempo_map.downbeats(8.9))
    assert note_times(tmp_path / "a.mid") == pytest.approx([0.001, first + 0.002, first + 0.5], abs=0.0005)


def test_the_file_of_a_loop_is_as_long_as_the_loop(tmp_path):
    write_midi(timed(TempoMap.steady(160, 0.0), [0.0, 3.0, 5.98], 6.0), tmp_path / "a.mid")
    file = mido.MidiFile(tmp_path / "a.mid")
    assert {sum(message.time for message in track) for track in file.tracks} == {16 * 960}


def test_an_upbeat_keeps_its_tempo():
    timeline = lay_out(timed(TempoMap.steady(120, 1.7), [0.7, 1.2, 1.7, 2.2], 9.0))
    at = timeline.ticks_at(np.array([0.7, 1.2, 1.7])) - timeline.first_bar
    assert at.tolist() == [-1920, -960, 0]


@pytest.mark.parametrize(("downbeat", "upbeat"), [(0.45, 0.15), (0.4, 0.1), (1.05, 0.12), (0.62, 0.31)])
def test_an_upbeat_before_the_first_beat_keeps_its_tempo_too(downbeat, upbeat):
    tempo_map = TempoMap.steady(100, downbeat)
    timeline = lay_out(timed(tempo_map, [upbeat, downbeat, downbeat + 0.6], 9.0))
    ticks = timeline.ticks_at(np.array([upbeat, downbeat, downbeat + 0.6])) - timeline.first_bar
    assert ticks == pytest.approx((np.array([upbeat, downbeat, downbeat + 0.6]) - downbeat) * 960 / 0.6, abs=1.5)


def test_starting_at_a_bar_is_written_told_and_read_back(tmp_path):
    take = timed(TempoMap.steady(120, 2.25), [2.26, 2.75, 4.25], 9.0)
    write_midi(take, tmp_path / "a.mid", MidiOptions(start_at_bar=True))
    assert lay_out(take, True).start == 2.25
    assert note_times(tmp_path / "a.mid") == pytest.approx([0.01, 0.5, 2.0], abs=0.0005)
    assert bars_of(tmp_path / "a.mid")[:2] == pytest.approx([0.0, 2.0])
    assert b"begins at 2.250000 s of the recording" in (tmp_path / "a.mid").read_bytes()
    assert [h.time for h in read_midi(tmp_path / "a.mid")] == pytest.approx([2.26, 2.75, 4.25], abs=0.0005)


def test_a_bar_that_begins_with_an_upbeat_begins_before_the_recording(tmp_path):
    take = timed(TempoMap.steady(120, 0.5), [0.0, 0.5, 1.0], 9.0)
    write_midi(take, tmp_path / "a.mid", MidiOptions(start_at_bar=True))
    assert lay_out(take, True).start == -1.5
    assert note_times(tmp_path / "a.mid") == pytest.approx([1.5, 2.0, 2.5])


def test_a_hit_just_ahead_of_the_first_bar_line_keeps_its_distance_to_the_others(tmp_path):
    take = timed(TempoMap.steady(120, 2.0), [1.99, 2.5, 4.0], 9.0)
    write_midi(take, tmp_path / "a.mid", MidiOptions(start_at_bar=True))
    assert note_times(tmp_path / "a.mid") == pytest.approx([0.0, 0.51, 2.01], abs=0.0005)


def test_the_tempo_of_a_lead_in_is_not_read_back_as_that_of_the_music(tmp_path):
    tempo_map = TempoMap.steady(95, 0.26)
    write_midi(timed(tempo_map, [0.27, 0.9, 2.8], 9.0), tmp_path / "a.mid")
    read = read_transcription(tmp_path / "a.mid")
    assert read.rhythm.tempo == pytest.approx(95, rel=1e-5)
    assert read.rhythm.tempo_map.downbeats(9.0) == pytest.approx(tempo_map.downbeats(9.0), abs=0.001)


def test_meters_and_markers_are_where_the_music_changes(tmp_path):
    tempo_map = TempoMap(
        (0.0, 8.0, 12.0, 16.0), (0.0, 16.0, 22.0, 28.3), (MeterChange(0.0, Meter()), MeterChange(16.0, Meter(6, 8)))
    )
    write_midi(timed(tempo_map, [0.0, 8.0], 15.0), tmp_path / "a.mid")
    conductor = mido.MidiFile(tmp_path / "a.mid").tracks[0]
    ticks = np.cumsum([m.time for m in conductor]).tolist()
    found = [(t, m) for t, m in zip(ticks, conductor, strict=True)]
    signatures = [(t, m.numerator, m.denominator) for t, m in found if m.type == "time_signature"]
    assert signatures == [(0, 4, 4), (16 * 960, 6, 8)]
    assert [(t, m.text) for t, m in found if m.type == "marker"] == [
        (0, "120 BPM, 4/4"),
        (15360, "90 BPM, 6/8"),
        (21120, "94.5 BPM, 6/8"),
    ]
    back = read_transcription(tmp_path / "a.mid").rhythm.tempo_map
    assert back.meters == tempo_map.meters
    assert back.seconds_at(np.array([4.0, 20.0, 25.0])) == pytest.approx(
        tempo_map.seconds_at(np.array([4.0, 20.0, 25.0])), abs=0.001
    )


def test_free_time_is_told(tmp_path):
    write_midi(timed(None, [0.3, 1.1], 3.0), tmp_path / "a.mid")
    assert b"free time" in (tmp_path / "a.mid").read_bytes()
    assert read_transcription(tmp_path / "a.mid").rhythm.tempo_map is None
    assert read_note_ons(tmp_path / "a.mid") == [(pytest.approx(0.3, abs=3e-4), 36, 90), (1.1, 38, 90)]


def test_instruments_can_have_tracks_of_their_own(tmp_path):
    hits = (Hit(0.5, "kick", 90), Hit(0.7, "hihat_open", 60), Hit(1.0, "snare", 80), Hit(1.5, "hihat_pedal", 70))
    take = Transcription(hits, 3.0)
    write_midi(take, tmp_path / "a.mid", MidiOptions(split_tracks=True))
    tracks = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid")).instruments
    assert [(t.name, t.is_drum, [n.pitch for n in t.notes]) for t in tracks] == [
        ("Kick", True, [36]), ("Snare", True, [38]), ("Hihat", True, [46, 44]),
    ]  # fmt: skip
    built = to_pretty_midi(take).instruments
    assert [t.name for t in built] == ["Drums"]


def test_a_file_of_type_0_has_all_in_one_track(tmp_path):

    take = timed(drifting(1), [0.8, 1.5, 30.0], 40.0)
    write_midi(take, tmp_path / "one.mid", MidiOptions(file_type=0))
    write_midi(take, tmp_path / "two.mid")
    one, two = mido.MidiFile(tmp_path / "one.mid"), mido.MidiFile(tmp_path / "two.mid")
    assert (one.type, len(one.tracks), two.type, len(two.tracks)) == (0, 1, 1, 2)
    assert note_times(tmp_path / "one.mid").tolist() == note_times(tmp_path / "two.mid").tolist()
    assert one.length == pytest.approx(two.length) == pytest.approx(40.0, abs=0.001)
    with pytest.raises(DrumscribeError, match="type 1"):
        MidiOptions(file_type=0, split_tracks=True)


def test_to_pretty_midi_has_the_tempi_and_meters_of_the_file(tmp_path):
    take = timed(drifting(2), np.arange(100) * 1.1 + 0.01, 115.0)
    write_midi(take, tmp_path / "a.mid")
    file, built = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid")), to_pretty_midi(take)
    for a, b in zip(file.get_tempo_changes(), built.get_tempo_changes(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
    assert [str(s) for s in file.time_signature_changes] == [str(s) for s in built.time_signature_changes]
    np.testing.assert_allclose(
        [n.start for n in file.instruments[0].notes], [n.start for n in built.instruments[0].notes], atol=1e-9
    )
    built.write(str(tmp_path / "pretty.mid"))
    np.testing.assert_allclose(note_times(tmp_path / "pretty.mid"), note_times(tmp_path / "a.mid"), atol=1e-5)


@pytest.mark.parametrize("times", [[], [0.0], [5.0]])
@pytest.mark.parametrize("start_at_bar", [False, True])
def test_no_hits_or_one_make_a_valid_file(tmp_path, times, start_at_bar):
    take = timed(TempoMap.steady(100, 0.4), times, 6.0)
    write_midi(take, tmp_path / "a.mid", MidiOptions(start_at_bar=start_at_bar))
    assert [h.time for h in read_midi(tmp_path / "a.mid")] == pytest.approx(times, abs=0.0005)


@pytest.mark.parametrize("start_at_bar", [False, True])
@pytest.mark.parametrize("meter", ["33/1", "64/1", "63/32", "61/2"])
@pytest.mark.parametrize("downbeat", [0.0, 1.0, 52.75, 125.5])
def test_the_longest_bars_can_be_begun_within(tmp_path, meter, downbeat, start_at_bar):
    tempo_map = TempoMap.steady(120.0, downbeat, Meter.parse(meter))
    hits = tuple(Hit(0.5 * i, "snare", 90) for i in range(300))
    path = tmp_path / "a.mid"
    write_midi(
        Transcription(hits, 150.0, "", Rhythm(tempo_map, 1.0, True)), path, MidiOptions(start_at_bar=start_at_bar)
    )
    found = read_transcription(path)
    np.testing.assert_allclose([hit.time for hit in found.hits], [hit.time for hit in hits], atol=1e-3)
    line = found.rhythm.tempo_map.downbeats(150.0)
    expected = tempo_map.downbeats(150.0)
    assert all(np.abs(line - at).min() < 2e-3 for at in expected)
