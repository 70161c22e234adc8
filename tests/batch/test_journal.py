"""A run does what is missing or has changed, and nothing else, whatever happened to those before it."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from conftest import beat, write_audio
from fakes import FakeTranscriber

from drumscribe.batch.fingerprints import fingerprint_of
from drumscribe.batch.jobs import Job, Outcome
from drumscribe.batch.journal import NAME, Journal
from drumscribe.batch.plan import plan
from drumscribe.batch.run import How, run
from drumscribe.files import written_whole
from drumscribe.formats.outputs import Delivery
from drumscribe.formats.written import Written
from drumscribe.runtime import this_machine


class Folder:
    """Recordings, and runs over them."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.out = folder / "out"
        self._folder = folder
        self._memory = folder / "written"
        for name in names:
            self.record(name)

    def record(self, name: str, seconds: float = 0.6) -> Path:
        return write_audio(self._folder / "in" / f"{name}.wav", beat(seconds))

    @property
    def jobs(self) -> Sequence[Job]:
        return plan([self._folder / "in"], self.out, ("json",)).jobs

    def journal(self, settings: str = "as before", force: bool = False, overwrite: bool = False) -> Journal:
        self.out.mkdir(exist_ok=True)
        return Journal(self.out, settings, force, Written(self._memory, overwrite))

    def run(self, how: How | None = None, **options) -> dict[str, str]:
        jobs = self.jobs
        journal = self.journal(**options)
        delivery = Delivery(written=Written(self._memory, options.get("overwrite", False)))
        report = run(jobs, FakeTranscriber, delivery, how, journal=journal)
        journal.close()
        return {outcome.job.source.stem: outcome.status for outcome in report.outcomes}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path, "a", "b")


def test_what_was_done_is_not_done_again(folder: Folder) -> None:
    assert folder.run() == {"a": "done", "b": "done"}
    folder.record("c")
    assert folder.run() == {"a": "skipped", "b": "skipped", "c": "done"}


def test_a_recording_that_is_replaced_is_done_again_even_by_an_older_one(folder: Folder) -> None:
    folder.run()
    path = folder.record("a", 3.0)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert folder.run() == {"a": "done", "b": "skipped"}


def test_a_recording_of_the_same_size_and_time_is_told_by_its_content(folder: Folder) -> None:
    folder.run()
    path = folder.jobs[0].source
    before, content = path.stat(), bytearray(path.read_bytes())
    content[2000] ^= 64
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert folder.run() == {"a": "done", "b": "skipped"}


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_an_output_that_is_missing_or_empty_is_made_again(folder: Folder, harm) -> None:
    folder.run()
    harm(folder.out / "a.json")
    assert folder.run() == {"a": "done", "b": "skipped"}
    assert json.loads((folder.out / "a.json").read_text())["hits"]


def test_an_output_that_somebody_edited_is_kept_unless_it_is_to_be_replaced(folder: Folder) -> None:
    folder.run()
    (folder.out / "a.json").write_text("my own")
    assert folder.run() == {"a": "skipped", "b": "skipped"}
    assert (folder.out / "a.json").read_text() == "my own"
    assert folder.run(overwrite=True) == {"a": "done", "b": "skipped"}
    assert (folder.out / "a.json").read_text() != "my own"


def test_other_options_and_force_do_all_again(folder: Folder) -> None:
    folder.run()
    assert folder.run(settings="another model") == {"a": "done", "b": "done"}
    assert folder.run(settings="another model", force=True) == {"a": "done", "b": "done"}
    assert folder.run(settings="another model") == {"a": "skipped", "b": "skipped"}


def test_one_that_failed_is_tried_again(folder: Folder) -> None:
    path = folder.record("c")
    whole = path.read_bytes()
    path.write_bytes(b"no sound")
    assert folder.run() == {"a": "done", "b": "done", "c": "failed"}
    path.write_bytes(whole)
    assert folder.run() == {"a": "skipped", "b": "skipped", "c": "done"}


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_a_failed_recording_whose_name_is_no_text_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = Folder(tmp_path, "z")
    (tmp_path / "in" / os.fsdecode(b"bad\xff.wav")).touch()
    assert folder.run() == {os.fsdecode(b"bad\xff"): "failed", "z": "done"}


def test_a_recording_that_changes_while_it_is_heard_is_done_again(folder: Folder) -> None:
    journal = folder.journal()
    job = folder.jobs[0]
    assert journal.take(job).verdict == "do"
    report = run([job], FakeTranscriber)
    folder.record("a", 2.0)
    journal.finish(report.outcomes[0])
    journal.close()
    assert folder.run() == {"a": "done", "b": "done"}


