"""The command line, as its users meet it: what is printed, what is written, and the exit code."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import RATE, beat, write_audio
from fakes import FakeTranscriber
from rich.console import Console

import drumscribe
from drumscribe.batch.plan import plan
from drumscribe.batch.progress import Bars
from drumscribe.batch.run import Outcome
from drumscribe.batch.summary import clock
from drumscribe.cli import main
from drumscribe.network.model_card import Columns, ModelInfo
from drumscribe.network.model_file import write_model
from drumscribe.sound.spectrogram import SpectrogramSettings

TESTS = Path(__file__).parents[1]
HEAVY = ("numba", "scipy", "soundfile", "soxr", "pretty_midi", "ai_edge_litert", "tflite_runtime", "mir_eval", "numpy")


@pytest.fixture
def run(monkeypatch):
    """Run the command in this process, on a fake transcriber and one worker; words in, result out."""
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)

    def run(*words, jobs=1):
        jobs = ("--jobs", str(jobs)) if words[0] == "transcribe" and jobs else ()
        return CliRunner().invoke(main, [str(word) for word in (*words, *jobs)])

    return run


def start(*words, fake=False, **kwargs) -> subprocess.Popen:
    """Start the command as a process of its own, with the shipped model unless a fake is asked for."""
    replace = "import drumscribe.cli.build as o, fakes; o.make_transcriber = fakes.FakeTranscriber; " if fake else ""
    return subprocess.Popen(
        [sys.executable, "-c", f"{replace}from drumscribe.cli import main; main()", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONIOENCODING": "utf-8"},
        **kwargs,
    )


def files_in(folder: Path) -> set[str]:
    """All files, except the journal."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if ".drumscribe-journal" not in name}


