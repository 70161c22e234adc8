"""The vocabulary is one consistent table, and reads what annotators write."""

import pytest

from drumscribe.formats.drum_maps import DRUM_MAPS, DrumMap
from drumscribe.music.drums import (
    ARTICULATION_BY_NAME,
    ARTICULATIONS,
    FIVE_CLASSES,
    INSTRUMENTS,
    articulations_of,
    is_broad,
    read_label,
)
from drumscribe.network.model_file import load_model_info
from drumscribe.rhythm.patterns import CLASSES
from drumscribe.synthesis.synthetic_drums import make_clicks, make_drums


def test_every_name_and_note_stands_for_one_articulation():
    notes = [note for a in ARTICULATIONS for note in (a.note, *a.notes_read)]
    assert len(notes) == len(set(notes))
    names = [name for a in ARTICULATIONS for name in {a.name, *a.names_read, *a.broad_names}]
    assert len(names) == len(set(names))
    assert all(name == name.lower() for name in names)


def test_notes_written_are_general_midi_percussion():
    assert all(35 <= a.note <= 81 for a in ARTICULATIONS)


@pytest.mark.parametrize("articulation", ARTICULATIONS, ids=lambda a: a.name)
def test_all_is_known_of_each_articulation(articulation):
    """A new articulation needs a row of the vocabulary, and what fails here."""
    name = articulation.name
    for make in (make_drums, make_clicks):
        assert len(make(8000)[name]) > 0, "a synthetic sound to play it by"
    assert articulation.rhythm_class in CLASSES, "a class that drum patterns know"
    for drum_map in DRUM_MAPS.values():
        assert read_label(drum_map.note_of(name)).instrument == articulation.instrument
    columns = load_model_info().columns
    assert articulation.instrument in columns.instruments, "a model that hears it"
    assert name in (*columns.articulations, articulation.instrument)
    assert articulation.level_db <= 0.0


def test_every_substitute_is_known_and_ends_with_an_instrument():
    for a in ARTICULATIONS:
        seen, parent = {a.name}, a.parent
        while parent in ARTICULATION_BY_NAME and parent not in seen and parent not in INSTRUMENTS:
            seen.add(parent)
            parent = ARTICULATION_BY_NAME[parent].parent
        assert parent is None or parent in INSTRUMENTS, a.name
    of_instruments = DrumMap("instruments", tuple((name, 40 + i) for i, name in enumerate(INSTRUMENTS)))
    assert {of_instruments.note_of(a.name) for a in ARTICULATIONS} == set(range(40, 40 + len(INSTRUMENTS)))


def test_every_articulation_is_read_back_from_its_name_and_notes():
    for a in ARTICULATIONS:
        for label in (a.name, a.note, *a.notes_read, *a.names_read, *a.broad_names):
            assert read_label(label) is a, label


def test_the_side_stick_is_no_snare_and_outside_the_five_classes():
    assert FIVE_CLASSES == ("kick", "snare", "hihat", "tom", "cymbal")
    assert set(INSTRUMENTS) - set(FIVE_CLASSES) == {"side_stick"}
    assert [a.name for a in articulations_of("snare")] == ["snare", "rimshot"]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("KD", "kick"),
        (" SD ", "snare"),
        ("SDG", "snare"),
        ("Rimshot", "rimshot"),
        ("sidestick", "side_stick"),
        ("HH", "hihat_closed"),
        ("hh_pedal", "hihat_pedal"),
        ("HFT", "tom_mid"),
        ("CY", "crash"),
        ("36.0", "kick"),
        ("22", "hihat_closed"),
        ("26", "hihat_open"),
        ("58", "tom_low"),
    ],
)
def test_labels_of_public_datasets_are_read(label, name):
    assert read_label(label).name == name


@pytest.mark.parametrize("label", ["OT", "tambourine", "54", "0", "127"])
def test_known_sounds_outside_the_vocabulary_are_none(label):
    assert read_label(label) is None


@pytest.mark.parametrize("label", ["wibble", "", "128", "3.06", "-1", "36.5", "²"])
def test_anything_else_is_an_error(label):
    with pytest.raises(ValueError, match="unknown drum label"):
        read_label(label)


def test_broad_labels_do_not_tell_the_articulation():
    assert all(map(is_broad, ["HH", "hihat", "tom", "CY", "snare"]))
    assert not any(map(is_broad, ["CHH", "hihat_closed", "LFT", "crash", "rimshot", "42", "kick"]))
