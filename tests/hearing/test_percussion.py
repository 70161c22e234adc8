"""Percussion outside the vocabulary is told where it is asked for, and changes nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import RATE, beat, write_audio

from drumscribe import TranscribeOptions, Transcriber
from drumscribe.cli import main
from drumscribe.formats.midi.reading import read_note_ons
from drumscribe.hearing.decisions import LEAD
from drumscribe.hearing.percussion import PercussionFinder
from drumscribe.network.model_file import load_model_info, write_model


def tambourine(rng: np.random.Generator) -> np.ndarray:
    t = np.arange(int(0.25 * RATE)) / RATE
    jingles = sum(np.sin(2 * np.pi * hz * t + rng.uniform(0, 6)) for hz in rng.uniform(5000, 13000, 12)) / 12
    noise = np.diff(rng.standard_normal(len(t) + 1))
    return (0.4 * (jingles * np.exp(-14 * t) + 0.3 * noise * np.exp(-60 * t))).astype(np.float32)


def test_peaks_are_hits_whatever_the_passages() -> None:
    activations = np.zeros(300, np.float32)
    activations[[LEAD + 50, LEAD + 120]] = 0.8, 0.3
    for sizes in ([300], [57, 243], [1] * 300):
        finder = PercussionFinder(0.5, 100.0)
        for part in np.split(activations, np.cumsum(sizes)[:-1]):
            finder.push(part)
        (hit,) = finder.hits()
        assert hit.time == pytest.approx(0.5)
        assert (hit.articulation, hit.instrument, hit.note) == ("percussion", "percussion", 54)
        assert hit.confidence == pytest.approx(0.8, abs=0.01)


def test_tambourines_are_told_on_request_beside_the_same_drums(tmp_path: Path) -> None:
    rng, sound, struck = np.random.default_rng(1), beat(10.0), np.arange(0.5, 9.6, 0.5)
    for at in struck:
        stroke = tambourine(rng)
        sound[round(at * RATE) : round(at * RATE) + len(stroke)] += stroke
    plain = Transcriber().transcribe_array(sound, RATE)
    asked = Transcriber(options=TranscribeOptions(percussion=True)).transcribe_array(sound, RATE)
    drums = tuple(hit for hit in asked.hits if hit.instrument != "percussion")
    assert drums == plain.hits
    assert asked.rhythm == plain.rhythm
    heard = np.array([hit.time for hit in asked.hits if hit.instrument == "percussion"])
    found = sum(np.abs(heard - at).min(initial=1.0) < 0.03 for at in struck)
    assert found >= 0.6 * len(struck)
    assert found >= 0.6 * len(heard)


def test_the_command_writes_it_as_a_tambourine(take: Path, tmp_path: Path) -> None:
    rng, sound = np.random.default_rng(2), np.zeros(4 * RATE, np.float32)
    for at in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0):
        stroke = tambourine(rng)
        sound[round(at * RATE) : round(at * RATE) + len(stroke)] += stroke
    source = write_audio(tmp_path / "bells.wav", sound)
    done = CliRunner().invoke(main, ["transcribe", str(source), "--out", str(tmp_path), "-q", "--percussion"])
    assert done.exit_code == 0, done.output
    assert [note for _, note, _ in read_note_ons(tmp_path / "bells.mid")].count(54) >= 3


def test_a_model_that_does_not_tell_it_is_refused(take: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent.tflite"
    write_model(b"a network", replace(load_model_info(), percussion=0.0), silent)
    done = CliRunner().invoke(
        main, ["transcribe", str(take), "--out", str(tmp_path), "--model", str(silent), "--percussion"]
    )
    assert done.exit_code == 2
    assert "does not detect percussion" in done.stderr
