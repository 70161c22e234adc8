"""Scores are what a hand count gives."""

import io
import json
import math
import sys

import numpy as np
import pytest
from rich.console import Console

from drumscribe.errors import LabelError
from drumscribe.evaluate.annotations import Event, Track, pair_tracks, read_events
from drumscribe.evaluate.edits import Edits
from drumscribe.evaluate.matching import match, match_times
from drumscribe.evaluate.scorecard import to_data, to_tables
from drumscribe.evaluate.scores import THREE_CLASSES, score
from drumscribe.formats.export import FORMATS
from drumscribe.music.drums import ARTICULATIONS
from drumscribe.music.transcription import Hit, Transcription


def events(text: str) -> tuple[Event, ...]:
    """Events written as "time articulation[/velocity]", separated by commas; `-` is a sound of no known drum."""
    out = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        time, label = item.split()
        name, _, velocity = label.partition("/")
        out.append(Event(float(time), None if name == "-" else name, velocity=int(velocity) if velocity else None))
    return tuple(sorted(out, key=lambda event: event.time))


def counts(row) -> tuple[int, int, int]:
    return row.matched, row.estimated - row.matched, row.reference - row.matched


# Kick: one 40 ms late, one missed, one too many. Snare: 60 ms late. Hihat: all there. Tom: one false. Cymbal: none.
PLAYED = events(
    "0 kick, 1 kick, 0.5 snare, 0 hihat_closed, 0.5 hihat_open, 1 hihat_closed, 2 -, 3 side_stick",
)
HEARD = events("0.04 kick, 1.5 kick, 0.56 snare, 0 hihat_closed, 0.5 hihat_closed, 1 hihat_closed, 3 tom_low")


def printed(scores, **chosen) -> str:
    console = Console(width=80, file=io.StringIO())
    console.print(*to_tables(scores, **chosen))
    return console.file.getvalue()


def test_another_drum_at_the_time_of_a_missed_one_is_one_edit():
    track = Track("a", events("0 snare, 1 kick, 1 snare"), events("0 tom_low, 0.01 kick, 1 kick, 2 kick"))
    scores = score([track])
    assert scores.edits == Edits(added=1, removed=2, changed=1, per_100=pytest.approx(400 / 3))
    line = "133.3 edits for every 100 strokes: 1 to add, 2 to remove, 1 to give to another drum"
    assert line in " ".join(printed(scores).split())
    assert math.isnan(score([Track("a", (), ())]).edits.per_100)


def test_strokes_outside_the_classes_have_rows_of_their_own():
    played, found = events("0 kick, 1 side_stick, 2 side_stick, 3 -"), events("0 kick, 3 -, 4 -")
    scores = score([Track("a", played, found)])
    assert scores.row("micro").f == 1 and scores.edits.per_100 == 0
    assert {row.name: counts(row) for row in scores.outside} == {"side_stick": (0, 0, 2), "other sounds": (1, 1, 0)}
    assert (
        "micro, macro and edits leave out: side_stick (2 played, 0 found), other sounds (1 played, 2 found)"
        in " ".join(printed(scores).split())
    )
    assert [row["name"] for row in to_data(scores)["outside"]] == ["side_stick", "other sounds"]
    three = score([Track("a", events("0 kick, 1 ride"), events("0 kick, 2 tom_low"))], classes=THREE_CLASSES)
    assert {row.name: counts(row) for row in three.outside} == {"tom": (0, 1, 0), "cymbal": (0, 0, 1)}
    inside = score([Track("a", events("0 kick"), events("0 kick"))])
    assert inside.outside == () and "leave out" not in printed(inside)


def test_every_table_fits_80_columns_with_whole_names():
    names = [articulation.name for articulation in ARTICULATIONS]
    played = tuple(Event(float(i), name, velocity=10 + i) for i, name in enumerate([*names, None] * 2))
    found = tuple(Event(event.time, names[0], velocity=event.velocity) for event in played)
    tracks = [Track("one", played, played), Track("another recording of a long name", played, found)]
    text = printed(score(tracks), per_track=True, confusions=True)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for word in (*names, "other sounds", "played", "matched", "F/track", "offset", "F with velocity", "side_stick"):
        assert word in text


