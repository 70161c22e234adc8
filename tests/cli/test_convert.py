"""`drumscribe convert`: what was edited anywhere comes back, in any other format."""

import json
from dataclasses import replace

import mido
import pytest
from click.testing import CliRunner
from conftest import beat, write_audio

from drumscribe.cli import main
from drumscribe.formats.export import write
from drumscribe.formats.reading import read
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription


def run(*args):
    return CliRunner().invoke(main, ["convert", *map(str, args)])


@pytest.fixture
def played(tmp_path):
    """Four bars of kick and snare, a little late, as JSON."""
    hits = tuple(Hit(0.5 * i + 0.02, ("kick", "snare")[i % 2], 90) for i in range(16))
    path = tmp_path / "played.json"
    write(Transcription(hits, 8.5, "", Rhythm(TempoMap.steady(120.0), 1.0, True)), path)
    return path


def test_labels_edited_in_audacity_become_midi(tmp_path):
    labels = tmp_path / "edited.txt"
    labels.write_text("".join(f"{0.5 * i}\t{0.5 * i}\t{('kick', 'snare')[i % 2]}\n" for i in range(16)))
    result = run(labels, "--out", tmp_path / "a.mid", "--tempo", 120)
    assert result.exit_code == 0, result.output
    back = read(tmp_path / "a.mid")
    assert [hit.articulation for hit in back.hits] == ["kick", "snare"] * 8
    assert back.rhythm.tempo == pytest.approx(120, abs=0.5)


def test_hits_are_quantised_on_the_way(tmp_path, played):
    assert run(played, "-o", tmp_path / "a.csv", "--quantize", "1/8").exit_code == 0
    assert [hit.time for hit in read(tmp_path / "a.csv").hits] == pytest.approx([0.5 * i for i in range(16)])


def test_midi_goes_from_one_sampler_to_another(tmp_path, played):
    assert run(played, "-o", tmp_path / "bfd.mid", "--map", "bfd3").exit_code == 0
    assert run(tmp_path / "bfd.mid", "-o", tmp_path / "ad2.mid", "--from-map", "bfd3", "--map", "ad2").exit_code == 0
    notes = [m.note for track in mido.MidiFile(tmp_path / "ad2.mid").tracks for m in track if m.type == "note_on"]
    assert notes == [36, 38] * 8


def test_a_rhythm_in_the_file_is_kept_unless_another_is_asked_for(tmp_path, played):
    run(played, "-o", tmp_path / "kept.json")
    run(played, "-o", tmp_path / "waltz.json", "--meter", "3/4")
    meters = [json.loads((tmp_path / f"{name}.json").read_text())["rhythm"]["tempo_map"]["meters"][0]["numerator"]
              for name in ("kept", "waltz")]  # fmt: skip
    assert meters == [4, 3]


def test_another_reading_of_the_rhythm_is_chosen_from_the_file(tmp_path, played):
    half = Rhythm(TempoMap.steady(60.0, 1.0), 0.2, True, probability=0.2, relation="half the tempo")
    rhythm = Rhythm(TempoMap.steady(120.0), 0.8, True, probability=0.8, alternatives=(half,))
    path = tmp_path / "both.json"
    write(replace(read(played), rhythm=rhythm), path)
    for name, asked in {"second": ("--reading", 2), "half": ("--tempo", "/2"), "later": ("--shift-bar", 1)}.items():
        assert run(path, "-o", tmp_path / f"{name}.json", *asked).exit_code == 0
    rhythms = [read(tmp_path / f"{name}.json").rhythm for name in ("second", "half", "later")]
    assert [found.tempo for found in rhythms] == [60.0, 60.0, 120.0]
    assert [found.tempo_map.seconds_at(0.0) for found in rhythms] == pytest.approx([1.0, 0.0, 0.5])
    assert rhythms[0].alternatives[0].tempo == 120.0
    assert rhythms[1].alternatives == (half,)
    missing = run(path, "-o", tmp_path / "missing.json", "--reading", 40)
    assert (missing.exit_code, "none with the number 40" in missing.output) == (1, True)


def test_the_recording_gives_the_length(tmp_path, played):
    recording = write_audio(tmp_path / "a.wav", beat(10.0))
    assert run(played, "-o", tmp_path / "a.json", "--recording", recording).exit_code == 0
    assert read(tmp_path / "a.json").duration == 10.0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--out", "a.doc"), "no format has this ending: give a name that ends in .mid, .csv"),
        (("--out", "played.json"), "played.json: this file is an input"),
        (("--out", "a.csv", "--map", "td"), "need MIDI notes, which .csv lacks"),
        (("--out", "a.mid", "--from-map", "tr808"), "'tr808' is not a drum map"),
        (("--out", "a.mid", "--recording", "absent.wav"), "absent.wav: cannot be read"),
    ],
)
def test_a_mistake_is_named_in_one_line_before_anything_is_written(tmp_path, played, monkeypatch, args, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("mine")
    before = sorted(tmp_path.iterdir())
    result = run("played.json", *args)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_an_output_that_somebody_edited_is_kept_unless_it_is_to_be_replaced(tmp_path, played):
    (tmp_path / "there.csv").write_text("mine")
    result = run(played, "-o", tmp_path / "there.csv")
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert len(read(tmp_path / "there (1).csv").hits) == 16
    assert "was edited" in result.stderr
    assert run(played, "-o", tmp_path / "there.csv", "--overwrite").exit_code == 0
    assert len(read(tmp_path / "there.csv").hits) == 16


def test_its_own_input_is_refused_as_output(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("time,articulation\n0.5,kick\n")
    done = run(path, "-o", path, "--overwrite")
    assert done.exit_code == 2 and "a.csv: this file is an input" in done.stderr
    assert path.read_text() == "time,articulation\n0.5,kick\n"
