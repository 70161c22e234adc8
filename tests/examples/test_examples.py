"""The recordings that come with the program: fit to be shown, and heard by the model that comes with it."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from drumscribe.training.data.sources import Groove, Piece
from drumscribe.training.examples.songs import EXAMPLES, choose_pieces, perform

from drumscribe import Transcriber
from drumscribe.evaluate.annotations import pair_tracks, read_events
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scores import ONSET, score
from drumscribe.formats.export import read, write
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription
from drumscribe.rhythm import RhythmOptions, analyse_rhythm
from drumscribe.sound.audio import probe

EXAMPLES_FOLDER = Path(__file__).parents[2] / "examples"
SONGS = sorted(path for path in (EXAMPLES_FOLDER / "songs").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def transcripts(tmp_path_factory):
    """What the shipped model hears in them, as files."""
    folder = tmp_path_factory.mktemp("midi")
    transcriber = Transcriber()
    for song in SONGS:
        path = folder / song.relative_to(EXAMPLES_FOLDER / "songs").with_suffix(".mid")
        write(transcriber.transcribe_file(song), path)
    return folder


def test_the_recordings_are_those_that_the_program_renders():
    assert {path.relative_to(EXAMPLES_FOLDER / "songs").as_posix() for path in SONGS} == {e.file for e in EXAMPLES}


@pytest.mark.parametrize("song", SONGS, ids=lambda path: path.stem)
def test_each_is_short_small_credited_and_has_a_reference(song):
    name = song.relative_to(EXAMPLES_FOLDER / "songs")
    assert 10.0 <= probe(song).duration <= 15.0
    assert song.stat().st_size < 400_000
    assert f"`{name.as_posix()}`" in (EXAMPLES_FOLDER / "CREDITS.md").read_text(encoding="utf-8")
    events = read_events((EXAMPLES_FOLDER / "references" / name).with_suffix(".csv"))
    assert len(events) > 40
    assert all(0.0 < event.time < probe(song).duration and event.velocity for event in events)


def test_the_shipped_model_hears_them(transcripts):
    tracks, strays = pair_tracks(transcripts, EXAMPLES_FOLDER / "references")
    assert not strays
    scores = score(tracks, 0.05)
    assert scores.row(MICRO).f > 0.8
    assert scores.row(ONSET).f > 0.88


def test_the_small_model_hears_most_of_them(tmp_path):
    transcriber = Transcriber("tiny")
    for song in SONGS:
        path = tmp_path / song.relative_to(EXAMPLES_FOLDER / "songs").with_suffix(".mid")
        write(transcriber.transcribe_file(song), path)
    tracks, _ = pair_tracks(tmp_path, EXAMPLES_FOLDER / "references")
    assert score(tracks, 0.05).row(MICRO).f > 0.7


def test_hits_are_where_the_strokes_are(transcripts):
    tracks, _ = pair_tracks(transcripts, EXAMPLES_FOLDER / "references")
    for track in tracks:  # mp3 and ogg included: no delay of a codec is left
        assert abs(score([track], 0.05).row(ONSET).offset_median_ms) < 3.0, track.name


@pytest.mark.parametrize(
    ("asked", "tempo"),
    [
        (RhythmOptions(tempo=95.0), 95.0),
        (RhythmOptions(tempo=190.0), 190.0),
        (RhythmOptions(tempo_range=(150.0, 220.0)), 190.0),
        (RhythmOptions(tempo=400.0), 380.0),
    ],
    ids=["as played", "twice", "a range of twice", "four times"],
)
def test_steady_playing_stays_steady_at_a_multiple_of_its_tempo(transcripts, asked, tempo):
    rhythm = analyse_rhythm(read(transcripts / "rock.mid"), asked)
    assert rhythm.steady
    assert rhythm.tempo == pytest.approx(tempo, abs=0.1)


def test_a_passage_begins_with_the_bar_asked_for_and_keeps_its_timing():
    beats = np.array([0.0, 1.0, 3.98, 4.0, 5.5, 8.0])
    names = ("kick", "snare", "crash", "rimshot", "hihat_closed", "kick")
    groove = Groove("take", "session", "rock", False, 120.0, 4.0, 3, beats, names, np.array([127, 90, 80, 64, 32, 127]))
    score = perform(groove, bar=1, seconds=2.4)
    assert score.roles == ("crash", "snare", "hihat_closed")  # no kit of the examples has a rimshot
    assert score.times - score.times[1] == pytest.approx([-0.01, 0.0, 0.75])
    assert score.velocities == pytest.approx([80 / 127, 64 / 127, 32 / 127])


def test_a_kit_borrows_only_what_it_lacks():
    def piece(role, family):
        return Piece(role, family, family, False, np.ones(1), ())

    pieces = [piece("snare", "own"), piece("snare", "billie"), piece("ride", "billie"), piece("ride", "other")]
    chosen = {(p.role, p.family) for p in choose_pieces(pieces, "own")}
    assert chosen == {("snare", "own"), ("ride", "billie"), ("rimshot", "own"), ("ride_bell", "billie")}


def test_the_pictures_of_readme_and_manual_are_there_and_small():
    root = EXAMPLES_FOLDER.parent
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    links = [(page, name) for page in pages for name in re.findall(r"!\[.*\]\((.*)\)", page.read_text("utf-8"))]
    pictures = [page.parent / name for page, name in links]
    assert {picture.name for picture in pictures} == {
        "plot.png",
        "studio.png",
        "daw.png",
        "project.png",
        "pipeline.svg",
    }
    assert all(picture.stat().st_size < 300_000 for picture in pictures)


def test_the_hits_of_the_picture_are_on_its_bar_lines(transcripts):
    transcription = read(transcripts / "machine" / "four-on-the-floor.mid")
    kicks = np.array([hit.time for hit in transcription.hits if hit.articulation == "kick"])
    bars = transcription.rhythm.tempo_map.downbeats(kicks[-1])
    assert len(bars) >= 6
    assert np.abs(kicks[:, None] - bars).min(axis=0) == pytest.approx(np.zeros(len(bars)), abs=0.012)


def test_the_picture_of_a_sequencer_shows_strokes_and_bars_where_they_are(tmp_path):
    pytest.importorskip("matplotlib")
    script = runpy.run_path(str(EXAMPLES_FOLDER / "daw.py"))
    hits = tuple(Hit(0.31 + 0.47 * i, "snare", 60 + i) for i in range(20))
    tempo_map = TempoMap((0.3, 4.3, 9.3), (0.0, 8.0, 16.0))
    write(Transcription(hits, 10.0, "", Rhythm(tempo_map, 1.0, False)), tmp_path / "take.mid")
    midi = script["read"](tmp_path / "take.mid")
    times, numbers, velocities = zip(*midi.notes, strict=True)
    assert times == pytest.approx([hit.time for hit in hits], abs=1e-3)
    assert set(numbers) == {38} and velocities == tuple(range(60, 80))
    assert [min(abs(np.array(midi.bars) - t)) for t in tempo_map.downbeats(9.9)] == pytest.approx([0.0] * 5, abs=1e-3)
    script["draw"](SONGS[-1], midi, tmp_path / "daw.png")
    assert (tmp_path / "daw.png").read_bytes().startswith(b"\x89PNG")
    write(read(tmp_path / "take.mid"), tmp_path / "take.dawproject", recording=SONGS[-1])
    project, sound = script["read_project"](tmp_path / "take.dawproject", tmp_path)
    assert sound.read_bytes() == SONGS[-1].read_bytes()
    for wanted, found in ((midi.notes, project.notes), (midi.meters, project.meters), (midi.tempos, project.tempos)):
        assert np.array([*wanted]) == pytest.approx(np.array([*found]), abs=1e-3)