def test_a_take_of_own_sounds_is_scored_by_its_strokes():
    scores = score([Track("a", events("0 -, 1 -"), events("0 -"))])
    assert scores.row("other sounds").f == 2 / 3
    assert "2 played, 1 found" in printed(scores)


def test_a_track_counted_by_hand():
    scores = score([Track("a", PLAYED, HEARD)])
    assert counts(scores.row("kick")) == (1, 1, 1)
    assert scores.row("kick").f == 0.5
    assert scores.row("kick").offset_median_ms == pytest.approx(40)
    assert counts(scores.row("snare")) == (0, 1, 1)
    assert counts(scores.row("hihat")) == (3, 0, 0)
    assert counts(scores.row("tom")) == (0, 1, 0)
    assert counts(scores.row("cymbal")) == (0, 0, 0) and math.isnan(scores.row("cymbal").f)
    assert counts(scores.row("micro")) == (4, 3, 2)
    assert scores.row("micro").precision == 4 / 7
    assert scores.row("micro").recall == 4 / 6
    assert scores.row("micro").f == 8 / 13
    # Kick .5, snare 0, hihat 1; the references hold no tom and no cymbal.
    assert scores.macro.f == 0.5
    assert scores.macro.precision == (0.5 + 0 + 1) / 3
    assert scores.edits == Edits(added=2, removed=3, changed=0, per_100=pytest.approx(100 * 5 / 6))
    # Played 0, .5, 1, 2, 3; heard 0, .04 (more than 30 ms later, so another), .5, .56, 1, 1.5, 3.
    assert counts(scores.row("onset")) == (4, 3, 1)


def test_the_tolerance_decides_and_includes_a_tie():
    track = [Track("a", PLAYED, HEARD)]
    assert score(track, 0.07).row("snare").f == 1
    assert score(track, 0.04).row("kick").matched == 1
    assert score(track, 0.02).row("kick").matched == 0
    # 0.07 - 0.02 is a little more than 0.05 in floating point: rounding must not decide.
    assert score([Track("a", events("0.02 kick"), events("0.07 kick"))], 0.05).row("kick").matched == 1


def test_three_classes_leave_the_others_to_the_onsets():
    scores = score([Track("a", PLAYED, HEARD)], classes=THREE_CLASSES)
    assert [row.name for row in scores.rows] == ["kick", "snare", "hihat", "micro", "onset"]
    assert counts(scores.row("micro")) == (4, 2, 2)
    assert counts(scores.row("onset")) == (4, 3, 1)


@pytest.mark.parametrize(
    ("played", "heard", "pairs"),
    [
        ("1 kick", "0.99 kick, 1.01 kick", 1),
        # The nearest first (1.05 with 1.04) would leave 1.00 alone.
        ("1.00 kick, 1.05 kick", "1.04 kick, 1.09 kick", 2),
        ("", "1 kick", 0),
        ("1 kick", "", 0),
    ],
)
def test_matching_is_one_to_one_and_maximal(played, heard, pairs):
    assert len(match(events(played), events(heard), 0.05)) == pairs


@pytest.mark.parametrize("tolerance", [0.0, 0.02, 0.05, 0.3])
@pytest.mark.parametrize("seed", range(8))
def test_as_many_match_as_with_mir_eval_and_no_less_closely(seed, tolerance):
    util = pytest.importorskip("mir_eval.util")
    rng = np.random.default_rng(seed)
    played = np.sort(rng.uniform(0, 4, 60).round(2))
    found = np.sort(np.concatenate([played[::2] + rng.normal(0, 0.03, 30).round(2), rng.uniform(0, 4, 20).round(2)]))
    pairs = match_times(played.tolist(), found.tolist(), tolerance)
    expected = util.match_events(played, found, tolerance + 1e-9)
    assert len(pairs) == len(expected)
    i, j = np.array(pairs, int).reshape(-1, 2).T
    assert len(set(i)) == len(set(j)) == len(pairs)
    assert np.all(np.abs(played[i] - found[j]) <= tolerance + 1e-9)
    k, m = np.array(expected, int).reshape(-1, 2).T
    assert np.abs(played[i] - found[j]).sum() <= np.abs(played[k] - found[m]).sum() + 1e-9


