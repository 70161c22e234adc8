"""MIDI that a sequencer takes as it is: one tempo where one is asked for, and notes that end on the grid."""

import mido
import numpy as np
import pytest

from drumscribe.formats.export import write
from drumscribe.formats.midi import MidiOptions, lay_out, read_transcription
from drumscribe.formats.outputs import Delivery
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.quantisation.grid import Grid
from drumscribe.quantisation.quantise import quantise
from drumscribe.quantisation.settings import QuantiseOptions, QuantiseSettings

ONE = MidiOptions(one_tempo=True)


def take(tempo: float, first_downbeat: float, meter: str = "4/4", count: int = 24) -> Transcription:
    """A hit on each beat from the first downbeat on, a little off."""
    tempo_map = TempoMap.steady(tempo, first_downbeat, Meter.parse(meter))
    hits = tuple(
        Hit(float(tempo_map.seconds_at(i)) + 0.003 * (i % 3), ("kick", "snare")[i % 2], 90) for i in range(count)
    )
    return Transcription(hits, hits[-1].time + 1.0, "", Rhythm(tempo_map, 1.0, True))


def messages(path, kind: str) -> list[tuple[int, mido.MetaMessage]]:
    found = []
    for track in mido.MidiFile(path).tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == kind:
                found.append((tick, message))
    return found


@pytest.mark.parametrize("tempo", [110.0, 87.3, 171.9, 33.0])
@pytest.mark.parametrize("first_downbeat", [0.0, 0.007, 0.3, 1.234, 4.9])
@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8"])
def test_the_file_has_one_tempo_one_meter_and_bars_on_downbeats(tmp_path, tempo, first_downbeat, meter):
    played = take(tempo, first_downbeat, meter)
    write(played, tmp_path / "a.mid", None, ONE)
    assert [round(m.tempo / 1e6 * tempo / 60, 5) for _, m in messages(tmp_path / "a.mid", "set_tempo")] == [1.0]
    meters = [(tick, f"{m.numerator}/{m.denominator}") for tick, m in messages(tmp_path / "a.mid", "time_signature")]
    assert meters == [(0, meter)]
    back = read_transcription(tmp_path / "a.mid")
    np.testing.assert_allclose([h.time for h in back.hits], [h.time for h in played.hits], atol=0.001)
    expected = played.rhythm.tempo_map.downbeats(played.duration)
    np.testing.assert_allclose(back.rhythm.tempo_map.downbeats(played.duration), expected, atol=0.002)


def test_all_silence_before_the_first_hit_is_kept():
    played = take(110.0, 3.0)
    timeline = lay_out(played, one_tempo=True)
    assert -4 * 60 / 110 < timeline.start <= 0.015, "from the last bar line before the recording"
    at_bar = lay_out(played, start_at_bar=True, one_tempo=True)
    assert at_bar.start == pytest.approx(3.0)


def test_a_loop_that_begins_with_a_bar_begins_the_file():
    assert lay_out(take(120.0, 0.0), one_tempo=True).start == pytest.approx(0.0)
    assert lay_out(take(120.0, 0.008), one_tempo=True).start == pytest.approx(0.008)


def test_a_hit_before_the_bar_line_is_not_moved(tmp_path):
    played = take(120.0, 2.0)
    early = Transcription((Hit(1.99, "crash", 90), *played.hits), played.duration, "", played.rhythm)
    write(early, tmp_path / "a.mid", None, MidiOptions(start_at_bar=True, one_tempo=True))
    assert read_transcription(tmp_path / "a.mid").hits[0].time == pytest.approx(1.99, abs=0.001)
    assert len(messages(tmp_path / "a.mid", "set_tempo")) == 1


def test_the_user_learns_where_the_recording_goes(tmp_path):
    (note,) = Delivery(midi=ONE).deliver(take(120.0, 0.5), [tmp_path / "a.mid"]).notes
    assert (
        note == "the MIDI begins with a bar, at -1.500 s: put 1.500 s of silence before the recording to line both up"
    )


@pytest.mark.parametrize(("first", "within"), [(0.0, ""), (0.008, " within 8 ms"), (1.999, " within 1 ms")])
def test_a_bar_line_near_the_start_needs_no_cut_and_no_silence(tmp_path, first, within):
    (note,) = Delivery(midi=ONE).deliver(take(120.0, first), [tmp_path / "a.mid"]).notes
    assert note == f"the MIDI begins with a bar, where the recording does: both line up{within}"


def test_a_changing_tempo_keeps_its_changes(tmp_path):
    drifting = TempoMap((0.5, 4.5, 8.0), (0.0, 8.0, 14.0), (MeterChange(0.0, Meter()),))
    played = Transcription((Hit(0.5, "kick", 90), Hit(7.0, "kick", 90)), 8.0, "", Rhythm(drifting, 1.0, False))
    for name, options in (("a", ONE), ("b", MidiOptions())):
        write(played, tmp_path / f"{name}.mid", None, options)
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def ends(transcription: Transcription, grid: str, tmp_path) -> np.ndarray:
    """The quarters at which the notes of the quantised hits end."""
    quantised, _ = quantise(transcription, QuantiseOptions(QuantiseSettings(Grid.parse(grid))))
    write(quantised, tmp_path / "a.mid")
    shift = lay_out(quantised).shift
    return np.array([tick for tick, _ in messages(tmp_path / "a.mid", "note_off")]) / 960 - shift


@pytest.mark.parametrize(
    ("tempo", "grid", "step"), [(120.0, "1/16", 0.25), (63.0, "1/8", 0.25), (171.0, "1/8t", 1 / 3)]
)
def test_quantised_notes_end_on_the_grid(tmp_path, tempo, grid, step):
    tempo_map = TempoMap.steady(tempo, 0.2)
    lines = np.arange(0, 16, step if grid == "1/8t" else 0.5)
    hits = tuple(Hit(float(tempo_map.seconds_at(at)) + 0.004 * (i % 2), "snare", 90) for i, at in enumerate(lines))
    found = ends(Transcription(hits, 60.0, "", Rhythm(tempo_map, 1.0, True)), grid, tmp_path)
    np.testing.assert_allclose(found / step, np.rint(found / step), atol=2e-3)


def test_notes_as_played_last_a_tenth_of_a_second(tmp_path):
    played = take(120.0, 0.5)
    write(played, tmp_path / "a.mid")
    timeline = lay_out(played)
    on, off = (
        timeline.seconds_at([t for t, _ in messages(tmp_path / "a.mid", kind)]) for kind in ("note_on", "note_off")
    )
    np.testing.assert_allclose(np.sort(off) - np.sort(on), 0.1, atol=0.001)


def test_projects_need_no_such_note(tmp_path):
    assert Delivery(midi=ONE).deliver(take(120.0, 0.5), [tmp_path / "a.rpp", tmp_path / "a.musicxml"]).notes == ()
