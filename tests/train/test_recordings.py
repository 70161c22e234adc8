"""Annotated recordings beside one-shots, as the manual walks through them: a manifest; a function and a line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, beat, kick, snare, write_audio

pytest.importorskip("tensorflow")

from drumscribe.training import make
from drumscribe.training.data import recordings
from drumscribe.training.data.recordings import READERS, Recording
from drumscribe.training.data.samples import read_samples
from drumscribe.training.decisions.predictors import WindowPredictor
from drumscribe.training.experiment import CorpusSettings, Experiment, FitSettings, InputSettings, SampleSettings
from drumscribe.training.features.batches import read_library
from drumscribe.training.features.strokes import StrokeBook
from drumscribe.training.measuring import evaluate_windows
from drumscribe.training.networks.families import NetworkSettings
from drumscribe.training.rendering.clips import ROLES

from drumscribe.errors import DrumscribeError
from drumscribe.formats.events import Event

WINDOWS = Experiment(
    "windows",
    input=InputSettings("window", before_ms=20, after_ms=80),
    samples=SampleSettings(classes=("kick", "snare"), held_out=0.34, variants=1),
    network=NetworkSettings("dense", "multi-label", width=6, depth=1),
    fit=FitSettings(steps=2, cooldown=1, warmup=1, clips=2, half=False),
)
PASSAGES = replace(
    WINDOWS,
    name="passages",
    input=InputSettings(),
    corpus=CorpusSettings("sequences", clips=1, validation_clips=1),
    network=NetworkSettings("tcn", width=4, taps=3, dilations=(1,)),
    fit=replace(WINDOWS.fit, frames=50),
)
STROKES = [(0.25, "kick"), (0.75, "snare"), (1.25, "kick"), (1.25, "snare"), (1.75, "snare")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One-shots of three kits, and a recording with annotations on each side of the split."""
    folder = tmp_path / "samples"
    for kit in range(3):
        speed = round(RATE * (0.9 + 0.1 * kit))
        for name, sound in (("kick", kick(speed)), ("snare", snare(speed))):
            write_audio(folder / f"kit{kit}" / name / "01.wav", sound)
    for take in ("one", "two"):
        write_audio(folder / "takes" / f"{take}.wav", beat())
        lines = "".join(f"{time} {label}\n" for time, label in STROKES)
        (folder / "takes" / f"{take}.txt").write_text(lines, encoding="utf-8")
    rows = ("takes/one.wav,takes/one.txt,me,train", "takes/two.wav,takes/two.txt,you,validation")
    (folder / "recordings.csv").write_text("\n".join(("file,annotations,family,split", *rows)), encoding="utf-8")
    return folder


def book_of(experiment: Experiment, folder: Path) -> tuple[StrokeBook, str]:
    told: list[str] = []
    return StrokeBook(experiment, folder, folder.parent / "cache", told.append), told[-1]


def test_windows_are_cut_at_the_strokes_of_recordings(folder: Path) -> None:
    book, told = book_of(WINDOWS, folder)
    assert "samples and 1 recordings to train on" in told
    windows = book.training_windows()
    ones = len(windows) - 4
    assert ones == len(book.training)
    assert windows.labels[ones:].tolist() == [[True, False], [False, True], [True, True], [False, True]]
    one_answer = replace(WINDOWS, network=replace(WINDOWS.network, formulation="multi-class"))
    assert len(book_of(one_answer, folder)[0].training_windows()) == ones + 3, "of one drum each"
    assert len(book.held_out_recordings() or ()) == 4
    assert not read_samples(folder).left_out, "recordings are no one-shots"


def test_a_model_of_windows_learns_from_recordings_and_is_measured_on_others(folder: Path) -> None:
    places = make.Places(folder, folder.parent / "cache", folder.parent)
    make.train(WINDOWS, places, lambda line: None)
    predictor = WindowPredictor(WINDOWS, make.trained(WINDOWS, places)[0])
    assert evaluate_windows(predictor, book_of(WINDOWS, folder)[0])["recordings"].windows == 4
    (folder / "takes" / "one.txt").write_text("0.25 kick\n", encoding="utf-8")
    told: list[str] = []
    make.train(WINDOWS, places, told.append)
    assert any("starting anew" in line and "the samples" in line for line in told)


def test_passages_are_cut_from_recordings(folder: Path) -> None:
    places = make.Places(folder, folder.parent / "cache", folder.parent)
    make.train(PASSAGES, places, lambda line: None)
    (shard,) = (path / "00000.npz" for path in places.cache.glob("recordings-train-*"))
    library = read_library([shard])
    assert len(library) == 1
    np.testing.assert_allclose(library.times[0], [time for time, _ in STROKES])
    assert [ROLES[role] for role in library.roles[0]] == [label for _, label in STROKES]


def test_a_new_dataset_is_a_function_and_a_line(folder: Path, monkeypatch) -> None:
    def one_of_mine(folder: Path) -> list[Recording]:
        return [Recording(folder / "takes" / "two.wav", (Event(0.25, "kick"),), "mine")]

    monkeypatch.setitem(READERS, "mine", one_of_mine)
    book, _ = book_of(replace(WINDOWS, samples=replace(WINDOWS.samples, recordings="mine")), folder)
    assert len(book.training_windows()) == len(book.training) + 1
    with pytest.raises(DrumscribeError, match=r"unknown samples\.recordings 'yours'; known are manifest, mine"):
        replace(WINDOWS, samples=replace(WINDOWS.samples, recordings="yours"))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("file\ntakes/one.wav\n", "needs the columns file and annotations"),
        ("file,annotations\ntakes/one.wav,takes/none.txt\n", r"line 2: .*none\.txt: no such file"),
        ("file,annotations\n,takes/one.txt\n", "line 2"),
        ("file,annotations\ntakes/one.wav,takes/one.wav\n", r"one\.wav: not an annotation file"),
        (
            "file,annotations,family,split\ntakes/one.wav,takes/one.txt,me,train\ntakes/two.wav,takes/two.txt,me,validation\n",
            "the family me is in training and in validation",
        ),
    ],
)
def test_a_wrong_manifest_is_one_line(folder: Path, rows: str, words: str) -> None:
    (folder / recordings.MANIFEST).write_text(rows, encoding="utf-8")
    with pytest.raises(DrumscribeError, match=words):
        book_of(WINDOWS, folder)
