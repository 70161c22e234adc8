"""What somebody meets who has just installed drumscribe: how little must be typed, and what is said."""

import io
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from conftest import RATE, beat, write_audio
from fakes import FakeTranscriber
from rich.cells import cell_len
from rich.console import Console

from drumscribe.batch.jobs import Job, Outcome, Report
from drumscribe.batch.plan import Plan
from drumscribe.batch.summary import print_summary
from drumscribe.cli import main
from drumscribe.files import quoted
from drumscribe.formats.export import read
from drumscribe.music.drums import INSTRUMENTS

COMMANDS = main.list_commands(click.Context(main))


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A working folder with Rock.flac in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    write_audio(tmp_path / "Rock.flac", beat())
    return tmp_path


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def names_in(folder: Path) -> list[str]:
    """What somebody sees in a folder: what begins with a dot, as a journal does, is hidden."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def error_of(result) -> str:
    """The one line that a command refuses its arguments with."""
    assert result.exit_code == 2, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return line


@pytest.mark.parametrize(
    "words", [["Rock.flac"], ["./Rock.flac"], ["*.flac"], ["--tempo", "92", "Rock.flac"], ["transcribe", "Rock.flac"]]
)
def test_a_recording_is_all_that_must_be_typed(here, words):
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert names_in(here) == ["Rock.flac", "Rock.mid"]


def test_a_folder_is_enough_too_but_commands_come_first(here):
    write_audio(here / "songs" / "a.wav", beat())
    (here / "kits").mkdir()
    assert run("songs").exit_code == 0
    assert (here / "a.mid").exists()
    assert "List, show, remove" in run("kits").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trascribe"], "no such command or file: trascribe; did you mean transcribe?"),
        (["trascribe", "Rock.flac"], "did you mean transcribe?"),
        (["qwerty"], "no such command or file: qwerty"),
        (["kits", "shwo"], "did you mean show?"),
        (["rock.flac"], "rock.flac: no such file or folder; did you mean Rock.flac?"),
        (["Rock.wav"], "did you mean Rock.flac?"),
        (["gopher://example.com/song.wav"], "gopher://example.com/song.wav: addresses need fsspec"),
        (["Rock.flac", "-s", "hihta=0.3"], "did you mean hihat?"),
        (["Rock.flac", "--quantice", "1/16"], "--quantize"),
        (["Rock.flac", "--meter", "4"], "meter: '4' is not a meter"),
        (["Rock.flac", "--tempo-range", "70"], "'70' is not a range"),
        (["Rock.flac", "--swing", "60"], "need a grid"),
        (["finetune", "--samples", ".", "--as", "kik"], "--as kik: did you mean kick?"),
        (["watch", ".", "-o", "beat.mid"], "beat.mid: is one file"),
        (["plot", "Rock.flac", "-o", "x.png", "--from", "start"], "'start' is not a time"),
        (["plot", "Rock.flac", "-o", "x.png", "--from", "5"], "it lasts 2.0 s"),
        (["live", "--record", "Rock.wav", "--device", "Rock.flac"], "Rock.wav: this file exists already"),
    ],
)
def test_what_is_not_understood_is_answered_in_a_line(here, words, said):
    if words[0] == "live":
        write_audio(here / "Rock.wav", beat())
    before = names_in(here)
    assert said in error_of(run(*words))
    assert names_in(here) == before


def test_commands_that_read_one_recording_know_near_misses_too(here):
    result = run("grid", "rock.flac")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].endswith("did you mean Rock.flac?")


@pytest.mark.parametrize("spelling", ["--quantize", "--quantise"])
def test_both_spellings_are_understood(here, spelling):
    result = run("Rock.flac", spelling, "1/8")
    assert result.exit_code == 0, result.output
    assert "quantised" in result.stderr


def test_the_end_says_where_the_midi_is_and_what_to_do_next(here):
    result = run("Rock.flac", "-o", "my midi")
    assert "wrote my midi/Rock.mid\n" in result.stderr.replace(os.sep, "/")
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("next: drumscribe ")]
    words = line.split("drumscribe ")[1]
    assert run(*shlex.split(words)).exit_code == 0, "it can be pasted as it is"
    assert (here / "check.wav").exists()


@pytest.mark.parametrize(
    ("name", "posix", "windows"),
    [
        ("take.wav", "take.wav", "take.wav"),
        ("my take.wav", "'my take.wav'", '"my take.wav"'),
        ("R&B.wav", "'R&B.wav'", '"R&B.wav"'),
        ("$x.wav", "'$x.wav'", '"$x.wav"'),
        (r"C:\a\b.wav", r"'C:\a\b.wav'", r"C:\a\b.wav"),
        ("-x.wav", f".{os.sep}-x.wav", f".{os.sep}-x.wav"),
    ],
)
def test_names_in_printed_commands_suit_the_system(name, posix, windows):
    assert (quoted(name, windows=False), quoted(name, windows=True)) == (posix, windows)


def test_no_printed_command_needs_a_unix_shell(here):
    (line,) = [line for line in run("Rock.flac").stderr.splitlines() if "drumscribe listen" in line]
    assert "#" not in line and "'" not in line
    sources = Path(__file__).parents[2]
    for path in (path for folder in ("drumscribe", "train") for path in (sources / folder).rglob("*.py")):
        assert "'drumscribe[" not in path.read_text(encoding="utf-8"), path


def test_several_outputs_are_told_by_their_folder(here):
    write_audio(here / "songs" / "a.wav", beat())
    result = run("transcribe", "Rock.flac", "songs", "-o", "midi", "-f", "mid", "-f", "csv", "-j", "1")
    assert f"wrote 4 files to midi{os.sep}" in result.stderr


def test_the_table_fits_a_terminal_and_has_neither_folders_twice_nor_empty_columns(here):
    folder = here / "a folder with a long name" / "and another one below it"
    for name in ("a.wav", "a recording whose name is longer than usual, take 2.wav"):
        write_audio(folder / name, beat())
    result = run("transcribe", folder, "-o", "midi", "-j", "1")
    table = result.stderr[result.stderr.index("\nrecording ") : result.stderr.index("2 transcribed")]
    assert all(cell_len(line) <= 80 for line in table.splitlines())
    assert "kick" in table and "snare" not in table and "cymbal" not in table
    assert "a folder" not in table
    assert "a.wav" in table


@pytest.mark.parametrize("own", [("pad",), ("knuckle", "pad"), ("clap", "knuckle", "pad", "stomp", "table edge")])
def test_the_table_shows_the_counts_of_all_sounds(own):
    counts = {name: 11 + number for number, name in enumerate((*INSTRUMENTS, *own))}
    job = Job(Path("take.wav"), (Path("take.mid"),))
    report = Report([Outcome(job, "done", outputs=job.outputs, duration=100.0, hits=Counter(counts))], 1.0)
    console = Console(file=io.StringIO(), width=80)
    print_summary(console, Plan(()), report)
    table = console.file.getvalue().partition("1 transcribed")[0]
    assert all(cell_len(line) <= 80 for line in table.splitlines())
    for name, count in counts.items():
        assert str(count) in table.split()
        assert set(re.split("[ _]", name)) <= set(re.split(r"[\s,]+", table))


def test_a_failure_is_reported_once(here):
    (here / "empty.wav").touch()
    for words in (["empty.wav"], ["empty.wav", "-q"], ["empty.wav", "Rock.flac", "-j", "1"]):
        result = run(*words)
        assert result.exit_code == 1
        assert result.stderr.count("empty.wav: the file is empty") == 1


def test_an_edited_output_is_kept_unless_it_may_be_overwritten(here):
    run("Rock.flac")
    assert run("Rock.flac", "--format", "mid").exit_code == 0
    assert names_in(here) == ["Rock.flac", "Rock.mid"], "what drumscribe wrote is replaced"
    (here / "Rock.mid").write_text("edited")
    result = run("Rock.flac", "--json")
    assert (here / "Rock.mid").read_text() == "edited"
    assert (
        "Rock.mid was edited, or is not by drumscribe from this recording, and is kept: wrote Rock (1).mid"
        in result.stderr
    )
    assert "wrote Rock (1).mid" in result.stderr.splitlines()
    assert '"Rock (1).mid"' in result.stdout
    run("Rock.flac", "--overwrite")
    assert (here / "Rock.mid").read_bytes().startswith(b"MThd")


def test_a_name_that_ends_in_midi_is_a_midi_file(here):
    assert run("Rock.flac", "-o", "take.midi").exit_code == 0
    assert (here / "take.midi").read_bytes().startswith(b"MThd")


@pytest.mark.parametrize("folder", [True, False])
def test_a_recording_of_the_same_name_does_not_replace_the_output_of_another(here, folder):
    for name, sound in (("one", beat()), ("two", beat()[:RATE])):
        write_audio(here / name / "take.wav", sound)
        assert run("transcribe", name if folder else f"{name}/take.wav", "-o", "out").exit_code == 0
    assert {"take.mid", "take (1).mid"} <= set(names_in(here / "out"))
    run("transcribe", "one/take.wav", "-o", "out")
    assert "take (2).mid" not in names_in(here / "out")


def test_workers_keep_edited_outputs_too(here):
    write_audio(here / "b.wav", beat())
    for name in ("Rock.mid", "b.mid"):
        (here / name).write_text("mine")
    assert run("transcribe", "Rock.flac", "b.wav", "-j", "2").exit_code == 0
    assert names_in(here) == ["Rock (1).mid", "Rock.flac", "Rock.mid", "b (1).mid", "b.mid", "b.wav"]


@pytest.mark.parametrize("name", ["beat.mid", "new/beat.csv", "beat.labels.txt"])
def test_out_may_be_a_file(here, name):
    result = run("Rock.flac", "--out", name)
    assert result.exit_code == 0, result.output
    assert names_in(here) == sorted(["Rock.flac", name])


def test_out_is_a_folder_where_there_is_one_of_that_name(here):
    (here / "beat.mid").mkdir()
    assert run("Rock.flac", "--out", "beat.mid").exit_code == 0
    assert (here / "beat.mid" / "Rock.mid").is_file()


@pytest.mark.parametrize("name", ["song.pdf", "out.wav", "new/x.txt", "take.M4A"])
@pytest.mark.parametrize("command", ["transcribe", "watch"])
def test_out_is_no_file_of_another_kind(here, name, command):
    (here / "songs").mkdir()
    told = error_of(run(command, "songs" if command == "watch" else "Rock.flac", "--out", name))
    assert "files with this ending cannot be written: give a folder, or a name that ends in .mid" in told
    assert names_in(here) == ["Rock.flac"] and not (here / name).exists()


@pytest.mark.parametrize("name", ["take.1", "2026.11.29", "mix v1.2"])
def test_a_folder_may_have_a_dot_in_its_name(here, name):
    assert run("Rock.flac", "--out", name).exit_code == 0
    assert (here / name / "Rock.mid").is_file()


@pytest.mark.parametrize("words", [[], ["-q"], ["--jobs", "1"]])
def test_out_may_be_standard_output(here, words):
    result = run("Rock.flac", "--out", "-", *words)
    assert result.exit_code == 0, result.output
    (here / "stdout.mid").write_bytes(result.stdout_bytes)
    assert len(read(here / "stdout.mid").hits) == 4
    assert names_in(here) == ["Rock.flac", "stdout.mid"]
    assert run("Rock.flac", "--out", "-", "-f", "csv").stdout.startswith("time,articulation")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Rock.flac", "more.wav", "-o", "beat.mid"], "the output is one file, and there are 2 recordings"),
        (["Rock.flac", "more.wav", "-o", "-"], "the output is one file, and there are 2 recordings"),
        (["Rock.flac", "-o", "beat.mid", "-f", "csv"], "beat.mid: is one file of format mid"),
        (["Rock.flac", "-o", "-", "-f", "csv", "-f", "mid"], "give --format once"),
        (["Rock.flac", "-o", "-", "--json"], "both print to standard output"),
    ],
)
def test_one_file_is_for_one_recording_and_one_format(here, words, said):
    write_audio(here / "more.wav", beat())
    assert said in error_of(run(*words))
    assert names_in(here) == ["Rock.flac", "more.wav"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no folder that even root cannot write to")
@pytest.mark.parametrize("words", [["listen", "-o", "/proc/x.wav"], ["plot", "-o", "/proc/x.png"]])
def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_heard(here, words, monkeypatch):
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", lambda *_: pytest.fail("it transcribes"))
    result = run(words[0], "Rock.flac", *words[1:])
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "/proc: the output folder cannot be written to" in result.stderr


def test_help_shows_options_in_sections_with_their_defaults():
    text = run("transcribe", "--help").output
    headings = [line for line in text.splitlines() if line and not line.startswith((" ", "Usage"))]
    assert headings == ["Output:", "Hearing:", "Rhythm:", "Quantisation:", "Many recordings:", "Other:"]
    words = " ".join(text.split())
    for default in ("this folder", "mid", "gm", "0.5", "detected", "as played", "100", "off", "the number of cores"):
        assert f"[default: {default}]" in words
    assert "(base, " in words and "drumscribe kits list" in words


def test_help_offers_a_file_for_output_only_if_the_command_takes_one():
    assert "DIR|FILE|-" in run("transcribe", "--help").output
    text = " ".join(run("watch", "--help").output.split())
    assert "--out DIR Output folder, made if missing. [default: this folder]" in text
    assert "standard output" not in text


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_help_fits_and_says_each_option(command):
    text = run(command, "--help").output
    assert all(len(line) <= 80 for line in text.splitlines())
    for param in main.get_command(click.Context(main), command).params:
        if param.param_type_name == "option":
            assert param.opts[0] in text and param.help


def test_every_command_has_a_line_that_is_whole():
    text = run("--help").output
    assert "..." not in text.partition("Commands:")[2]
    assert [line.split()[0] for line in text.partition("Commands:")[2].splitlines() if line] == COMMANDS


def complete(*words: str) -> list[str]:
    """What bash would be offered for the last word."""
    done = subprocess.run(
        [sys.executable, "-c", "from drumscribe.cli import main; main(prog_name='drumscribe')"],
        env={
            **os.environ,
            "_DRUMSCRIBE_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["drumscribe", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line.startswith("plain")]


def test_shells_complete_commands_models_and_kits(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "drumscribe" / "kits").mkdir(parents=True)
    (tmp_path / "drumscribe" / "kits" / "garage.kit").touch()
    assert complete("tr") == ["transcribe"]
    assert complete("transcribe", "--model", "ti") == ["tiny"]
    if sys.platform == "linux":
        assert complete("transcribe", "--kit", "ga") == ["garage"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_for_each_shell_is_printed_alone(shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    (line,) = result.output.splitlines()
    assert f"_DRUMSCRIBE_COMPLETE={shell}_source drumscribe" in line


def test_info_names_models_and_kits(tmp_path, monkeypatch):
    monkeypatch.setattr("drumscribe.kits.library.folder", lambda: tmp_path)
    assert "your kits: none yet" in run("info").output
    (tmp_path / "garage.kit").touch()
    output = run("info").output
    assert "your kits: garage" in output and "bundled models: base" in output


def test_a_kit_is_not_replaced_unasked(tmp_path, here):
    kit = here / "mine.kit"
    kit.write_text("precious")
    line = error_of(run("finetune", "--samples", here, "--name", kit))
    assert "mine.kit" in line and "--overwrite" in line
    assert kit.read_text() == "precious"
    replaced = run("finetune", "--samples", here / "none", "--name", kit, "--overwrite")
    assert "no such folder" in replaced.stderr, "it goes on to the samples"


@pytest.mark.parametrize("words", [[], ["transcribe"], ["grid"]])
@pytest.mark.parametrize("name", ["-take.wav", "--out.wav"])
def test_a_name_that_begins_with_a_dash_is_told_from_an_option(here, words, name):
    write_audio(here / name, beat())
    assert f"{name}: a name that begins with a dash: write ./{name}" in error_of(run(*words, name))
    assert "No such option" in error_of(run(*words, "--unknown"))
    if not words:
        (told,) = [line for line in run(f"./{name}").stderr.splitlines() if line.startswith("next: ")]
        assert shlex.split(told)[3] == f"./{name}", "what is suggested works"


def test_a_near_miss_is_of_the_same_kind_and_never_the_name_itself(here):
    (here / "Rock.mid").touch()
    assert "did you mean Rock.flac?" in run("Rok.flac").stderr
    (here / "gone.wav").symlink_to("nowhere.wav")
    assert "did you mean" not in run("gone.wav").stderr
