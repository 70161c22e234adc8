"""Recordings that come to a folder are transcribed when they are complete: each once, whatever happens in between."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import beat, write_audio
from fakes import FakeTranscriber

from drumscribe.batch.jobs import Report
from drumscribe.batch.journal import Journal
from drumscribe.batch.run import Observer
from drumscribe.batch.watching import Watch, WatchOptions
from drumscribe.cli import main
from drumscribe.formats.outputs import Delivery

PATIENCE = 120.0


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    folder = tmp_path / "stems"
    folder.mkdir()
    return folder


def make_watch(stems: Path, **options) -> Watch:
    out = stems.parent / "midi"
    out.mkdir(exist_ok=True)
    how = WatchOptions(**{"interval": 0.01, "settle": 0.2, **options})
    return Watch([stems], out, ["mid"], how, Journal(out, "settings"))


def transcribe_all(watch: Watch, out: Path, count: int) -> list[Report]:
    """Run until so many outputs are there."""
    deadline = time.monotonic() + PATIENCE

    def stopped() -> bool:
        return len(list(out.rglob("*.mid"))) >= count or time.monotonic() > deadline

    return list(watch.run(FakeTranscriber, Delivery(), lambda jobs: Observer(), stopped))


def done_in(reports: list[Report]) -> list[str]:
    return sorted(o.job.source.name for report in reports for o in report.outcomes if o.status == "done")


def short(path: Path, seconds: float = 0.3) -> Path:
    """A recording that is there as a whole at once: a busy machine may pause a writer for longer than `settle`."""
    return write_audio(path.with_name(f".{path.name}"), beat(seconds)).replace(path)


def test_a_recording_is_ready_once_it_has_not_changed_for_a_while(stems: Path) -> None:
    watch = make_watch(stems, settle=2.0)
    assert watch.ready(0.0) == []
    path = short(stems / "a.wav")
    assert watch.ready(10.0) == []
    assert watch.ready(11.9) == []
    with path.open("ab") as file:
        file.write(b"more")
    assert watch.ready(12.1) == []
    assert watch.ready(13.9) == []
    assert [job.source for job in watch.ready(14.2)] == [path]
    assert watch.ready(20.0) == []


def test_an_empty_file_is_still_to_be_written(stems: Path) -> None:
    watch = make_watch(stems, settle=1.0)
    (stems / "a.wav").touch()
    assert watch.ready(0.0) == watch.ready(5.0) == []


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root opens anything")
def test_a_file_that_cannot_be_opened_is_waited_for(stems: Path) -> None:
    watch = make_watch(stems, settle=1.0)
    path = short(stems / "a.wav")
    path.chmod(0)
    assert watch.ready(0.0) == watch.ready(5.0) == []
    path.chmod(0o644)
    watch.ready(6.0)
    assert [job.source for job in watch.ready(8.0)] == [path]


def test_fifty_that_arrive_at_once_are_all_done_once(stems: Path) -> None:
    names = [f"stem {i:02}.wav" for i in range(50)]
    arriving = threading.Thread(target=lambda: [short(stems / "bounce" / name) for name in names])
    arriving.start()
    reports = transcribe_all(make_watch(stems), stems.parent / "midi", 50)
    arriving.join()
    assert done_in(reports) == names
    assert len(list((stems.parent / "midi" / "bounce").glob("*.mid"))) == 50


def test_a_file_that_is_written_slowly_is_read_when_it_is_whole(stems: Path, tmp_path: Path) -> None:
    data = short(tmp_path / "whole.wav", 2.0).read_bytes()
    watch, now = make_watch(stems, settle=2.0), 0.0
    with (stems / "a.wav").open("wb") as file:
        for start in range(0, len(data), len(data) // 8 + 1):
            file.write(data[start : start + len(data) // 8 + 1])
            file.flush()
            assert watch.ready(now) == []
            now += 1.9
    assert watch.ready(now) == []
    assert [job.source for job in watch.ready(now + 0.2)] == [stems / "a.wav"]


def test_a_restart_repeats_and_loses_nothing(stems: Path) -> None:
    out = stems.parent / "midi"
    for i in range(3):
        short(stems / f"{i}.wav")
    assert len(done_in(transcribe_all(make_watch(stems), out, 3))) == 3
    short(stems / "3.wav")  # came while nobody was watching
    (out / "1.mid").unlink()  # was not finished
    assert done_in(transcribe_all(make_watch(stems), out, 4)) == ["1.wav", "3.wav"]


def test_what_is_bounced_anew_is_transcribed_anew(stems: Path) -> None:
    out = stems.parent / "midi"
    watch = make_watch(stems)
    path = short(stems / "a.wav")
    transcribe_all(watch, out, 1)
    before = (out / "a.mid").read_bytes()
    short(path, 3.0)
    later = time.time() + 5.0
    os.utime(path, (later, later))
    deadline = time.monotonic() + PATIENCE
    changed = watch.run(
        FakeTranscriber,
        Delivery(),
        lambda jobs: Observer(),
        lambda: (out / "a.mid").read_bytes() != before or time.monotonic() > deadline,
    )
    assert done_in(list(changed)) == ["a.wav"]


def test_one_that_fails_is_tried_again_when_it_has_changed(stems: Path) -> None:
    watch = make_watch(stems, settle=1.0)
    path = stems / "a.wav"
    path.write_bytes(b"RIFF, but no more")
    watch.ready(0.0)
    assert len(watch.ready(2.0)) == 1
    assert watch.ready(4.0) == []
    short(path)
    watch.ready(5.0)
    assert len(watch.ready(7.0)) == 1


def test_a_recording_that_ends_early_fails_if_watching_is_strict(stems: Path) -> None:
    path = short(stems / "cut.wav", 1.0)
    path.write_bytes(path.read_bytes()[:40000])
    short(stems / "whole.wav")
    (report,) = transcribe_all(make_watch(stems, strict=True), stems.parent / "midi", 1)
    told = {outcome.job.source.name: outcome for outcome in report.outcomes}
    assert (told["whole.wav"].status, told["cut.wav"].status) == ("done", "failed")
    assert "breaks off after 0.5 s" in told["cut.wav"].error
    (report,) = transcribe_all(make_watch(stems), stems.parent / "midi", 2)
    assert [outcome.status for outcome in report.outcomes] == ["done"]


def test_what_was_done_in_part_is_done_anew_once_watching_is_strict(stems: Path, monkeypatch) -> None:
    known = []

    def open_journal(out: Path, settings: str, **options) -> Journal:
        known.append(settings)
        return Journal(out, settings, **options)

    monkeypatch.setattr("drumscribe.batch.journal.Journal", open_journal)
    monkeypatch.setattr(Watch, "run", lambda *_: iter(()))
    for options in ([], [], ["--strict"]):
        done = CliRunner().invoke(main, ["watch", str(stems), "--out", str(stems.parent / "midi"), *options])
        assert done.exit_code == 0, done.output
    assert known[0] == known[1] != known[2]


def test_files_come_and_go(stems: Path) -> None:
    watch = make_watch(stems, settle=1.0)
    path = short(stems / "a.wav")
    watch.ready(0.0)
    path.unlink()
    assert watch.ready(2.0) == []


def _command(stems: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "drumscribe", "watch", str(stems), "--out", str(stems.parent / "midi"), *options]


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_command_goes_on_where_it_was_ended(stems: Path, how: signal.Signals) -> None:
    out = stems.parent / "midi"
    # SIGINT works as at a terminal, even where whatever runs the tests ignores it
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    start = partial(subprocess.Popen, stderr=subprocess.PIPE, **heeding)
    options = ("--settle", "0.2", "--jobs", "1", "--format", "csv", "--sensitivity", "0.6")
    short(stems / "a.wav")
    with start(_command(stems, *options)) as first:
        _wait_for(out / "a.csv")
        first.send_signal(how)
        told = first.stderr.read()
    if how == signal.SIGINT:
        assert first.returncode == 0
        assert b"Traceback" not in told
    written = (out / "a.csv").stat().st_mtime_ns
    short(stems / "b.wav")
    with start(_command(stems, *options)) as second:
        _wait_for(out / "b.csv")
        second.send_signal(signal.SIGINT)
        second.stderr.read()
    assert (out / "a.csv").stat().st_mtime_ns == written


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not come"
        time.sleep(0.05)


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(_command(tmp_path / "none"), capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 2
    assert "no such folder to watch" in done.stderr
    assert "Traceback" not in done.stderr
