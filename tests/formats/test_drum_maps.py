"""Every stroke has a note in every map, and a map that cannot be used is refused in one line."""

import pretty_midi
import pytest

from drumscribe.formats.drum_maps import BUILT_IN_MAPS, GENERAL_MIDI, ROLAND_TD, DrumMap, DrumMapError, load_drum_map
from drumscribe.formats.midi import MidiOptions, write_midi
from drumscribe.formats.outputs import Delivery
from drumscribe.music.drums import ARTICULATION_BY_NOTE, ARTICULATIONS, PERCUSSION, PERCUSSION_NOTE
from drumscribe.music.transcription import Hit, Transcription

BROAD = {"kick": 1, "snare": 2, "hihat": 3, "tom": 4, "cymbal": 5}


def toml(tmp_path, text: str):
    path = tmp_path / "my kit.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", BUILT_IN_MAPS)
def test_a_built_in_map_reads_back_what_it_writes(name):
    for articulation in ARTICULATIONS:
        note = BUILT_IN_MAPS[name].note_of(articulation.name)
        assert BUILT_IN_MAPS[name].hit(1.5, note, 80) == Hit(1.5, articulation.name, 80)


@pytest.mark.parametrize("name", ["gm", "td"])
def test_the_maps_of_general_midi_and_roland_are_read_without_being_named(name):
    for articulation in ARTICULATIONS:
        assert ARTICULATION_BY_NOTE[BUILT_IN_MAPS[name].note_of(articulation.name)] == articulation


@pytest.mark.parametrize("name", BUILT_IN_MAPS)
def test_no_note_of_a_map_means_two_things(name):
    written = [note for _, note in BUILT_IN_MAPS[name].notes]
    read = [note for note, _ in BUILT_IN_MAPS[name].read]
    assert len(set(written)) == len(written)
    assert len({*written, *read}) == len(written) + len(read)


def test_samplers_play_their_own_notes():
    def notes(name: str, *articulations: str) -> list[int]:
        return [load_drum_map(name).note_of(articulation) for articulation in articulations]

    assert notes("ad2", "kick", "side_stick", "hihat_pedal", "tom_high", "crash") == [36, 42, 48, 71, 77]
    assert notes("ssd5", "crash", "hihat_open") == [55, 64], "49 is a choked splash there, and 46 follows the pedal"
    assert notes("bfd3", "kick", "snare", "ride_bell") == [24, 26, 71]
    assert notes("studio-drummer", "kick", "rimshot", "tom_high") == [36, 39, 47]
    assert load_drum_map("SD3") == load_drum_map("ezdrummer3")
    assert "one source" in load_drum_map("modo").remark


def test_the_high_tom_is_a_tom_in_general_midi_and_in_the_samplers_that_follow_it():
    for name in ("gm", "ezdrummer3", "ssd5", "td"):
        assert load_drum_map(name).note_of("tom_high") == 48
    assert GENERAL_MIDI.hit(0.0, 50, 90) == Hit(0.0, "tom_high", 90), "as it was written before"
    assert load_drum_map("ezdrummer3").hit(0.0, 50, 90) is None, "a muted crash"


def test_a_note_that_several_articulations_share_is_the_first_of_them(tmp_path):
    notes = "\n".join(f"{name} = {note}" for name, note in BROAD.items())
    drum_map = load_drum_map(toml(tmp_path, f"[notes]\n{notes}"))
    assert [drum_map.hit(0.0, note, 1).articulation for note in BROAD.values()] == [
        "kick", "snare", "hihat_closed", "tom_low", "crash",
    ]  # fmt: skip
    assert drum_map.hit(0.0, 99, 1) is None


def test_a_map_may_change_two_notes_of_another(tmp_path):
    drum_map = load_drum_map(toml(tmp_path, 'base = "gm"\n[notes]\nkick = 35\ncrash = 57'))
    changed = {name: note for name, note in drum_map.notes if dict(GENERAL_MIDI.notes)[name] != note}
    assert changed == {"kick": 35, "crash": 57}
    assert drum_map.name == "my kit"


def test_a_change_of_a_whole_instrument_is_for_all_its_articulations(tmp_path):
    drum_map = load_drum_map(toml(tmp_path, 'base = "sd3"\n[notes]\nhihat = 9\nhihat_open = 10\nsnare = 11'))
    assert [drum_map.note_of(f"hihat_{how}") for how in ("closed", "pedal", "open")] == [9, 9, 10]
    assert [drum_map.note_of(name) for name in ("snare", "rimshot")] == [11, 40], "snare is an articulation, too"


def test_roland_toms_are_struck_on_the_head():
    assert [ROLAND_TD.note_of(f"tom_{which}") for which in ("low", "mid", "high")] == [43, 45, 48]
    assert [GENERAL_MIDI.note_of(f"tom_{which}") for which in ("low", "mid", "high")] == [43, 47, 48]


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
        ("[notes]\nkick = 36\nbongo = 60", "unknown 'bongo': use kick"),
        ("[notes]\nkick = 36\nsnare = 38\nhihat = 42\ncymbal = 49", "no note for tom_low, tom_mid, tom_high"),
        ("[notes]\nkick = 128", "the note of kick must be a number from 0 to 127, not 128"),
        ("[notes]\nkick = 'C1'", "not 'C1'"),
        ("[notes]\nkick = true", "not True"),
        ("kick = 36", r"must hold a table \[notes\]"),
        ("[note]\nkick = 36", r"must hold a table \[notes\]"),
        ("kick 36", "not TOML"),
        ("base = 'tr808'\n[notes]\nkick = 36", "the base must be gm, td, .*, not 'tr808'"),
        ("base = 'gm'\n[notes]\nbongo = 60", "unknown 'bongo'"),
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
    (note,) = Delivery(midi=MidiOptions(drum_map)).deliver(Transcription(hits, 3.0), [tmp_path / "a.mid"]).notes
    assert note == "MIDI: 1 of 4 hits merged with louder ones of the same note and time"
    assert Delivery(midi=MidiOptions(drum_map)).deliver(Transcription(hits, 3.0), [tmp_path / "a.csv"]).notes == ()
    assert Delivery().deliver(Transcription(hits, 3.0), [tmp_path / "a.mid"]).notes == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [("roland", "give gm, td, or a file .* sampler: ezdrummer3, .*sd3"), ("no.toml", "cannot be read")],
)
def test_a_map_that_is_not_there_is_named(name, message):
    with pytest.raises(DrumMapError, match=message):
        load_drum_map(name)