def test_of_two_estimates_the_nearer_one_matches():
    assert match_times([1.0], [0.96, 0.99, 1.02], 0.05) == [(0, 1)]
    assert match_times([0.99, 1.02], [1.0], 0.05) == [(0, 0)]


def test_counts_are_pooled_and_tracks_also_averaged():
    perfect = Track("a", events("0 kick"), events("0 kick"))
    deaf = Track("b", events("0 kick, 1 kick, 2 kick"), ())
    elsewhere = Track("c", events("0 snare"), events("0 snare"))
    kick = score([perfect, deaf, elsewhere]).row("kick")
    assert kick.f == 2 / 5
    assert (kick.track_f, kick.tracks) == (0.5, 2)


def test_intervals_come_from_the_tracks():
    tracks = [Track(f"good{i}", events("0 kick"), events("0 kick")) for i in range(5)]
    one_bad = [*tracks, Track("bad", events("0 kick"), events("1 kick"))]
    assert (score(tracks).row("kick").f_low, score(tracks).row("kick").f_high) == (1, 1)
    kick = score(one_bad).row("kick")
    # Of six draws none, two and three are the bad one with a chance of .33, .20 and .054: F is 1, .67 and .5.
    assert (kick.f_low, kick.f_high) == (0.5, 1)
    assert score(one_bad).row("kick") == kick
    assert math.isnan(score(tracks[:1]).row("kick").f_low)


def test_articulations_are_scored_where_the_references_tell_them():
    fine = Track("fine", events("0 hihat_open, 1 hihat_closed, 2 ride"), events("0 hihat_open, 1 hihat_open"))
    broad = Track("broad", (Event(0, "hihat_closed", exact=False),), events("0 hihat_pedal, 2 ride"))
    scores = score([fine, broad])
    assert counts(scores.row("hihat")) == (3, 0, 0)
    assert {row.name: counts(row) for row in scores.finer} == {
        "hihat_closed": (0, 0, 1),
        "hihat_open": (1, 1, 0),
        "ride": (0, 1, 1),
    }


def test_ghost_notes_are_found_as_snares():
    played = (Event(0, "snare", velocity=20, ghost=True), Event(1, "snare", ghost=True), Event(2, "snare", velocity=90))
    ghosts = score([Track("a", played, events("0 rimshot, 2 snare"))]).ghosts
    assert (ghosts.reference, ghosts.matched, ghosts.recall) == (2, 1, 0.5)


def test_velocities_are_compared_after_the_best_line():
    # Estimates are 20 + half the reference: a perfect line.
    played = events("0 kick/20, 1 kick/60, 2 snare/100, 3 snare/40, 4 snare/80")
    line = events("0 kick/30, 1 kick/50, 2 snare/70, 3 snare/40, 4 snare/60")
    micro = score([Track("a", played, line)]).velocity[-1]
    assert (micro.name, micro.matched, micro.tracks) == ("micro", 5, 1)
    assert micro.pearson == pytest.approx(1)
    assert micro.mae == pytest.approx(0, abs=1e-9)
    assert micro.f == 1
    # A constant says nothing: the best line is the mean, 60, which errs by 40, 0, 40, 20, 20; only 0 is within 8.
    flat = tuple(Event(e.time, e.articulation, velocity=100) for e in played)
    micro = score([Track("a", played, flat)]).velocity[-1]
    assert math.isnan(micro.pearson)
    assert micro.mae == pytest.approx(24)
    assert micro.f == 2 * 1 / 10
    assert score([Track("a", played, events("0 kick, 1 kick"))]).velocity == ()


