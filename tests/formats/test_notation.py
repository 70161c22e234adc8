"""A score says what was played, as a drummer reads it; what is read back from it is what was played."""

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from drumscribe.errors import RhythmError
from drumscribe.formats.drum_maps import load_drum_map
from drumscribe.formats.score import ScoreOptions, write_musicxml
from drumscribe.formats.score.bars import beats_of
from drumscribe.formats.score.notation import SIGNS
from drumscribe.music.drums import ARTICULATIONS, PERCUSSION
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.quantisation.grid import Grid

SCHEMAS = Path(__file__).parents[3] / "shared" / "schemas"
HANDS_UP, FEET_DOWN = ("1", "up"), ("2", "down")


def bars(*patterns: str, tempo: float = 120.0, meter: str = "4/4", steps: int = 16) -> Transcription:
    """Each bar lists drums and their steps, such as "kick 0 8, snare 4 12!"; ! is loud, ? soft."""
    tempo_map = TempoMap.steady(tempo, 0.0, Meter.parse(meter))
    length = Meter.parse(meter).bar_quarters
    hits = []
    for number, pattern in enumerate(patterns):
        for lane in filter(None, pattern.split(",")):
            drum, *places = lane.split()
            for place in places:
                velocity = 120 if place.endswith("!") else 25 if place.endswith("?") else 80
                quarter = length * (number + float(place.rstrip("!?")) / steps)
                hits.append(Hit(float(tempo_map.seconds_at(quarter)) + 0.001, drum, velocity))
    hits.sort(key=lambda hit: hit.time)
    return Transcription(tuple(hits), 60.0, "", Rhythm(tempo_map, 1.0, True))


def written(tmp_path, transcription: Transcription, **options) -> ElementTree.Element:
    path = tmp_path / "a.musicxml"
    write_musicxml(transcription, path, ScoreOptions(**options))
    return ElementTree.parse(path).getroot()


def durations(measure) -> dict[str, int]:
    """The length of each voice of a bar, in divisions."""
    total: dict[str, int] = {}
    for note in measure.iter("note"):
        if note.find("chord") is None and note.find("grace") is None:
            total[note.findtext("voice")] = total.get(note.findtext("voice"), 0) + int(note.findtext("duration"))
    return total


def played(root) -> list[list[tuple[Fraction, str]]]:
    """What a reader plays: positions in quarters and instruments, bar by bar, without grace notes."""
    out = []
    for measure in root.iter("measure"):
        at, chord_at, own = Fraction(0), Fraction(0), []
        for element in measure:
            length = Fraction(int(element.findtext("duration") or 0), 48)
            if element.tag == "backup":
                at -= length
            elif element.tag == "note" and element.find("grace") is None:
                if element.find("chord") is None:
                    chord_at, at = at, at + length
                if element.find("rest") is None:
                    own.append((chord_at, element.find("instrument").get("id")[3:].replace("-", "_")))
        out.append(sorted(own))
    return out


def values(root, voice: str = "1") -> list[list[str]]:
    """Note values of a voice, bar by bar: "q" a quarter, "8." a dotted eighth, "r16" a rest, "8t" in a triplet."""
    short = {"whole": "w", "half": "h", "quarter": "q", "eighth": "8", "16th": "16", "32nd": "32", "64th": "64"}
    out = []
    for measure in root.iter("measure"):
        own = []
        for note in measure.iter("note"):
            if note.findtext("voice") != voice or note.find("chord") is not None or note.find("grace") is not None:
                continue
            rest = "r" if note.find("rest") is not None else ""
            triplet = "t" if note.find("time-modification") is not None else ""
            own.append(rest + short.get(note.findtext("type"), "bar") + "." * len(note.findall("dot")) + triplet)
        out.append(own)
    return out


def test_what_is_read_back_is_what_was_played(tmp_path):
    pattern = "hihat_closed 0 2 4 6 8 10 12, hihat_open 14, kick 0 7 8, snare 4 12 15"
    (bar,) = played(written(tmp_path, bars(pattern)))
    expected = [(float(p) / 4, lane.split()[0]) for lane in pattern.split(",") for p in lane.split()[1:]]
    assert [(float(at), drum) for at, drum in bar] == sorted(expected)


def test_all_drums_have_a_sign_of_their_own(tmp_path):
    assert SIGNS.keys() == {*(a.name for a in ARTICULATIONS), PERCUSSION}
    assert len({(sign.step, sign.octave, sign.head, sign.open) for sign in SIGNS.values()}) == len(SIGNS)


