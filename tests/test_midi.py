"""MIDI files hold what was heard, when it was heard."""

import struct

import numpy as np
import pretty_midi
import pytest

from drumscribe.drums import ARTICULATIONS
from drumscribe.errors import LabelError
from drumscribe.hits import Hit, Transcription
from drumscribe.midi import read_midi, read_note_ons, write_midi


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
    file, built = pretty_midi.PrettyMIDI(str(path)), transcription.to_pretty_midi()
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
    transcription.to_pretty_midi().write(str(tmp_path / "pretty.mid"))
    write_midi(transcription, tmp_path / "own.mid")
    assert read_note_ons(tmp_path / "pretty.mid") == read_note_ons(tmp_path / "own.mid")


def test_everything_is_on_channel_10_and_the_file_lasts_as_long_as_the_recording(tmp_path):
    import mido

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


@pytest.mark.parametrize("content", [b"", b"hello, this is no MIDI file", smf(PIANO)[:-6]])
def test_a_broken_file_is_named(tmp_path, content):
    path = tmp_path / "broken.mid"
    path.write_bytes(content)
    with pytest.raises(LabelError, match=r"broken\.mid"):
        read_midi(path)