def test_velocity_f_is_mir_evals():
    from mir_eval import transcription_velocity

    rng = np.random.default_rng(1)
    names = ("kick", "snare", "hihat_closed")
    played = tuple(Event(0.2 * i, names[i % 3], velocity=int(v)) for i, v in enumerate(rng.integers(1, 128, 60)))
    heard = tuple(
        Event(
            e.time + rng.uniform(-0.03, 0.03),
            e.articulation,
            velocity=int(np.clip(e.velocity + rng.normal(0, 9), 1, 127)),
        )
        for e in played[5:]
    )

    def notes(side):
        times = np.array([event.time for event in side]) + 1
        pitches = np.array([100.0 * 2 ** names.index(event.articulation) for event in side])
        return np.stack([times, times + 0.1], axis=1), pitches, np.array([event.velocity for event in side], float)

    *_, expected, _ = transcription_velocity.precision_recall_f1_overlap(
        *notes(played), *notes(heard), offset_ratio=None
    )
    assert 0.3 < expected < 0.95
    assert score([Track("a", played, heard)]).velocity[-1].f == pytest.approx(expected, abs=1e-12)


def test_false_hits_are_told_by_what_was_missed_there():
    played = events("0 hihat_closed, 1 hihat_closed, 2 ride, 3 side_stick, 4 kick")
    heard = events("0.01 crash, 1 hihat_closed, 2 hihat_closed, 3 hihat_closed, 4 kick, 4 tom_low, 5 tom_low")
    confusions = {(c.estimated, c.missed): c.count for c in score([Track("a", played, heard)]).confusions}
    assert confusions == {
        ("cymbal", "hihat"): 1,
        ("hihat", "cymbal"): 1,
        ("hihat", "other"): 1,
        ("tom", "nothing"): 2,
    }


@pytest.mark.parametrize(
    ("tracks", "arguments"),
    [
        ([], {}),
        ([Track("a", (), ()), Track("a", (), ())], {}),
        ([Track("a", (), ())], {"tolerance": -0.1}),
        ([Track("a", (), ())], {"tolerance": math.nan}),
        ([Track("a", (), ())], {"classes": ("kick", "gong")}),
    ],
)
def test_wrong_arguments_are_refused(tracks, arguments):
    with pytest.raises(ValueError, match=r"track|tolerance|gong"):
        score(tracks, **arguments)


def test_scoring_needs_no_mir_eval(monkeypatch):
    monkeypatch.setitem(sys.modules, "mir_eval", None)
    monkeypatch.setitem(sys.modules, "mir_eval.util", None)
    assert score([Track("a", PLAYED, PLAYED)]).row("micro").f == 1.0


def test_scores_are_told_in_tables_and_in_json_alike():

    scores = score([Track("a", PLAYED, HEARD), Track("b", PLAYED, PLAYED)])
    data = json.loads(json.dumps(to_data(scores), allow_nan=False))
    rows = {row["name"]: row for row in data["rows"]}
    assert rows["cymbal"]["f"] is None
    assert rows["micro"]["f"] == scores.row("micro").f
    assert data["tracks"]["a"]["kick"] == {
        "reference": 2,
        "estimated": 2,
        "matched": 1,
        "precision": 0.5,
        "recall": 0.5,
        "f": 0.5,
    }
    console = Console(width=120, record=True, file=io.StringIO())
    for table in to_tables(scores, per_track=True, confusions=True):
        console.print(table)
    text = console.export_text()
    assert "2 tracks, ±50 ms" in text and f"{scores.row('micro').f:.3f}" in text


# Reading