def test_every_voice_fills_its_bar_in_every_meter(tmp_path):
    for meter in ("4/4", "3/4", "6/8", "12/8", "5/4", "7/8", "2/2", "9/8", "5/8"):
        length = Meter.parse(meter).bar_quarters
        steps = round(length * 4)
        pattern = f"hihat_closed 0 {steps - 1}, snare 3, kick 0 {steps // 2}"
        root = written(tmp_path, bars(pattern, "kick 1", meter=meter, steps=steps))
        for measure in root.iter("measure"):
            assert set(durations(measure).values()) == {round(48 * length)}, meter
        assert sum(len(bar) for bar in played(root)) == 6


def test_hands_have_stems_up_and_feet_down_and_all_notes_say_so(tmp_path):
    root = written(tmp_path, bars("hihat_closed 0 4, snare 4, kick 0, hihat_pedal 8"))
    stems = {n.find("instrument").get("id")[3:]: (n.findtext("voice"), n.findtext("stem"))
             for n in root.iter("note") if n.find("rest") is None}  # fmt: skip
    assert stems == {"hihat-closed": HANDS_UP, "snare": HANDS_UP, "kick": FEET_DOWN, "hihat-pedal": FEET_DOWN}
    (bar,) = played(root)
    one = written(tmp_path, bars("hihat_closed 0 4, snare 4, kick 0, hihat_pedal 8"), one_voice=True)
    assert {n.findtext("stem") for n in one.iter("note") if n.find("rest") is None} == {"up"}
    assert played(one) == [bar]


def test_notes_have_values_that_can_be_read(tmp_path):
    assert values(written(tmp_path, bars("hihat_closed 0 2 4 6 8 10 12 14"))) == [["8"] * 8]
    assert values(written(tmp_path, bars("snare 4 12"))) == [["rq", "q", "rq", "q"]]
    assert values(written(tmp_path, bars("snare 0 3 4 5 8"))) == [["8.", "16", "16", "8.", "q", "rq"]]
    assert values(written(tmp_path, bars("snare 3 15"))) == [["r8.", "16", "rq", "rq", "r8.", "16"]]
    assert values(written(tmp_path, bars("snare 0"))) == [["q", "rq", "rh"]]
    assert values(written(tmp_path, bars("snare 0, ride 8", "", "kick 0"))) == [["q", "rq", "q", "rq"], ["rbar"], []]


def test_triplets_are_of_one_beat_each(tmp_path):
    root = written(tmp_path, bars("snare 0 1 2 3 5 6, kick 0 6", steps=12))
    assert values(root) == [["8t", "8t", "8t", "qt", "8t", "q", "rq"]]
    marks = [t.get("type") for t in root.iter("tuplet")]
    assert marks == ["start", "stop", "start", "stop"]
    assert values(root, "2") == [["q", "rq", "q", "rq"]]


def test_compound_meters_are_beamed_in_threes(tmp_path):
    root = written(tmp_path, bars("hihat_closed 0 1 2 3 4 5, snare 3, kick 0", meter="6/8", steps=6))
    assert values(root) == [["8"] * 6]
    beams = [note.findtext("beam") for note in root.iter("note") if note.findtext("beam")]
    assert beams == ["begin", "continue", "end"] * 2
    assert values(root, "2") == [["q.", "rq."]]


@pytest.mark.parametrize(
    ("meter", "lengths"),
    [
        ("4/4", [1, 1, 1, 1]),
        ("6/8", [1.5, 1.5]),
        ("7/8", [1, 1, 1.5]),
        ("5/8", [1, 1.5]),
        ("5/4", [1] * 5),
        ("3/8", [1.5]),
    ],
)
def test_bars_are_divided_into_beats(meter, lengths):
    assert [float(length) for _, length in beats_of(Meter.parse(meter))] == lengths


def test_beams_join_the_sixteenths_of_a_beat(tmp_path):
    root = written(tmp_path, bars("snare 0 1 2 4 6 7 11"))
    beams = [[beam.text for beam in note.findall("beam")] for note in root.iter("note") if note.find("rest") is None]
    assert beams == [
        ["begin", "begin"], ["continue", "end"], ["end"],
        ["begin"], ["continue", "begin"], ["end", "end"],
        [],
    ]  # fmt: skip