def test_two_runs_share_the_work(tmp_path: Path) -> None:
    folder = Folder(tmp_path, *(f"{i} slow" for i in range(8)))
    runs: list[dict[str, str]] = []
    both = [threading.Thread(target=lambda: runs.append(folder.run())) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    for name in runs[0]:
        assert sorted([runs[0][name], runs[1][name]]) == ["done", "skipped"], runs
    assert all("done" in one.values() for one in runs)


def test_what_a_living_run_has_claimed_is_left_to_it_and_what_a_dead_one_has_is_not(folder: Folder) -> None:
    job = folder.jobs[0]
    code = (
        "import sys; from pathlib import Path; from drumscribe.batch.journal import Journal; "
        "from drumscribe.batch.jobs import Job; from drumscribe.files import written_whole; "
        "job = Job(Path(sys.argv[1]), (Path(sys.argv[2]),)); journal = Journal(job.outputs[0].parent, 'as before')\n"
        "with written_whole(job.outputs[0]) as path: path.write_text('half'); "
        "print(journal.take(job).verdict, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(job.source), str(job.outputs[0])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "do\n"
        journal = folder.journal()
        assert journal.take(job).verdict == "busy"
        journal.close()
        assert len(list(folder.out.glob(".drumscribe-*.json"))) == 1
        other.kill()
        other.wait()
        other.stdin.close()
    assert folder.run() == {"a": "done", "b": "done"}
    assert list(folder.out.glob(".drumscribe-*.json")) == []


def test_a_temporary_file_that_is_being_written_is_left_alone(folder: Folder) -> None:
    with written_whole(folder.out / "x.json") as temporary:
        temporary.write_text("under way")
        folder.run()
        assert temporary.exists()


def test_a_damaged_journal_is_put_aside_and_said(folder: Folder) -> None:
    folder.run()
    (folder.out / NAME).write_bytes(b"not a database, but long enough to be one" * 100)
    journal = folder.journal()
    assert "damaged" in journal.notes[0]
    journal.close()
    assert folder.run() == {"a": "done", "b": "done"}


def test_a_disk_that_is_full_for_the_journal_ends_the_batch_and_is_said(tmp_path: Path, monkeypatch) -> None:
    class Full(sqlite3.Connection):
        def executescript(self, script):
            return super().executescript(f"{script}; pragma max_page_count = 1")  # as many as there are

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Full))
    folder = Folder(tmp_path, "a")
    journal = folder.journal(settings="x" * 100_000)
    report = run(folder.jobs, FakeTranscriber, journal=journal)
    journal.close()
    assert "disk is full" in report.ended
    assert [outcome.status for outcome in report.outcomes] == ["stopped"]


def test_the_folder_can_be_moved(folder: Folder, tmp_path: Path) -> None:
    folder.run()
    (tmp_path / "out").rename(tmp_path / "moved")
    folder.out = tmp_path / "moved"
    assert folder.run() == {"a": "skipped", "b": "skipped"}


def test_a_pipe_has_no_fingerprint_and_is_not_opened(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names")
    os.mkfifo(tmp_path / "x.wav")
    assert fingerprint_of(tmp_path / "x.wav") is None


def test_a_long_recording_is_told_by_pieces_from_its_first_byte_to_its_last(tmp_path: Path) -> None:
    path = tmp_path / "long.raw"
    path.write_bytes(bytes(3_000_000))
    prints = {fingerprint_of(path).sample}
    for at in (0, 1_400_000, 2_999_999):
        content = bytearray(3_000_000)
        content[at] = 1
        path.write_bytes(content)
        prints.add(fingerprint_of(path).sample)
    assert len(prints) >= 3


def test_a_claim_shows_life(folder: Folder, monkeypatch) -> None:
    monkeypatch.setattr("drumscribe.batch.journal._BEAT_S", 0.05)
    journal = folder.journal()
    journal.take(folder.jobs[0])
    with closing(sqlite3.connect(folder.out / NAME)) as database:
        beat_of = lambda: database.execute("select beat from claims").fetchone()[0]  # noqa: E731
        first = beat_of()
        deadline = time.monotonic() + 60
        while beat_of() == first:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    journal.close()


def test_what_a_worker_of_a_killed_run_left_behind_is_removed_though_the_next_run_is_killed_too(folder):
    job = folder.jobs[0]
    writer = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    first = folder.journal()
    assert first.take(job).verdict == "do"
    unfinished = job.outputs[0].with_name(f".drumscribe-{this_machine()}-{writer.pid}-{12 * '0'}.json")
    unfinished.touch()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with closing(sqlite3.connect(folder.out / NAME)) as database, database:
        database.execute("update claims set process = ?", (dead.pid,))
    second = folder.journal()
    assert unfinished.exists(), "its writer lives"
    assert second.take(job).verdict == "do"
    second.finish(Outcome(job, "failed", "some reason"))
    writer.kill()
    writer.wait()
    folder.journal().close()  # the second never closed
    assert not unfinished.exists()