def write(path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def table(path) -> list[tuple]:
    return [(e.time, e.articulation, e.exact, e.velocity, e.ghost) for e in read_events(path)]


def test_text_is_read_whatever_separates_it(tmp_path):
    expected = [(0.0, "kick", True, None, False), (0.5, "snare", False, None, False), (1.0, None, True, None, False)]
    for text in (
        "0.5 \t SD \n0.000 \t KD \n1.0 TMB\n",
        "0,36\n0.5,sd,0.9\n1;54\n",
        "# a song\n\n0 kd\n0.5 snare\n1.0\n",
    ):
        assert table(write(tmp_path / "a.txt", text)) == expected


def test_named_columns_are_read_by_name(tmp_path):
    path = write(
        tmp_path / "a.csv",
        "time,class,velocity,articulation,note\n"
        "0.1,hihat,90,hh_closed,42\n0.2,ride,55,,53\n0.3,snare,12,,38\n0.4,sidestick,60,sidestick,37\n0.5,tom,70,,\n",
    )
    assert table(path) == [
        (0.1, "hihat_closed", True, 90, False),
        (0.2, "ride_bell", True, 55, False),
        (0.3, "snare", True, 12, True),
        (0.4, "side_stick", True, 60, False),
        (0.5, "tom_low", False, 70, False),
    ]


def test_subclasses_of_mdb_drums_are_read(tmp_path):
    path = write(tmp_path / "a.txt", "1 CHH\n2 HH\n3 SDG\n4 SST\n5 RDB\n6 LFT\n")
    assert [(e.articulation, e.exact, e.ghost) for e in read_events(path)] == [
        ("hihat_closed", True, False),
        ("hihat_closed", False, False),
        ("snare", True, True),
        ("side_stick", True, False),
        ("ride_bell", True, False),
        ("tom_low", True, False),
    ]


@pytest.mark.parametrize("format", ["mid", "csv", "json"])
def test_every_format_that_says_all_can_be_scored(tmp_path, format):
    hits = tuple(Hit(i / 4, a.name, 41 + i) for i, a in enumerate(ARTICULATIONS))
    FORMATS[format].write(Transcription(hits, 5.0), tmp_path / f"a.{format}")
    assert table(tmp_path / f"a.{format}") == [(h.time, h.articulation, True, h.velocity, False) for h in hits]


def test_an_empty_file_is_a_track_without_events(tmp_path):
    assert read_events(write(tmp_path / "a.txt", "")) == ()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "0 KD\n1 wibble\n", r"a\.txt, line 2: .*'wibble'"),
        ("a.txt", "0 KD\nKD 1\n", r"a\.txt, line 2: 'KD' is not a time"),
        ("a.txt", "0 KD\nnan KD\n", r"a\.txt, line 2"),
        ("a.csv", "time,class\n0,kick\n0.5,gong\n", r"a\.csv, line 3: .*'gong'"),
        ("a.csv", "time,class,velocity\n0,kick,loud\n", r"a\.csv, line 2"),
        ("a.mid", "not MIDI", r"a\.mid"),
        ("a.json", "{}", r"a\.json"),
        ("a.xml", "<a/>", r"a\.xml"),
        ("gone.txt", None, r"gone\.txt"),
        ("gone.json", None, r"gone\.json"),
        ("gone.mid", None, r"gone\.mid"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path, name, text, message):
    if text is not None:
        write(tmp_path / name, text)
    with pytest.raises(LabelError, match=message):
        read_events(tmp_path / name)