def heads(root) -> dict[str, str]:
    return {n.find("instrument").get("id")[3:]: n.findtext("notehead", "normal")
            for n in root.iter("note") if n.find("rest") is None}  # fmt: skip


def test_cymbals_have_x_heads_and_an_open_hat_a_circle(tmp_path):
    root = written(
        tmp_path, bars("hihat_closed 0, hihat_open 2, crash 4, ride 6, side_stick 8, snare 10, hihat_pedal 12")
    )
    assert heads(root) == {
        "hihat-closed": "x", "hihat-open": "x", "crash": "circle-x", "ride": "x", "side-stick": "x", "snare": "normal",
        "hihat-pedal": "x",
    }  # fmt: skip
    assert [n.find("instrument").get("id") for n in root.iter("note") if n.find(".//open-string") is not None] == [
        "P1-hihat-open"
    ]


def test_ghost_notes_are_in_parentheses_and_accents_are_marked(tmp_path):
    root = written(tmp_path, bars("snare 0 4! 7? 8 10? 12!, kick 0! 2! 8", "snare 0 4 8 12"))
    snares = [
        n for n in root.iter("note") if n.find("instrument") is not None and "snare" in n.find("instrument").get("id")
    ]
    ghosts = [n.find("notehead") is not None and n.find("notehead").get("parentheses") == "yes" for n in snares]
    accents = [n.find(".//accent") is not None for n in snares]
    assert ghosts[:6] == [False, False, True, False, True, False]
    assert accents[:6] == [False, True, False, False, False, True]
    assert not any(ghosts[6:]) and not any(accents[6:])


def test_a_run_into_a_beat_keeps_all_its_strokes_and_ends_on_the_beat(tmp_path):
    steady = bars("hihat_closed 0 2 4 6 8 10 12 14", "hihat_closed 0 2 4 6 8 10 12 14")
    quarters = (1.0, 2.643, 2.743, 2.813, 2.933, 3.25, 3.5)  # as in examples/songs/rock.ogg
    run = [Hit(quarter / 2, "snare", 40 if 2 < quarter < 2.9 else 110) for quarter in quarters]
    hits = tuple(sorted([*steady.hits, *run], key=lambda hit: hit.time))
    root = written(tmp_path, Transcription(hits, steady.duration, "", steady.rhythm))
    snare = [float(at) for at, name in played(root)[0] if name == "snare"]
    assert snare == [1.0, 2.625, 2.75, 2.875, 3.0, 3.25, 3.5]


def test_a_flam_is_a_grace_note_and_a_roll_a_tremolo(tmp_path):
    steady = bars("kick 0 4 8 12, snare 4", "kick 0 4 8 12", "kick 0 4 8 12")
    flam = Hit(0.501 - 0.022, "snare", 45)
    roll = [Hit(4.0 + 0.055 * i, "snare", 60) for i in range(18)]
    hits = sorted([*steady.hits, flam, *roll], key=lambda hit: hit.time)
    root = written(tmp_path, Transcription(tuple(hits), 8.0, "", steady.rhythm))
    graces = [n for n in root.iter("note") if n.find("grace") is not None]
    assert [n.find("grace").get("slash") for n in graces] == ["yes"]
    assert all(n.find("duration") is None for n in graces)
    assert [bar for bar in played(root)[0] if bar[1] == "snare"] == [(Fraction(1), "snare")]
    rolled = [tremolo.text for tremolo in list(root.iter("measure"))[2].iter("tremolo")]
    assert rolled == ["3", "3"], "a second at 120: two beats, without a tie"


def test_swing_is_written_as_even_notes_under_a_mark(tmp_path):
    tempo_map = TempoMap.steady(140.0)
    quarters = [bar * 4 + beat + off for bar in range(8) for beat in range(4) for off in (0.0, 0.66)]
    hits = tuple(Hit(float(tempo_map.seconds_at(q)), "ride", 80) for q in quarters)
    root = written(tmp_path, Transcription(hits, 16.0, "", Rhythm(tempo_map, 1.0, True)))
    assert values(root) == [["8"] * 8] * 8
    assert [words.text for words in root.iter("words")] == ["Swing"]
    assert [root.find(".//swing").findtext(which) for which in ("first", "second", "swing-type")] == [
        "2",
        "1",
        "eighth",
    ]


