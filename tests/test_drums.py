"""The vocabulary is one consistent table, and reads what annotators write."""

import pytest

from drumscribe.drums import ARTICULATIONS, FIVE_CLASSES, INSTRUMENTS, articulations_of, is_broad, read_label


def test_every_name_and_note_stands_for_one_articulation():
    notes = [note for a in ARTICULATIONS for note in (a.note, *a.notes_read)]
    assert len(notes) == len(set(notes))
    names = [name for a in ARTICULATIONS for name in {a.name, *a.names_read, *a.broad_names}]
    assert len(names) == len(set(names))
    assert all(name == name.lower() for name in names)


def test_notes_written_are_general_midi_percussion():
    assert all(35 <= a.note <= 81 for a in ARTICULATIONS)


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