def test_binary_text_is_refused(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(LabelError, match=r"a\.txt"):
        read_events(tmp_path / "a.txt")


def test_folders_are_paired_by_track(tmp_path):
    write(tmp_path / "ref/Rock.txt", "0 KD\n")
    write(tmp_path / "ref/Rock_2_class.txt", "0 SD\n")
    write(tmp_path / "ref/x/Zep_subclass.txt", "0 CHH\n")
    write(tmp_path / "est/Rock_drums.txt", "0 35\n")
    write(tmp_path / "est/Rock_2.csv", "0,38\n")
    write(tmp_path / "est/x/Zep.wav.txt", "")
    write(tmp_path / "est/Nobody.txt", "")
    tracks, strays = pair_tracks(tmp_path / "est", tmp_path / "ref")
    assert [t.name for t in tracks] == ["Rock", "Rock_2", "x/Zep"]
    assert [len(t.estimate) for t in tracks] == [1, 1, 0]
    assert [p.name for p in strays] == ["Nobody.txt"]
    assert score(tracks).row("micro").f == 0.8


def test_two_files_are_a_pair_whatever_their_names(tmp_path):
    tracks, _ = pair_tracks(write(tmp_path / "mine.csv", "0,kick\n"), write(tmp_path / "theirs.txt", "0 KD\n"))
    assert score(tracks).row("kick").f == 1


def test_a_missing_estimate_is_an_error_unless_it_counts_as_empty(tmp_path):
    write(tmp_path / "ref/a.txt", "0 KD\n")
    write(tmp_path / "ref/b.txt", "0 KD\n")
    write(tmp_path / "est/a.txt", "0 KD\n")
    with pytest.raises(LabelError, match="no estimate for b"):
        pair_tracks(tmp_path / "est", tmp_path / "ref")
    tracks, _ = pair_tracks(tmp_path / "est", tmp_path / "ref", missing_is_empty=True)
    assert counts(score(tracks).row("kick")) == (1, 0, 1)


def test_ambiguous_and_absent_files_are_errors(tmp_path):
    reference = write(tmp_path / "ref/a.txt", "0 KD\n")
    write(tmp_path / "est/a.txt", "0 KD\n")
    write(tmp_path / "est/a_1.csv", "0 KD\n")
    with pytest.raises(LabelError, match="several estimates for a"):
        pair_tracks(tmp_path / "est", tmp_path / "ref")
    write(tmp_path / "ref/a_class.txt", "0 KD\n")
    with pytest.raises(LabelError, match="second reference for a"):
        pair_tracks(tmp_path / "est", tmp_path / "ref")
    with pytest.raises(LabelError, match="no such file"):
        pair_tracks(tmp_path / "nowhere", reference)
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabelError, match="no annotation files here"):
        pair_tracks(tmp_path / "est", tmp_path / "empty")


# The command


def run(*arguments, charset="utf-8"):
    from click.testing import CliRunner

    from drumscribe.cli import main

    return CliRunner(charset=charset).invoke(main, ["evaluate", *map(str, arguments)])


@pytest.fixture
def folders(tmp_path):
    write(tmp_path / "ref/a_class.txt", "0 KD\n1 SD\n2 HH\n3 TT\n")
    write(tmp_path / "est/a.csv", "time,articulation\n0.03,kick\n1,snare\n2,crash\n")
    return tmp_path / "est", tmp_path / "ref"


def test_the_command_prints_scores_at_both_tolerances(folders):
    result = run(*folders, "--per-track", "--confusions")
    assert result.exit_code == 0
    wide, tight = (
        next(line for line in part.splitlines() if "micro" in line) for part in result.stdout.split("±20 ms", 1)
    )
    assert "0.571" in wide  # 2 of 4 and 3
    assert "0.286" in tight  # 1 of 4 and 3


def test_the_command_prints_to_a_terminal_without_unicode(folders):
    write(folders[1] / "ドラム.txt", "0 KD\n")
    write(folders[0] / "ドラム.txt", "0 KD\n")
    result = run(*folders, "--per-track", charset="ascii")
    assert result.exit_code == 0 and "micro" in result.stdout


def test_the_command_prints_json(folders):
    result = run(*folders, "--json", "--tolerance", "0.05", "--classes", "3")
    (scores,) = json.loads(result.stdout)
    assert scores["tolerance"] == 0.05
    assert [row["name"] for row in scores["rows"]] == ["kick", "snare", "hihat", "micro", "onset"]
    assert scores["rows"][3]["f"] == 2 * 2 / 5
    assert scores["confusions"] == []


def test_the_command_names_what_is_missing_or_wrong_in_one_line(folders):
    estimates, references = folders
    write(references / "b.txt", "0 KD\n")
    result = run(estimates, references)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1 and "no estimate for b" in result.stderr
    assert run(estimates, references, "--missing-as-empty").exit_code == 0
    write(estimates / "b.txt", "0 wibble\n")
    assert "b.txt, line 1" in run(estimates, references).stderr
    assert "nowhere" in run(estimates.parent / "nowhere", references).stderr


def test_the_command_says_what_was_left_out(folders):
    write(folders[0] / "other.txt", "0 KD\n")
    result = run(*folders)
    assert result.exit_code == 0 and "other.txt" in result.stderr