@pytest.mark.parametrize("words", [["--help"], ["transcribe", "--help"], ["evaluate", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(words):
    code = (
        f"import sys; sys.argv = ['drumscribe', *{words}]\nfrom drumscribe.cli import main\n"
        f"try:\n    main()\nfinally:\n    print('loaded:', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "loaded: []" in done.stdout
    assert "drumscribe" in done.stdout or "Usage" in done.stdout


def test_the_version_is_the_package_s(run):
    assert run("--version").output.strip().endswith(drumscribe.__version__)


def test_a_folder_becomes_a_folder_of_midi(run, tmp_path):
    for name in ("a.wav", "x/b.flac", "x/c.ogg"):
        write_audio(tmp_path / "songs" / name, beat(1.2))
    result = run("transcribe", tmp_path / "songs", "--out", tmp_path / "midi" / "new")
    assert result.exit_code == 0
    assert files_in(tmp_path / "midi") == {"new/a.mid", "new/x/b.mid", "new/x/c.mid"}
    assert "3 transcribed: 0:04 of audio" in result.stderr
    assert result.stdout == ""


def test_formats_can_be_several(run, tmp_path, take):
    assert run("transcribe", take, "-o", tmp_path / "out", "-f", "csv", "-f", "json").exit_code == 0
    assert files_in(tmp_path / "out") == {"take.csv", "take.json"}


def test_some_failures_exit_with_1_and_name_the_cause(run, tmp_path):
    write_audio(tmp_path / "good.wav", beat())
    write_audio(tmp_path / "with a bug [odd].wav", beat())
    (tmp_path / "empty.wav").touch()
    result = run("transcribe", tmp_path, tmp_path / "typo.wav", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert files_in(tmp_path / "out") == {"good.mid"}
    assert len(re.findall(r"failed: .*empty\.wav: the file is empty", result.stderr)) == 1
    assert re.search(r"failed: .*with a bug \[odd\]\.wav: unexpected ZeroDivisionError: a bug", result.stderr)
    assert re.search(r"failed: .*typo\.wav: no such file", result.stderr)
    assert "1 transcribed, 3 failed" in result.stderr
    assert "Traceback" not in result.stderr


def test_quiet_tells_failures_only(run, tmp_path):
    write_audio(tmp_path / "a.wav", beat())
    write_audio(tmp_path / "a.flac", beat())
    result = run("transcribe", tmp_path, "-o", tmp_path / "out", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    (tmp_path / "text.wav").write_text("text")
    result = run("transcribe", tmp_path, "-o", tmp_path / "out", "-q")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1 and "text.wav: not a readable audio file" in result.stderr


def test_the_json_report_says_all(run, tmp_path):
    for name in ("a warns.wav", "b.wav", "b.flac"):
        write_audio(tmp_path / name, beat())
    (tmp_path / "c.wav").touch()
    result = run("transcribe", tmp_path, tmp_path / "typo", "-o", tmp_path / "out", "--json", "-q")
    report = json.loads(result.stdout)
    assert (report["format"], report["version"], report["interrupted"]) == ("drumscribe.report", 1, False)
    odd, flac, wav, empty = report["recordings"]
    assert odd["source"] == str(tmp_path / "a warns.wav") and odd["status"] == "done" and odd["error"] is None
    assert odd["warnings"] == [f"{tmp_path / 'a warns.wav'}: something is odd"]
    assert odd["hits"]["kick"] == 4 and odd["hits"]["snare"] == 0 and odd["duration"] == 2.0
    assert [flac["outputs"], wav["outputs"]] == [[str(tmp_path / "out" / f"b.{x}.mid")] for x in ("flac", "wav")]
    assert empty["status"] == "failed" and "is empty" in empty["error"] and empty["outputs"] == []
    assert report["problems"] == [f"{tmp_path / 'typo'}: no such file or folder"]
    assert "b.flac.mid" in report["notes"][0]


def test_a_recording_without_drums_is_told(run, tmp_path):
    write_audio(tmp_path / "silence.wav", np.zeros(400, np.float32))  # the fake hears a kick from half a second on
    result = run("transcribe", tmp_path / "silence.wav", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["recordings"][0]["notes"] == ["no drums were heard"]
    assert "silence.wav: no drums were heard" in result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("words", [["--help"], ["kits", "list"], ["info"]])
def test_a_full_disk_behind_standard_output_is_told_in_one_line(words):
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            [sys.executable, "-m", "drumscribe", *words], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert process.returncode == 1
    assert process.stderr == "Error: standard output cannot be written to: No space left on device\n"


def test_clashing_names_are_told(run, tmp_path):
    write_audio(tmp_path / "a.wav", beat())
    write_audio(tmp_path / "a.flac", beat())
    result = run("transcribe", tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 0 and files_in(tmp_path / "out") == {"a.wav.mid", "a.flac.mid"}
    assert re.search(r"note: 2 outputs keep .*: a\.flac\.mid, a\.wav\.mid", result.stderr)


def test_existing_outputs_are_skipped_only_if_asked(run, tmp_path, take):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "take.mid").write_text("mine")
    result = run("transcribe", take, "-o", tmp_path / "out", "--skip-existing")
    assert result.exit_code == 0 and "0 transcribed, 1 skipped" in result.stderr
    assert files_in(tmp_path / "out") == {"take.mid"}
    assert (tmp_path / "out" / "take.mid").read_bytes() == b"mine"
    both = run("transcribe", take, "-o", tmp_path / "out", "--skip-existing", "--overwrite")
    assert both.exit_code == 2 and "give one of them" in both.stderr


def test_sensitivities_reach_the_transcriber(tmp_path, take, monkeypatch):
    import drumscribe.transcriber

    made = []

    def make(model, options, kit):
        made.append(options)
        return FakeTranscriber()

    monkeypatch.setattr(drumscribe.transcriber, "Transcriber", make)
    words = ["transcribe", str(take), "-o", str(tmp_path), "-j", "1", "-s"]
    assert CliRunner().invoke(main, [*words, "0.6", "-s", "hihat=0.7", "-s", "tom=0"]).exit_code == 0
    assert made[0].sensitivity == 0.6
    assert dict(made[0].instrument_sensitivity) == {"hihat": 0.7, "tom": 0.0}
    assert CliRunner().invoke(main, [*words, "tom=0.2"]).exit_code == 0
    assert made[1].sensitivity == 0.5


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["{take}", "-s", "2"], "2 is not between 0 and 1"),
        (["{take}", "-s", "nan"], "nan is not between 0 and 1"),
        (["{take}", "-s", "loud"], "'loud' is not a number"),
        (["{take}", "-s", "cowbell=0.5"], "'cowbell' is not an instrument: it is one of kick, snare"),
        (["{take}", "-f", "xml"], "'xml' is not one of"),
        (["{take}", "-f", "csv", "--map", "td"], "--map, --split-tracks and --midi-type need MIDI"),
        (["{take}", "-f", "csv", "--split-tracks"], "--map, --split-tracks and --midi-type need MIDI"),
        (["{take}", "-j", "0"], "0 is not in the range"),
        (["{take}", "--out", "{take}"], "take.wav: the output folder cannot be made: a file has this name"),
        (["{take}", "--out", "{take}/below"], "below: the output folder cannot be written to"),
        (["{take}", "--model", "{take}"], "take.wav"),
        (["{take}", "--model", "missing.tflite"], "missing.tflite"),
        (["{empty}"], "no recordings found in"),
        (["missing.wav"], "missing.wav: no such file or folder"),
        (["{empty}/*.wav"], "matches no recording"),
        ([""], "an empty name: write . for the current folder"),
        (["{take}", "--out", ""], "an empty name: write . for the current folder"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_exits_with_2_and_one_clear_line(run, tmp_path, take, words, reason):
    (tmp_path / "empty").mkdir()
    before = files_in(tmp_path)
    result = run("transcribe", *(word.format(take=take, empty=tmp_path / "empty") for word in words), jobs=None)
    assert result.exit_code == 2
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1 and reason in lines[0]
    assert "Traceback" not in result.stderr
    assert files_in(tmp_path) == before


@pytest.mark.parametrize("number", ["nan", "inf"])
@pytest.mark.parametrize(
    "words",
    [
        ["transcribe", "x.wav", "--timeout"],
        ["watch", "x", "--settle"],
        ["evaluate", "x", "x", "--tolerance"],
        ["serve", "--stdio", "--latency"],
        ["serve", "--stdio", "--retrigger"],
    ],
)
def test_what_is_no_number_is_not_taken_for_one(words, number):
    result = CliRunner().invoke(main, [*words, number])
    assert result.exit_code == 2
    assert f"Invalid value for '{words[-1]}'" in result.stderr


def test_output_names_that_cannot_be_told_apart_stop_all_before_work(run, tmp_path):
    for folder in ("one", "two"):
        write_audio(tmp_path / folder / "a.wav", beat())
    result = run("transcribe", tmp_path / "one", tmp_path / "two", "-o", tmp_path / "out")
    assert result.exit_code == 2 and "would both be written to" in result.stderr
    assert files_in(tmp_path / "out") == set()


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_leaves_whole_files_and_exits_with_130(tmp_path, jobs):
    for name in ("a.wav", "b.wav"):
        write_audio(tmp_path / "songs" / name, beat(0.6))
    for name in ("c slow.wav", "d slow.wav", "e slow.wav"):
        write_audio(tmp_path / "songs" / name, np.zeros(60 * RATE, np.float32))
    out = tmp_path / "out"
    if os.name == "nt":
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:  # a job in the background ignores Ctrl-C, and so would what it starts
        group = {"start_new_session": True, "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = start("transcribe", tmp_path / "songs", "-o", out, "-j", jobs, "--json", fake=True, **group)
    deadline = time.monotonic() + 120
    while files_in(out) != {"a.mid", "b.mid"} and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    time.sleep(1)  # now it is amid the next recordings
    if os.name == "nt":
        process.send_signal(signal.CTRL_C_EVENT)
    else:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert files_in(out) == {"a.mid", "b.mid"}
    assert [r["status"] for r in json.loads(stdout)["recordings"]] == ["done", "done", "stopped", "stopped", "stopped"]
    assert "stopped by Ctrl-C: 2 transcribed, 3 not done" in stderr
    assert "Traceback" not in stderr


def test_a_terminal_shows_what_is_in_work(tmp_path):
    for name in ("a [slow].wav", "b.wav"):
        write_audio(tmp_path / name, beat())
    (tmp_path / "c.wav").touch()
    jobs = plan([tmp_path], tmp_path / "out").jobs
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    with Bars(console, jobs) as bars:
        bars.started(jobs[0])
        bars.advanced(jobs[0], 0.5)
        bars.advanced(jobs[0], 1.0)
        deadline = time.monotonic() + 120.0
        while "25%" not in (shown := console.file.getvalue()) and time.monotonic() < deadline:
            time.sleep(0.02)
        bars.finished(Outcome(jobs[0], "done"))
        bars.started(jobs[2])
        bars.finished(Outcome(jobs[2], "failed", f"{jobs[2].source}: is empty"))
    assert "a [slow].wav" in shown and "50%" in shown and "25%" in shown and "x real time" in shown
    assert "2 of 3 recordings, 1 failed" in console.file.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0:00"), (59.6, "1:00"), (61, "1:01"), (3 * 3600 + 65, "3:01:05")])
def test_durations_read_like_a_clock(seconds, text):
    assert clock(seconds) == text


# With the shipped model, as processes of their own.


def bad_and_odd_recordings(folder: Path) -> dict[str, str]:
    """Everything that goes wrong with recordings; what is expected of each: a status or the reason of its failure."""
    sound = beat(1.5)
    damaged = sound.copy()
    damaged[5000:5010] = np.nan
    write_audio(folder / "beat.wav", sound)
    write_audio(folder / "nan.wav", damaged, subtype="FLOAT")
    write_audio(folder / "silence.flac", np.zeros(RATE, np.float32))
    write_audio(folder / "no samples.wav", np.zeros(0, np.float32))
    write_audio(folder / "one sample.wav", np.ones(1, np.float32))
    write_audio(folder / "8 bit.wav", sound, subtype="PCM_U8")
    write_audio(folder / "96 kHz.wav", beat(1.5, 96000), 96000)
    write_audio(folder / "six channels.wav", np.tile(sound[:, None], 6))
    write_audio(folder / "Schlagzeug ü ドラム.mp3", sound)
    write_audio(folder / "x.wav" / "inside.aiff", sound)
    write_audio(folder / "truncated.wav", sound)
    (folder / "truncated.wav").write_bytes((folder / "truncated.wav").read_bytes()[:60000])
    (folder / "empty.wav").touch()
    (folder / "text.mp3").write_text("This is no sound. " * 100)
    (folder / "unreadable.wav").symlink_to(folder / "gone.wav")
    done = ("beat.wav", "nan.wav", "silence.flac", "no samples.wav", "one sample.wav", "8 bit.wav", "96 kHz.wav")
    done += ("six channels.wav", "Schlagzeug ü ドラム.mp3", "x.wav/inside.aiff", "truncated.wav")
    return dict.fromkeys(done, "done") | {
        "empty.wav": "is empty",
        "text.mp3": "not a readable audio file",
        "unreadable.wav": "cannot be read: No such file",
    }


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """One run over all of them: the expectations, the folder, the report, the exit code and what was printed."""
    folder = tmp_path_factory.mktemp("recordings") / "Aufnahmen ü"
    expected = bad_and_odd_recordings(folder)
    process = start("transcribe", folder, "-o", folder / "midi", "-j", 2, "--json", "-f", "mid", "-f", "json")
    stdout, stderr = process.communicate(timeout=300)
    return expected, folder, json.loads(stdout), process.returncode, stderr


def test_every_odd_recording_is_transcribed_or_refused_with_its_reason(everything):
    expected, folder, report, code, stderr = everything
    assert code == 1
    found = {Path(r["source"]).relative_to(folder).as_posix(): r for r in report["recordings"]}
    assert found.keys() == expected.keys()
    for name, what in expected.items():
        if what == "done":
            assert found[name]["status"] == "done", found[name]["error"]
        else:
            assert found[name]["status"] == "failed" and what in found[name]["error"]
            assert what in stderr
    assert "breaks off after 0.7 s of 1.5 s" in stderr
    assert "11 transcribed, 3 failed" in stderr and "Traceback" not in stderr


def test_only_whole_outputs_are_left(everything):
    expected, folder, *_ = everything
    done = {Path(name).with_suffix("").as_posix() for name, what in expected.items() if what == "done"}
    assert files_in(folder / "midi") == {f"{name}.{suffix}" for name in done for suffix in ("mid", "json")}


def test_silence_gives_a_midi_file_without_notes(everything):
    import pretty_midi

    _, folder, report, *_ = everything
    for name in ("silence", "no samples"):
        midi = pretty_midi.PrettyMIDI(str(folder / "midi" / f"{name}.mid"))
        assert sum(len(instrument.notes) for instrument in midi.instruments) == 0
    quiet = [r for r in report["recordings"] if Path(r["source"]).stem in ("silence", "no samples")]
    assert len(quiet) == 2 and all(sum(r["hits"].values()) == 0 for r in quiet)


def test_what_is_not_sound_is_told_but_does_not_spoil_the_rest(everything):
    _, _, report, _, stderr = everything
    odd = next(r for r in report["recordings"] if Path(r["source"]).name == "nan.wav")
    assert (
        len(odd["warnings"]) == 1
        and "nan.wav: 10 invalid samples (NaN, infinite or absurdly large), the first at 0.11 s" in odd["warnings"][0]
    )
    assert odd["warnings"][0] in stderr


@pytest.mark.parametrize(
    "name", ["beat", "nan", "8 bit", "96 kHz", "six channels", "x.wav/inside", "Schlagzeug ü ドラム"]
)
def test_the_same_beat_is_heard_in_every_kind_of_file(everything, name):
    _, folder, *_ = everything
    hits = json.loads((folder / "midi" / f"{name}.json").read_text(encoding="utf-8"))["hits"]
    times = np.array([hit["time"] for hit in hits])
    for stroke in (0.25, 0.75, 1.25):
        assert np.abs(times - stroke).min() < 0.02


def test_the_command_and_the_library_agree(everything):
    import pretty_midi

    _, folder, *_ = everything
    hits = drumscribe.transcribe(folder / "beat.wav").hits
    written = json.loads((folder / "midi" / "beat.json").read_text(encoding="utf-8"))["hits"]
    assert len(hits) > 0
    assert [(h["articulation"], h["velocity"]) for h in written] == [(h.articulation, h.velocity) for h in hits]
    np.testing.assert_allclose([h["time"] for h in written], [h.time for h in hits], atol=1e-6)
    midi = pretty_midi.PrettyMIDI(str(folder / "midi" / "beat.mid"))
    notes = [(note.start, note.pitch) for note in midi.instruments[0].notes]
    for start, pitch in notes:
        assert min(abs(start - hit.time) for hit in hits if hit.note == pitch) < 1e-3
    for hit in hits:
        assert min(abs(start - hit.time) for start, pitch in notes if pitch == hit.note) < 1e-3


def test_what_is_wrong_with_a_recording_is_told_once_and_without_the_program_s_lines(tmp_path):
    sound = beat()
    sound[100] = np.nan
    write_audio(tmp_path / "odd.wav", sound, subtype="FLOAT")
    done = start("listen", tmp_path / "odd.wav", "-o", tmp_path / "check.wav")
    lines = done.communicate()[1].splitlines()
    assert done.returncode == 0
    assert [line for line in lines if "odd.wav" in line] == [
        f"warning: {tmp_path / 'odd.wav'}: 1 invalid sample (NaN, infinite or absurdly large), "
        "the first at 0.00 s: read as silence"
    ]
    assert not any("AudioWarning" in line for line in lines)


def test_info_prints_all_that_a_model_says_of_itself(tmp_path):
    columns = Columns(("kick", "hihat"), ("hihat_open", "hihat_pedal"))
    card = (
        "base",
        "1.2",
        "hears drums [well]",
        "MIT",
        "Jérôme, 打楽器",
        SpectrogramSettings(),
        columns,
        ((0.0,), (0.0,)),
    )
    sizes = {"context": 50, "chunk": 600, "embedding": 8}
    info = ModelInfo(*card, thresholds=(0.31, 0.42), **sizes, fingerprint="0" * 16, quantisation="int8")
    write_model(b"", info, tmp_path / "m.tflite")
    result = CliRunner().invoke(main, ["info", str(tmp_path / "m.tflite")])
    assert result.exit_code == 0
    facts = ("base 1.2, int8", "hears drums [well]", "MIT", "Jérôme, 打楽器", "kick, from 0.31", "8 numbers")
    for fact in (*facts, "hihat, from 0.42: hihat_open, hihat_pedal", "44100 Hz", "hop 441", "50 frames (0.50 s)"):
        assert fact in result.output


@pytest.mark.parametrize("weak", [True, False])
def test_a_small_machine_gets_the_small_model_and_is_told(run, tmp_path, monkeypatch, weak):
    monkeypatch.setattr("drumscribe.runtime._WEAK_BYTES", 1 << 60 if weak else 1)
    take = write_audio(tmp_path / "a.wav", beat(0.6))
    told = run("transcribe", take, "-o", tmp_path, jobs=None).stderr
    assert ("the model tiny is used" in told) == weak
    told = run("transcribe", take, "-o", tmp_path, "--model", "base", jobs=None).stderr
    assert "tiny" not in told


def test_info_without_a_file_is_about_the_shipped_model():
    result = CliRunner().invoke(main, ["info"])
    assert result.exit_code == 0
    assert "44100 Hz" in result.output and "kick" in result.output


def test_info_refuses_what_is_no_model_in_one_line(take):
    result = CliRunner().invoke(main, ["info", str(take)])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ") and "take.wav" in result.stderr
    assert len(result.stderr.splitlines()) == 1
