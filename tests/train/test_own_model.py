"""The whole way, as a user types it: samples, trained, measured, converted; then a song transcribed with that model."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import RATE, kick, snare, write_audio

pytest.importorskip("tensorflow")

from drumscribe.training.cli import main as train
from drumscribe.training.decisions import onsets

from drumscribe.cli import main as drumscribe
from drumscribe.errors import ModelError
from drumscribe.finetune.learners import open_learner
from drumscribe.formats.json_file import read_json
from drumscribe.formats.midi import read_note_ons
from drumscribe.network.model_file import load_model_info
from drumscribe.stream import Engine
from drumscribe.synthesis.synthetic_drums import make_drums
from drumscribe.transcriber import Transcriber

TOML = """
[input]
kind = "window"
before_ms = 20
after_ms = 80

[samples]
classes = ["kick", "snare", "foot_stomp", "finger_clap"]
notes = {{ foot_stomp = 75 }}
variants = 3
held_out = 0.34
company = 0.5

[network]
family = "dense"
formulation = "{formulation}"
width = 24
depth = 1

[fit]
steps = 150
cooldown = 100
warmup = 5
rate = 1e-2
clips = 16
half = false
"""
NAMES = ("kick", "snare", "foot_stomp", "finger_clap")


def stomp(rate: int = RATE) -> np.ndarray:
    t = np.arange(rate // 5) / rate
    return (0.8 * np.sin(2 * np.pi * 520 * t) * np.exp(-25 * t)).astype(np.float32)


def clap(rate: int = RATE) -> np.ndarray:
    t = np.arange(rate // 10) / rate
    return (0.7 * np.sin(2 * np.pi * 5200 * t) * np.exp(-60 * t)).astype(np.float32)


SOUNDS = dict(zip(NAMES, (kick, snare, stomp, clap), strict=True))
SONG = [(0.3 + 0.25 * i, NAMES[i % 4], (1.0, 0.3)[i % 8 >= 4]) for i in range(32)]
"""Times, drums and levels of what is played."""


@pytest.fixture(scope="module", autouse=True)
def few_sequences():
    """Fewer sequences to calibrate on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onsets, "CLIPS", 8)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Samples of two drums and of two sounds of one's own, a song, and experiments."""
    folder = tmp_path_factory.mktemp("own")
    for kit in range(6):
        for name, sound in SOUNDS.items():
            samples = np.concatenate([np.zeros(RATE // 20, np.float32), sound(round(RATE * (0.9 + 0.04 * kit)))])
            write_audio(folder / "samples" / f"kit{kit}" / name.replace("_", " ").title() / "01.wav", samples)
    song = 1e-4 * np.random.default_rng(1).standard_normal(9 * RATE).astype(np.float32)
    for time, name, level in SONG:
        stroke, first = level * SOUNDS[name](), round(time * RATE)
        song[first : first + len(stroke)] += stroke
    write_audio(folder / "song.wav", song)
    for formulation in ("multi-class", "binary", "multi-label"):
        (folder / f"{formulation}.toml").write_text(TOML.format(formulation=formulation), encoding="utf-8")
    return folder


def run(command, *arguments: object) -> str:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def make(folder: Path, name: str) -> Path:
    """Train and convert; the model file."""
    where = ("--samples", folder / "samples", "--cache", folder / "work")
    run(train, "fit", folder / f"{name}.toml", *where)
    told = run(train, "convert", folder / f"{name}.toml", *where, "--out", folder / "model")
    assert f"--model {folder / 'model' / name}.int8.tflite" in told
    assert "TensorSpec" not in told, "nothing of TensorFlow's"
    return folder / "model" / f"{name}.int8.tflite"


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    return make(folder, "multi-label")


def share_right(hits) -> float:
    """F of the hits of the song, within 10 ms."""
    heard, played = sorted((hit.time, hit.articulation) for hit in hits), [row[:2] for row in SONG]
    found = sum(any(abs(time - at) < 0.01 and name == of for at, of in heard) for time, name in played)
    return 2 * found / (len(heard) + len(played))


def test_what_was_trained_transcribes(folder: Path, model: Path) -> None:
    run(drumscribe, "transcribe", folder / "song.wav", "--model", model, "--out", folder / "song.mid")
    run(drumscribe, "transcribe", folder / "song.wav", "--model", model, "--out", folder / "song.json")
    heard = read_json(folder / "song.json")
    assert share_right(heard.hits) > 0.9
    notes = {hit.articulation: hit.note for hit in heard.hits}
    assert notes["foot_stomp"] == 75, "as the experiment says"
    assert notes["kick"] == 36
    for name in NAMES:
        own = [((hit.time - 0.2) % 2.0 < 1.0, hit.velocity) for hit in heard.hits if hit.articulation == name]
        loud, soft = (np.mean([velocity for is_loud, velocity in own if is_loud == of]) for of in (True, False))
        assert loud > soft + 10, "velocities come from levels"
    run(drumscribe, "evaluate", folder / "song.mid", folder / "song.json")
    told = run(drumscribe, "info", model)
    assert "foot_stomp" in told


def test_the_commands_of_the_manual_lead_from_samples_to_midi(tmp_path: Path) -> None:
    drums = dict(zip(("kick", "snare", "hihat_closed", "tom_low", "crash"), (36, 38, 42, 43, 49), strict=True))
    samples, work, out = (tmp_path / name for name in ("my-samples", "work", "my-model"))
    for kit in range(6):
        sounds = make_drums(round(RATE * (0.9 + 0.04 * kit)))
        for drum in drums:
            sound = np.concatenate([np.zeros(RATE // 20, np.float32), sounds[drum][: RATE // 2]])
            write_audio(samples / f"kit {kit}" / drum.replace("_", " ") / "01.wav", sound)
    played = [(0.5 + 0.4 * i, drum) for i, drum in enumerate([*drums] * 4)]
    song = 1e-4 * np.random.default_rng(1).standard_normal(9 * RATE).astype(np.float32)
    for time, drum in played:
        first, sound = round(time * RATE), make_drums(RATE)[drum][: RATE // 2]
        song[first : first + len(sound)] += 0.5 * sound
    write_audio(tmp_path / "song.wav", song)

    assert "kit" in run(train, "data", "--samples", samples)
    run(train, "fit", "strokes", "--samples", samples, "--cache", work, "--steps", 200)
    assert "accuracy" in run(train, "evaluate", "strokes", "--samples", samples, "--cache", work)
    run(train, "convert", "strokes", "--samples", samples, "--cache", work, "--out", out)
    model = out / "strokes.int8.tflite"
    run(drumscribe, "transcribe", tmp_path / "song.wav", "--model", model, "--out", tmp_path / "song.mid")

    heard = read_note_ons(tmp_path / "song.mid")
    assert {note for _, note, _ in heard} == set(drums.values())
    right = sum(any(note == drums[name] and abs(time - at) < 0.03 for at, note, _ in heard) for time, name in played)
    assert right > 0.7 * len(played)


def test_a_class_of_ones_own_has_a_sensitivity(folder: Path, model: Path) -> None:
    asked = ("transcribe", folder / "song.wav", "--model", model, "--overwrite", "--out", folder / "heard.json")
    hits = []
    for sensitivity in ("0.0", "1.0"):
        run(drumscribe, *asked, "--sensitivity", f"foot_stomp={sensitivity}")
        hits.append(read_json(folder / "heard.json").hits)
    stomps = [sum(hit.articulation == "foot_stomp" for hit in heard) for heard in hits]
    assert stomps[0] < stomps[1]
    assert len(hits[0]) - stomps[0] == len(hits[1]) - stomps[1], "the other drums stay"
    told = CliRunner().invoke(drumscribe, [*map(str, asked), "--sensitivity", "foot_stamp=0.5"])
    assert told.exit_code == 2
    assert "did you mean foot_stomp?" in told.output


def test_a_card_says_how_a_model_decides(folder: Path, model: Path) -> None:
    info, card = load_model_info(model), json.loads((model.parent / "multi-label.json").read_text(encoding="utf-8"))
    assert info.columns.instruments == NAMES
    assert all(0.05 < threshold < 0.95 for threshold in info.thresholds)
    assert card["held_out"]["sequences"]["micro"] > 0.9, "F on sequences of samples that were not trained on"


def test_a_stream_hears_what_a_recording_has(folder: Path, model: Path) -> None:
    import soundfile

    samples = soundfile.read(folder / "song.wav", dtype="float32")[0]
    engine = Engine(model, threaded=False)
    engine.prepare(RATE, 4096, 1)
    assert engine.notes["foot_stomp"] == 75
    hits = [hit for i in range(0, len(samples), 1000) for hit in engine.process(samples[i : i + 1000])]
    hits += engine.flush()
    expected = Transcriber(model).transcribe_array(samples, RATE).hits
    assert [hit.articulation for hit in hits] == [hit.articulation for hit in expected]
    np.testing.assert_allclose([hit.sample / RATE for hit in hits], [hit.time for hit in expected], atol=1e-3)


@pytest.mark.parametrize("formulation", ["multi-class", "binary"])
def test_every_formulation_transcribes(folder: Path, formulation: str) -> None:
    assert share_right(Transcriber(make(folder, formulation)).transcribe_file(folder / "song.wav").hits) > 0.75


def test_names_of_bundled_experiments_are_known() -> None:
    told = CliRunner().invoke(train, ["families", "stroke"])
    assert told.exit_code != 0
    assert "no bundled experiment of that name (base, live, sequences, strokes, tiny)" in told.output
    assert "cnn" in run(train, "families", "strokes")


def test_a_kit_cannot_be_learned_for_it(model: Path) -> None:
    with pytest.raises(ModelError, match="gives no embedding"):
        open_learner(model)
