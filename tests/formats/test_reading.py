"""What was edited anywhere is read back: everything that is written, and what other programs make of it."""

from dataclasses import replace
from itertools import product

import pytest

from drumscribe.errors import LabelError
from drumscribe.evaluate.annotations import read_events
from drumscribe.formats.drum_maps import BUILT_IN_MAPS
from drumscribe.formats.export import FORMATS, write
from drumscribe.formats.midi import MidiOptions
from drumscribe.formats.reading import read
from drumscribe.music.drums import ARTICULATIONS, PERCUSSION, PERCUSSION_NOTE
from drumscribe.music.tempo_map import Meter, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription

PLAYED = Transcription(
    (
        *(Hit(0.5 + 0.25 * i, a.name, 40 + 5 * i, 0.9) for i, a in enumerate(ARTICULATIONS)),
        Hit(5.0, PERCUSSION, 70, 0.6, PERCUSSION_NOTE),
    ),
    6.0,
    "made up",
    Rhythm(TempoMap.steady(120.0, 0.5, Meter(3, 4)), 1.0, True),
)
READ_BACK = ("mid", "csv", "json", "audacity", "reaper")


def written(tmp_path, name: str, transcription: Transcription = PLAYED, options: MidiOptions | None = None):
    path = tmp_path / f"a.{FORMATS[name].ending}"
    write(transcription, path, name, options)
    return path


def strokes(transcription: Transcription) -> list[tuple]:
    return [(round(hit.time, 3), hit.articulation) for hit in transcription.hits]


@pytest.mark.parametrize(("first", "second"), list(product(READ_BACK, READ_BACK)))
def test_strokes_survive_a_way_through_two_formats(tmp_path, first, second):
    there = read(written(tmp_path, first))
    back = read(written(tmp_path, second, replace(there, rhythm=PLAYED.rhythm)))
    assert strokes(back) == strokes(PLAYED)
    if {first, second} <= {"mid", "csv", "json"}:
        assert [hit.velocity for hit in back.hits] == [hit.velocity for hit in PLAYED.hits]


@pytest.mark.parametrize("name", ["mid", "json"])
def test_a_format_with_a_rhythm_gives_it_back(tmp_path, name):
    back = read(written(tmp_path, name))
    assert back.duration == pytest.approx(6.0, abs=0.001)
    assert back.rhythm.tempo == pytest.approx(120.0)
    assert back.rhythm.meter == Meter(3, 4)
    assert back.rhythm.tempo_map.downbeats(6.0) == pytest.approx([0.5, 2.0, 3.5, 5.0], abs=0.001)


@pytest.mark.parametrize("name", ["json", "csv"])
def test_formats_with_a_column_for_it_keep_how_sure_a_hit_is(tmp_path, name):
    assert [hit.confidence for hit in read(written(tmp_path, name)).hits] == [hit.confidence for hit in PLAYED.hits]


@pytest.mark.parametrize("name", BUILT_IN_MAPS)
def test_midi_comes_back_through_the_map_that_it_was_written_with(tmp_path, name):
    path = written(tmp_path, "mid", options=MidiOptions(BUILT_IN_MAPS[name]))
    drums = replace(PLAYED, hits=PLAYED.hits[:-1])  # some samplers have a drum at the note of percussion
    assert strokes(read(path, BUILT_IN_MAPS[name]))[: len(drums.hits)] == strokes(drums)


@pytest.mark.parametrize("name", ["csv", "json"])
def test_a_sound_of_a_kit_keeps_its_name_and_note(tmp_path, name):
    hits = (Hit(1.0, "lip roll", 90, 1.0, 62),)
    assert read(written(tmp_path, name, Transcription(hits, 2.0))).hits == hits


@pytest.mark.parametrize("name", READ_BACK)
def test_what_is_written_can_be_scored(tmp_path, name):
    events = read_events(written(tmp_path, name))
    assert [event.articulation for event in events] == [*(a.name for a in ARTICULATIONS), None]


def test_a_table_with_a_sound_of_a_kit_can_be_scored(tmp_path):
    (event,) = read_events(written(tmp_path, "csv", Transcription((Hit(1.0, "lip roll", 90, 1.0, 62),), 2.0)))
    assert event.articulation is None


