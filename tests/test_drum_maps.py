"""Every stroke has a note in every map, and a map that cannot be used is refused in one line."""

import pretty_midi
import pytest

from drumscribe.batch.delivery import Delivery
from drumscribe.drum_maps import DRUM_MAPS, GENERAL_MIDI, ROLAND_TD, DrumMap, DrumMapError, load_drum_map
from drumscribe.drums import ARTICULATION_BY_NOTE, ARTICULATIONS, PERCUSSION, PERCUSSION_NOTE
from drumscribe.hits import Hit, Transcription
from drumscribe.midi import MidiOptions, write_midi

BROAD = {"kick": 1, "snare": 2, "hihat": 3, "tom": 4, "cymbal": 5}


def toml(tmp_path, text: str):
    path = tmp_path / "my kit.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", DRUM_MAPS)
def test_a_map_that_comes_along_is_read_back_as_what_was_played(name):
    for articulation in ARTICULATIONS:
        assert ARTICULATION_BY_NOTE[DRUM_MAPS[name].note_of(articulation.name)] == articulation


def test_roland_toms_are_struck_on_the_head():
    assert [ROLAND_TD.note_of(f"tom_{which}") for which in ("low", "mid", "high")] == [43, 45, 48]
    assert [GENERAL_MIDI.note_of(f"tom_{which}") for which in ("low", "mid", "high")] == [43, 47, 50]


def test_what_a_map_lacks_is_found_up_the_tree(tmp_path):
    notes = "\n".join(f"{name} = {note}" for name, note in BROAD.items())
    drum_map = load_drum_map(toml(tmp_path, f'name = "Broad"\n[notes]\n{notes}\nride = 7\nhihat_closed = 8\n'))
    assert drum_map.name == "Broad"
    found = {a.name: drum_map.note_of(a.name) for a in ARTICULATIONS}
    assert found == {
        "kick": 1, "snare": 2, "rimshot": 2, "side_stick": 2,
        "hihat_closed": 8, "hihat_open": 8, "hihat_pedal": 8,
        "tom_low": 4, "tom_mid": 4, "tom_high": 4, "crash": 5, "ride": 7, "ride_bell": 7,
    }  # fmt: skip


def test_the_file_has_the_notes_of_the_map(tmp_path):
    drum_map = DrumMap("mine", tuple(BROAD.items()))
    hits = tuple(Hit(float(i), a.name, 90) for i, a in enumerate(ARTICULATIONS))
    write_midi(Transcription(hits, 20.0), tmp_path / "a.mid", MidiOptions(drum_map))
    (drums,) = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid")).instruments
    assert [n.pitch for n in drums.notes] == [drum_map.note_of(a.name) for a in ARTICULATIONS]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[notes]\nkick = 36\nbongo = 60", "unknown 'bongo'; known are kick"),
        ("[notes]\nkick = 36\nsnare = 38\nhihat = 42\ncymbal = 49", "no note for tom_low, tom_mid, tom_high"),
        ("[notes]\nkick = 128", "the note of kick must be a number from 0 to 127, not 128"),
        ("[notes]\nkick = 'C1'", "not 'C1'"),
        ("[notes]\nkick = true", "not True"),
        ("kick = 36", r"must hold a table \[notes\]"),
        ("[note]\nkick = 36", r"must hold a table \[notes\]"),
        ("kick 36", "not TOML"),
    ],
)
def test_what_is_wrong_with_a_map_is_said_in_one_line(tmp_path, text, message):
    with pytest.raises(DrumMapError, match=rf"my kit\.toml: .*{message}") as caught:
        load_drum_map(toml(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).count("my kit") == 1


def test_names_of_maps_may_be_in_upper_case():
    assert load_drum_map("GM") is GENERAL_MIDI
    assert load_drum_map("Td") is ROLAND_TD


def test_percussion_has_the_note_of_the_map_or_that_of_general_midi(tmp_path):
    notes = "\n".join(f"{name} = {note}" for name, note in BROAD.items())
    broad = load_drum_map(toml(tmp_path, f"[notes]\n{notes}"))
    named = load_drum_map(toml(tmp_path, f"[notes]\n{notes}\npercussion = 0"))
    clap, own = Hit(1.0, PERCUSSION, 90, own_note=PERCUSSION_NOTE), Hit(2.0, "stomp", 90, own_note=35)
    for drum_map, expected in ((broad, [54, 35]), (named, [0, 35])):
        write_midi(Transcription((clap, own), 3.0), tmp_path / "a.mid", MidiOptions(drum_map))
        (drums,) = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid")).instruments
        assert [n.pitch for n in drums.notes] == expected


def test_hits_that_a_map_merges_are_counted(tmp_path):
    drum_map = DrumMap("two in one", (*BROAD.items(), ("rimshot", 4)))
    hits = (Hit(1.0, "rimshot", 50), Hit(1.0, "tom_low", 90), Hit(2.0, "kick", 90), Hit(2.0, "snare", 90))
    (note,) = Delivery(midi=MidiOptions(drum_map)).deliver(Transcription(hits, 3.0), [tmp_path / "a.mid"])
    assert note == "MIDI: 1 of 4 hits merged with louder ones of the same note and time"
    assert Delivery(midi=MidiOptions(drum_map)).deliver(Transcription(hits, 3.0), [tmp_path / "a.csv"]) == ()
    assert Delivery().deliver(Transcription(hits, 3.0), [tmp_path / "a.mid"]) == ()


@pytest.mark.parametrize(("name", "message"), [("roland", "give gm, td, or a file"), ("no.toml", "cannot be read")])
def test_a_map_that_is_not_there_is_named(name, message):
    with pytest.raises(DrumMapError, match=message):
        load_drum_map(name)
