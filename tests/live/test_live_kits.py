"""A player's own sounds in a stream: learned for it, heard in time, the same whatever the blocks."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from conftest import write_audio

from drumscribe.cli import main
from drumscribe.evaluate.annotations import Track, read_events
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scores import score
from drumscribe.formats.export import write
from drumscribe.formats.midi.reading import read_note_ons
from drumscribe.kits import library
from drumscribe.kits.kit import Kit
from drumscribe.music.transcription import Transcription
from drumscribe.sound.audio import load
from drumscribe.stream import Engine, StreamHit

RATE = 44100
EXAMPLE = Path(__file__).parents[2] / "examples" / "kit"


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def knock(hz: float, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(int(0.2 * RATE)) / RATE
    return (0.4 * np.sin(2 * np.pi * hz * rng.uniform(0.97, 1.03) * t) * np.exp(-40 * t)).astype(np.float32)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    """A kit for streams of the example's samples."""
    path = tmp_path_factory.mktemp("kits") / "table.kit"
    made = run("finetune", "--live", "--samples", EXAMPLE / "samples", "--name", path)
    assert made.exit_code == 0, made.output
    assert "drumscribe live --kit" in made.output
    return path


@pytest.fixture(scope="module")
def knocks(tmp_path_factory) -> Path:
    """A kit of two sounds with names of their own, and nothing else."""
    folder, rng = tmp_path_factory.mktemp("knocks"), np.random.default_rng(1)
    for name, hz in (("dum", 140.0), ("tek", 900.0)):
        for number in range(5):
            quiet = np.zeros(RATE // 8, np.float32)
            write_audio(folder / "s" / name / f"{number}.wav", np.concatenate([quiet, knock(hz, rng), quiet]))
    path = folder / "knocks.kit"
    made = run("finetune", "--live", "--only", "--note", "dum=35", "--samples", folder / "s", "--name", path)
    assert made.exit_code == 0, made.output
    return path


def hear(sound: np.ndarray, kit: Kit | None, block: int = 512, threaded: bool = False) -> list[StreamHit]:
    engine = Engine(kit=kit, threaded=threaded, queue_seconds=60.0)
    engine.prepare(RATE, block, 1)
    hits = [hit for start in range(0, len(sound), block) for hit in engine.process(sound[start : start + block])]
    hits += engine.flush()
    engine.close()
    return hits


def test_a_kit_makes_a_stream_of_its_player_heard(table: Path, tmp_path: Path) -> None:
    sound, reference = load(EXAMPLE / "take.ogg", RATE), read_events(EXAMPLE / "take.csv")
    results = []
    for kit in (None, library.load(table)):
        hits = sorted((hit.at_rate(RATE) for hit in hear(sound, kit)), key=lambda hit: (hit.time, hit.note))
        write(Transcription(tuple(hits), len(sound) / RATE), tmp_path / "take.mid")
        results.append(score([Track("take", reference, read_events(tmp_path / "take.mid"))], 0.05).row(MICRO).f)
    assert 1 - results[1] < 0.4 * (1 - results[0])


def test_hits_do_not_depend_on_blocks_nor_on_the_thread(table: Path) -> None:
    sound, kit = load(EXAMPLE / "take.ogg", RATE)[: 4 * RATE], library.load(table)
    wanted = hear(sound, kit)
    assert len(wanted) > 10
    assert hear(sound, kit, 61) == wanted
    assert hear(sound, kit, 16384) == wanted
    assert hear(sound, kit, 512, threaded=True) == wanted


def test_hits_come_within_the_latency(knocks: Path) -> None:
    engine = Engine(kit=library.load(knocks), threaded=False)
    engine.prepare(RATE, 64, 1)
    assert engine.latency_samples < 0.13 * RATE
    assert engine.instruments == ("dum", "tek")
    sound, rng = np.zeros(3 * RATE, np.float32), np.random.default_rng(2)
    struck = [(0.5, "dum", 140.0), (1.1, "tek", 900.0), (1.4, "tek", 900.0), (2.2, "dum", 140.0)]
    for time, _, hz in struck:
        stroke = knock(hz, rng)
        sound[round(time * RATE) : round(time * RATE) + len(stroke)] += stroke
    told = []
    for start in range(0, len(sound), 64):
        told += [(start + 64, hit) for hit in engine.process(sound[start : start + 64])]
    assert [hit.articulation for _, hit in told] == [name for _, name, _ in struck]
    assert [hit.note for _, hit in told] == [35, 60, 60, 35]
    for (at, hit), (time, _, _) in zip(told, struck, strict=True):
        assert abs(hit.sample - time * RATE) < 0.012 * RATE
        assert at - hit.sample <= engine.latency_samples + 64


def test_sensitivities_are_those_of_the_kit(knocks: Path) -> None:
    engine = Engine(kit=library.load(knocks), threaded=False)
    assert {"sensitivity_dum", "sensitivity_tek"} <= set(engine.parameters)
    assert "sensitivity_kick" not in engine.parameters


def test_the_command_plays_and_keeps_what_the_kit_hears(knocks: Path, tmp_path: Path) -> None:
    rng, sound = np.random.default_rng(3), np.zeros(2 * RATE, np.float32)
    for time, hz in ((0.3, 140.0), (0.8, 900.0), (1.3, 140.0)):
        stroke = knock(hz, rng)
        sound[round(time * RATE) : round(time * RATE) + len(stroke)] += stroke
    take = tmp_path / "take.wav"
    source = write_audio(tmp_path / "played.wav", sound)
    done = run("live", "--device", source, "--midi", "none", "--record", take, "--kit", knocks)
    assert done.exit_code == 0, done.output
    assert soundfile.info(take).duration == pytest.approx(2.0)
    assert [note for _, note, _ in read_note_ons(tmp_path / "take.mid")] == [35, 60, 35]


def test_a_program_in_another_language_is_told_of_the_kits_sounds(knocks: Path) -> None:
    rng, sound = np.random.default_rng(4), np.zeros(RATE, np.float32)
    stroke = knock(140.0, rng)
    sound[RATE // 2 : RATE // 2 + len(stroke)] += stroke
    words = ["serve", "--stdio", "--rate", str(RATE), "--kit", str(knocks)]
    program = "from drumscribe.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, *words], input=sound.tobytes(), capture_output=True, check=True
    )
    ready, hit, end = (json.loads(line) for line in done.stdout.splitlines())
    assert ready["instruments"] == ["dum", "tek"]
    assert (hit["event"], hit["instrument"], hit["note"]) == ("hit", "dum", 35)
    assert end == {"event": "end", "frames": RATE}


def test_a_kit_for_recordings_is_refused_with_the_way_out(tmp_path: Path, table: Path) -> None:
    kit = tmp_path / "table.kit"
    assert run("finetune", "--samples", EXAMPLE / "samples", "--name", kit).exit_code == 0
    done = run("live", "--device", EXAMPLE / "take.ogg", "--midi", "none", "--kit", kit)
    assert done.exit_code == 2
    assert "drumscribe finetune --live" in done.stderr
    done = run("transcribe", EXAMPLE / "take.ogg", "--out", tmp_path, "--kit", table)
    assert done.exit_code == 2
    assert "was made for the model live" in done.stderr