def texts(tmp_path, text: str) -> list[tuple]:
    path = tmp_path / "a.txt"
    path.write_text(text, encoding="utf-8")
    return strokes(read(path))


@pytest.mark.parametrize(
    "text",
    [
        "0.5\tkick\n1.25\tsnare\n",
        "0.5 36 100\n1.25 38 90\n",
        "# MDB\n0.5, KD\n1.25, SD\n",
        "0.500000\t0.500000\tkick\n1.250000\t1.300000\tSnare\n",
        "0.5\t0.5\tkick\n\\\t100.0\t200.0\n1.25\t1.25\tsnare\n",
        "time,label\n0.5,kick\n1.25,snare\n",
        "velocity;time;note\n100;0.5;36\n90;1.25;38\n",
        "#,Name,Start,End,Length\nR1,verse,0:00.000,0:04.000,0:04.000\nM1,kick,0:00.500,,\nM2,snare,0:01.250,,\n",
        "#,Name,Start\nM1,kick,0.5\nM2,snare,0:00:01.250\n",
    ],
)
def test_layouts_of_other_programs_are_told_apart(tmp_path, text):
    assert texts(tmp_path, text) == [(0.5, "kick"), (1.25, "snare")]


@pytest.mark.parametrize("name", [name for name in READ_BACK if name != "mid"])
def test_a_mark_that_an_editor_put_in_front_is_passed_over(tmp_path, name):
    path = written(tmp_path, name)
    plain = read(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(path) == plain


def test_labels_may_be_typed_as_words(tmp_path):
    assert texts(tmp_path, "0.5\t0.5\thihat open\n1.0\t1.0\tHiHat_Closed\n") == [
        (0.5, "hihat_open"),
        (1.0, "hihat_closed"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.5\t0.5\tkick\n1.0\t1.0\tverse 2", "a.txt, line 2: unknown drum label 'verse_2'"),
        ("#,Name,Start,End,Length\nM1,kick,1.1.00,,", "line 2: '1.1.00' is a bar and a beat"),
        ("time,articulation,instrument,note,velocity,confidence\n0.5,kick,kick,36,loud,1", "line 2: not a hit"),
        ("soon kick\nlater snare", "line 2: 'later' is not a time in seconds"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(LabelError, match=message):
        texts(tmp_path, text)


def test_an_unknown_kind_of_file_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(LabelError, match=r"a\.wav: transcriptions are read from \.mid, .*\.txt files"):
        read(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "text",
    [
        "0,5 kick\n1,0 snare\n",
        "0,25\tkick\n",
        "0,512;kick\n",
        "1,38 kick\n",
        "0,5\n1,0\n",
        "0,5,kick\n",
        "1,0512\n",
        "0,500000\t0,600000\tkick\n",
        "time,label\n0,5,kick\n",
        "label,time\nkick,0,5\n",
        "time;label\n0,5;kick\n",
    ],
)
def test_a_decimal_comma_is_refused(tmp_path, text):
    with pytest.raises(LabelError, match=r"a\.txt, line [12]: '.*' may have a decimal comma: write times with a point"):
        texts(tmp_path, text)
    with pytest.raises(LabelError, match="decimal comma"):
        read_events(tmp_path / "a.txt")


@pytest.mark.parametrize(
    "text", ["1,38\n", "1,38,90\n", "1, 38 90\n", "1,38 # loud\n", "1,snare\n", "time,note\n1,38,\n", "1.0,38 snare\n"]
)
def test_whole_seconds_and_notes_may_be_separated_by_a_comma(tmp_path, text):
    assert texts(tmp_path, text) == [(1.0, "snare")]


def test_a_quote_that_is_not_closed_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    head, row = "time,articulation,instrument,note,velocity,confidence\n", "0.5,kick,kick,36,90,1.0"
    for text in (f'{head}0.5,kick,"{row}\n' + f"{row}\n" * 9000, f'{head}{row},"\n{row}\n'):
        path.write_text(text)
        with pytest.raises(LabelError, match=r"a\.csv: not a readable CSV file, or damaged \("):
            read(path)