@pytest.mark.parametrize("tempo", [76.0, 104.0, 168.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_straight_take_gets_neither_swing_nor_tuplets(tmp_path, tempo, seed):
    rng = np.random.default_rng(seed)
    tempo_map = TempoMap.steady(tempo)
    places = {"hihat_closed": range(0, 16, 2), "snare": (4, 12), "kick": (0, 7, 10)}
    hits = []
    for bar in range(16):
        ghosts = rng.choice([3, 6, 9, 11, 15], 2, replace=False).tolist()
        for drum, steps in {**places, "snare": (*places["snare"], *ghosts)}.items():
            for step in steps:
                time = float(tempo_map.seconds_at(4 * bar + step / 4)) + rng.normal(0.0, 0.010)
                hits.append(Hit(max(0.0, time), drum, 35 if step in ghosts and drum == "snare" else 90))
    hits.sort(key=lambda hit: hit.time)
    root = written(tmp_path, Transcription(tuple(hits), 240.0 / tempo * 17, "", Rhythm(tempo_map, 1.0, True)))
    assert not [words.text for words in root.iter("words") if "Swing" in (words.text or "")]
    assert not list(root.iter("time-modification"))


def test_a_repeated_bar_may_be_a_sign(tmp_path):
    pattern = "hihat_closed 0 2 4 6 8 10 12 14, snare 4 12, kick 0 8"
    root = written(tmp_path, bars(pattern, pattern, pattern, "crash 0, kick 0"), repeats=True)
    signs = {m.get("number"): r.get("type") for m in root.iter("measure") for r in m.iter("measure-repeat")}
    assert signs == {"2": "start", "4": "stop"}
    assert played(root)[0] == played(root)[1], "the notes are there all the same"
    assert not list(written(tmp_path, bars(pattern, pattern)).iter("measure-repeat"))


def test_tempo_title_meter_and_numbers_of_bars(tmp_path):
    change = TempoMap((0.0, 4.0, 8.0), (0.0, 8.0, 14.0), (MeterChange(0.0, Meter(4, 4)), MeterChange(8.0, Meter(3, 4))))
    hits = tuple(Hit(float(change.seconds_at(q)), "kick", 80) for q in range(14))
    root = written(tmp_path, Transcription(hits, 8.0, "", Rhythm(change, 1.0, False)), title="Song & Dance")
    assert root.findtext("work/work-title") == "Song & Dance"
    assert [m.get("number") for m in root.iter("measure")] == ["1", "2", "3", "4"]
    assert [(t.findtext("beats"), t.findtext("beat-type")) for t in root.iter("time")] == [("4", "4"), ("3", "4")]
    assert [p.text for p in root.iter("per-minute")] == ["120", "90"]
    assert [float(s.get("tempo")) for s in root.iter("sound") if s.get("tempo")] == pytest.approx([120, 90])


def test_notes_for_playback_are_counted_from_one(tmp_path):
    root = written(tmp_path, bars("kick 0, snare 4, tom_high 8"), drum_map=load_drum_map("ad2"))
    notes = {m.get("id")[3:]: int(m.findtext("midi-unpitched")) for m in root.iter("midi-instrument")}
    assert notes == {"kick": 37, "snare": 39, "tom-high": 72}
    assert {s.get("id")[3:] for s in root.iter("score-instrument")} == notes.keys()


def test_two_hits_of_a_drum_on_one_line_are_one_note(tmp_path):
    transcription = bars("kick 0 4 8 12", "kick 0 4 8 12")
    doubled = [*transcription.hits, Hit(0.501 + 0.035, "kick", 40)]
    root = written(tmp_path, Transcription(tuple(sorted(doubled, key=lambda h: h.time)), 8.0, "", transcription.rhythm))
    assert [len(bar) for bar in played(root)] == [4, 4]


def test_nothing_is_off_the_lines_of_the_grid(tmp_path):
    loose = tuple(Hit(i * 0.25 + 0.012 * (i % 3 - 1) + 0.02, ("kick", "snare")[i % 2], 80) for i in range(32))
    rhythm = Rhythm(TempoMap.steady(120.0), 1.0, True)
    root = written(tmp_path, Transcription(loose, 9.0, "", rhythm), grid=Grid.parse("1/8"))
    assert {at % Fraction(1, 2) for bar in played(root) for at, _ in bar} == {0}


def test_free_time_has_no_score(tmp_path):
    with pytest.raises(RhythmError, match="without bars to write down"):
        written(tmp_path, Transcription((Hit(0.5, "kick", 90),), 1.0))


def test_nothing_played_is_a_bar_of_rest(tmp_path):
    assert values(written(tmp_path, Transcription((), 1.0))) == [["rbar"]]
    assert values(written(tmp_path, Transcription((), 1.0, "", Rhythm(TempoMap.steady(90.0), 1.0, True)))) == [["rbar"]]


def everything() -> Transcription:
    lanes = [f"{a.name} {i}" for i, a in enumerate(ARTICULATIONS)]
    return bars(",".join(lanes), "snare 0 1 2 3? 4!, ride 8 9", "", "hihat_open 0 2 3", "hihat_open 0 2 3", tempo=97.3)


def beside_the_schema(uri: str) -> str:
    """Where a schema that another one imports lies: the addresses that it gives are elsewhere."""
    name = uri.rpartition("/")[2]
    return str(SCHEMAS / name) if name in ("xlink.xsd", "xml.xsd") else uri


def test_a_score_is_valid_musicxml(tmp_path):
    """Validated only where the schema and xmlschema are at hand."""
    xmlschema = pytest.importorskip("xmlschema")
    if not SCHEMAS.is_dir():
        pytest.skip("no schema of MusicXML beside this checkout")
    schema = xmlschema.XMLSchema(str(SCHEMAS / "musicxml.xsd"), uri_mapper=beside_the_schema)
    steady = everything()
    extras = [Hit(2.0, PERCUSSION, 90, 1.0, 54), *(Hit(9.9 + 0.05 * i, "snare", 60) for i in range(14))]
    hits = tuple(sorted([*steady.hits, *extras], key=lambda hit: hit.time))
    for options in ({}, {"repeats": True, "title": "a"}, {"one_voice": True}):
        written(tmp_path, Transcription(hits, 20.0, "", steady.rhythm), **options)
        schema.validate(str(tmp_path / "a.musicxml"))


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf"])
def test_a_score_becomes_a_picture(tmp_path, suffix):
    pytest.importorskip("verovio")
    pytest.importorskip("cairosvg")
    from drumscribe.formats.score.engraving import engrave

    (path,) = engrave(everything(), tmp_path / f"a{suffix}", ScoreOptions(title="Everything"))
    head = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(head)
    if suffix == ".svg":
        svg = path.read_text(encoding="utf-8")
        assert "Everything" in svg and "\u2669" in svg
        assert svg.count('class="note"') + svg.count('class="note ') == len(everything().hits)


def test_pages_of_long_scores_are_numbered_but_a_pdf_has_them_all(tmp_path):
    pytest.importorskip("verovio")
    pypdf = pytest.importorskip("pypdf")
    from drumscribe.formats.score.engraving import engrave

    long = bars(*["snare 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"] * 60)
    svgs = engrave(long, tmp_path / "a.svg")
    assert [path.name for path in svgs] == [f"a-{i}.svg" for i in range(1, len(svgs) + 1)]
    assert len(svgs) > 1
    (pdf,) = engrave(long, tmp_path / "a.pdf")
    assert len(pypdf.PdfReader(pdf).pages) == len(svgs)


@pytest.mark.parametrize(
    "changes",
    [
        [(8 + 1 / 960, "3/4")],
        [(8 - 1 / 960, "3/4"), (11, "4/4")],
        [(1 / 960, "3/4")],
        [(10 / 960, "64/1")],
        [(6.3, "64/1"), (6.3 + 65 + 1 / 8, "33/32")],
    ],
)
def test_meters_that_change_off_the_bar_line_are_written(tmp_path, changes):
    tempo_map = TempoMap.steady(120.0)
    meters = (*tempo_map.meters, *(MeterChange(at, Meter.parse(meter)) for at, meter in changes))
    hits = tuple(Hit(0.5 * i + 0.001, "snare", 90) for i in range(90))
    rhythm = Rhythm(TempoMap(tempo_map.seconds, tempo_map.quarters, meters), 1.0, True)
    root = written(tmp_path, Transcription(hits, 60.0, "", rhythm))
    assert sum(map(len, played(root))) == 90
    length = {}
    for measure in root.iter("measure"):
        if (time := measure.find("attributes/time")) is not None:
            length = Fraction(4 * int(time.findtext("beats")), int(time.findtext("beat-type")))
        assert set(durations(measure).values()) == {length * int(root.findtext(".//divisions"))}
    marks = [f"{time.findtext('beats')}/{time.findtext('beat-type')}" for time in root.iter("time")]
    assert marks[-1] == changes[-1][1] or changes[-1][1] == "64/1"
