"""Batches: where outputs go, and what becomes of recordings when some of them, or their workers, fail."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import beat, write_audio
from fakes import BrokenTranscriber, FakeTranscriber

from drumscribe.batch.jobs import Job
from drumscribe.batch.plan import PlanError, plan
from drumscribe.batch.run import How, Observer, run

SHORT = beat(0.6)


def touch(folder: Path, *names: str) -> Path:
    """Make files of one byte: planning does not look inside."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def outputs(planned, out: Path) -> dict[str, str]:
    """Where each recording goes, by name: names relative to the output folder."""
    return {job.source.as_posix(): job.outputs[0].relative_to(out).as_posix() for job in planned.jobs}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


OUT = Path("midi")


def test_outputs_mirror_the_folder_given(here):
    touch(here / "songs", "a.wav", "x/b.FLAC", "x/y/c.Mp3", "x/y/d.v2.ogg", "notes.txt", "cover.jpg")
    assert outputs(plan(["songs"], OUT), OUT) == {
        "songs/a.wav": "a.mid",
        "songs/x/b.FLAC": "x/b.mid",
        "songs/x/y/c.Mp3": "x/y/c.mid",
        "songs/x/y/d.v2.ogg": "x/y/d.v2.mid",
    }
    assert outputs(plan(["songs/x/b.FLAC", "songs/a.wav"], OUT), OUT) == {
        "songs/x/b.FLAC": "b.mid",
        "songs/a.wav": "a.mid",
    }


def test_every_format_has_its_output(here):
    touch(here, "a.wav")
    assert plan(["a.wav"], OUT, ("mid", "csv")).jobs[0] == Job(Path("a.wav"), (OUT / "a.mid", OUT / "a.csv"))


def test_patterns_mirror_the_folder_before_the_wildcard(here):
    touch(here / "songs", "a.wav", "x/b.wav", "x/b.txt", "y/b.wav")
    assert outputs(plan(["songs/*.wav"], OUT), OUT) == {"songs/a.wav": "a.mid"}
    assert outputs(plan(["songs/**/b.*"], OUT), OUT) == {"songs/x/b.wav": "x/b.mid", "songs/y/b.wav": "y/b.mid"}
    assert set(outputs(plan(["songs/*"], OUT), OUT).values()) == {"a.mid", "x/b.mid", "y/b.mid"}


def test_a_name_that_looks_like_a_pattern_is_taken_as_it_is(here):
    touch(here, "take [1].wav", "take 1.wav")
    assert outputs(plan(["take [1].wav"], OUT), OUT) == {"take [1].wav": "take [1].mid"}


def test_hidden_files_and_folders_are_left_out(here):
    touch(here / "songs", "a.wav", "._a.wav", ".trash/b.wav")
    assert outputs(plan(["songs"], OUT), OUT) == {"songs/a.wav": "a.mid"}


def test_a_folder_named_like_a_recording_is_a_folder(here):
    touch(here / "songs" / "x.wav", "b.wav")
    assert outputs(plan(["songs"], OUT), OUT) == {"songs/x.wav/b.wav": "x.wav/b.mid"}
    assert outputs(plan(["songs/x.wav"], OUT), OUT) == {"songs/x.wav/b.wav": "b.mid"}


def test_recordings_that_cannot_be_decoded_are_planned_so_that_they_are_not_passed_over(here):
    touch(here / "songs", "a.m4a")
    assert outputs(plan(["songs"], OUT), OUT) == {"songs/a.m4a": "a.mid"}


@pytest.mark.parametrize("paths", [["songs", "songs/a.wav"], ["songs", "songs"], ["songs/a.wav", "./songs/../songs"]])
def test_a_file_named_twice_is_transcribed_once(here, paths):
    touch(here / "songs", "a.wav")
    assert len(plan(paths, OUT).jobs) == 1


def test_links_in_circles_end(here):
    touch(here / "songs", "a.wav")
    (here / "songs" / "again").symlink_to(here / "songs", target_is_directory=True)
    (here / "linked").mkdir()
    (here / "linked" / "songs").symlink_to(here / "songs", target_is_directory=True)
    assert outputs(plan(["linked"], OUT), OUT) == {"linked/songs/a.wav": "songs/a.mid"}


def test_outputs_that_clash_keep_the_extension_and_say_so(here):
    touch(here / "songs", "a.wav", "a.mp3", "b.wav")
    planned = plan(["songs"], OUT)
    assert outputs(planned, OUT) == {
        "songs/a.mp3": "a.mp3.mid",
        "songs/a.wav": "a.wav.mid",
        "songs/b.wav": "b.mid",
    }
    assert len(planned.notes) == 1
    assert "a.wav.mid" in planned.notes[0] and "a.mp3.mid" in planned.notes[0] and "b" not in planned.notes[0][-20:]


def test_names_that_differ_only_in_case_keep_the_extension(here):
    touch(here / "songs", "Take.wav", "take.mp3", "straße.wav", "STRASSE.ogg", "u\u0308.wav", "ü.ogg")
    assert set(outputs(plan(["songs"], OUT), OUT).values()) == {
        *("Take.wav.mid", "take.mp3.mid", "straße.wav.mid", "STRASSE.ogg.mid", "u\u0308.wav.mid", "ü.ogg.mid")
    }


def test_two_folders_clash_only_where_their_names_do(here):
    touch(here, "one/a.wav", "one/b.wav", "two/a.mp3", "two/c.wav")
    assert outputs(plan(["one", "two"], OUT), OUT) == {
        "one/a.wav": "a.wav.mid",
        "one/b.wav": "b.mid",
        "two/a.mp3": "a.mp3.mid",
        "two/c.wav": "c.mid",
    }


def test_a_name_that_clashes_with_a_kept_extension_keeps_its_own(here):
    touch(here / "songs", "a.wav", "a.mp3", "a.wav.flac")
    assert set(outputs(plan(["songs"], OUT), OUT).values()) == {"a.wav.mid", "a.mp3.mid", "a.wav.flac.mid"}


def test_outputs_that_clash_still_are_refused_before_work(here):
    touch(here, "one/a.wav", "two/a.wav")
    with pytest.raises(PlanError, match=r"one.a\.wav and two.a\.wav would both be written to a\.wav"):
        plan(["one", "two"], OUT)
    assert outputs(plan(["."], OUT), OUT) == {"one/a.wav": "one/a.mid", "two/a.wav": "two/a.mid"}


def test_what_is_missing_is_told_and_the_rest_goes_on(here):
    touch(here, "a.wav")
    (here / "empty").mkdir()
    planned = plan(["a.wav", "typo.wav", "*.flac", "empty"], OUT)
    assert outputs(planned, OUT) == {"a.wav": "a.mid"}
    assert planned.problems == ("typo.wav: no such file or folder", "*.flac: matches no recording")
    assert planned.notes == ("empty: no recordings in this folder",)


def test_a_folder_that_cannot_be_listed_is_told(here, monkeypatch):
    touch(here, "songs/a.wav", "songs/locked/b.wav")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    planned = plan(["songs"], OUT)
    assert outputs(planned, OUT) == {"songs/a.wav": "a.mid"}
    assert len(planned.problems) == 1 and "locked: this folder cannot be read: Permission denied" in planned.problems[0]


@pytest.mark.parametrize(
    ("path", "reason"), [("empty", "no recordings found in empty"), ("gone", "gone: no such file")]
)
def test_nothing_to_do_is_an_error_and_makes_no_folder(here, path, reason):
    (here / "empty").mkdir()
    with pytest.raises(PlanError, match=reason):
        plan([path], OUT)
    assert not OUT.exists()


def test_an_output_folder_is_made(here):
    touch(here, "a.wav")
    plan(["a.wav"], Path("new/deep"))
    assert list(Path("new/deep").iterdir()) == []


def test_an_output_folder_that_cannot_be_is_refused(here, monkeypatch):
    touch(here, "a.wav", "file")
    with pytest.raises(PlanError, match="file: the output folder cannot be made: a file has this name"):
        plan(["a.wav"], Path("file"))
    with pytest.raises(PlanError, match=r"below: the output folder cannot be written to"):
        plan(["a.wav"], Path("file/below"))

    def refuse(*args, **kwargs):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    with pytest.raises(PlanError, match="midi: the output folder cannot be written to: Read-only file system"):
        plan(["a.wav"], OUT)


def jobs_for(folder: Path, *names: str, formats=("json",)) -> Sequence[Job]:
    """Recordings with these names, and their jobs."""
    for name in names:
        write_audio(folder / f"{name}.wav", SHORT)
    return plan([folder], folder / "out", formats).jobs


class Recorder(Observer):
    """Keeps what it is told."""

    def __init__(self):
        self.events = []

    def started(self, job):
        self.events.append(("started", job.source.stem))

    def advanced(self, job, seconds):
        self.events.append(("advanced", job.source.stem))

    def finished(self, outcome):
        self.events.append((outcome.status, outcome.job.source.stem))


def status(report) -> dict[str, str]:
    return {outcome.job.source.stem: outcome.status for outcome in report.outcomes}


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("workers", [0, 2])
def test_one_bad_recording_does_not_stop_the_others(tmp_path, workers):
    jobs = jobs_for(tmp_path, "a", "b bug", "c memory", "d", "e warns")
    (tmp_path / "d.wav").write_bytes(b"not audio")
    report = run(jobs, FakeTranscriber, how=How(workers))
    assert status(report) == {"a": "done", "b bug": "failed", "c memory": "failed", "d": "failed", "e warns": "done"}
    assert left_in(tmp_path / "out") == {"a.json", "e warns.json"}
    good, bug, memory, text, odd = report.outcomes
    assert good.hits == {"kick": 1} and good.duration == pytest.approx(0.6) and good.seconds > 0
    assert "b bug.wav: unexpected ZeroDivisionError: a bug (fakes.py, line" in bug.error
    assert "c memory.wav: not enough memory" in memory.error
    assert "d.wav: not a readable audio file" in text.error
    assert odd.warnings == (f"{tmp_path / 'e warns.wav'}: something is odd",)
    assert all("\n" not in outcome.error for outcome in report.outcomes)


@pytest.mark.parametrize("workers", [0, 2])
def test_every_failure_and_warning_names_its_recording(tmp_path, workers):
    report = run(jobs_for(tmp_path, "free", "loud"), FakeTranscriber, how=How(workers))
    free, loud = report.outcomes
    assert free.error == f"{tmp_path / 'free.wav'}: the playing is in free time"
    assert loud.warnings == (f"{tmp_path / 'loud.wav'}: too loud",)


def test_a_worker_that_dies_fails_only_the_recording_it_held(tmp_path):
    jobs = jobs_for(tmp_path, "a", "b dies", "c exits", "d", "e", "f dies", "g")
    recorder = Recorder()
    report = run(jobs, FakeTranscriber, how=How(2), observer=recorder)
    assert {name for name, state in status(report).items() if state == "failed"} == {"b dies", "c exits", "f dies"}
    assert left_in(tmp_path / "out") == {"a.json", "d.json", "e.json", "g.json"}
    assert "b dies.wav: its process was killed" in report.outcomes[1].error
    assert "c exits.wav: its process ended unexpectedly (exit code 3)" in report.outcomes[2].error
    assert sum(kind == "started" for kind, _ in recorder.events) == 7


def test_progress_is_told_from_workers(tmp_path):
    recorder = Recorder()
    run(jobs_for(tmp_path, "a slow", "b slow"), FakeTranscriber, how=How(2), observer=recorder)
    for name in ("a slow", "b slow"):
        told = [kind for kind, of in recorder.events if of == name]
        assert told[0] == "started" and told[-1] == "done" and set(told[1:-1]) == {"advanced"}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_transcriber_that_cannot_be_made_fails_every_recording_with_the_reason(tmp_path, workers):
    report = run(jobs_for(tmp_path, "a", "b"), BrokenTranscriber, how=How(workers))
    assert status(report) == {"a": "failed", "b": "failed"}
    assert all("unexpected RuntimeError: no model" in outcome.error for outcome in report.outcomes)


def test_existing_outputs_are_kept_or_replaced_as_asked(tmp_path):
    jobs = jobs_for(tmp_path, "a", "b", formats=("json", "csv"))
    (tmp_path / "out" / "a.json").write_text("old")
    (tmp_path / "out" / "a.csv").write_text("old")
    (tmp_path / "out" / "b.json").write_text("old")
    report = run(jobs, FakeTranscriber, how=How(skip_existing=True))
    assert status(report) == {"a": "skipped", "b": "done"}
    assert (tmp_path / "out" / "a.json").read_text() == "old" != (tmp_path / "out" / "b.json").read_text()
    assert status(run(jobs, FakeTranscriber)) == {"a": "done", "b": "done"}
    assert (tmp_path / "out" / "a.json").read_text() != "old"


def test_an_output_that_cannot_be_written_fails_its_recording_and_leaves_nothing(tmp_path):
    jobs = jobs_for(tmp_path, "a", "b")
    (tmp_path / "out" / "a.json").mkdir()
    report = run(jobs, FakeTranscriber)
    assert status(report) == {"a": "failed", "b": "done"}
    assert "a.json: cannot be written: " in report.outcomes[0].error
    assert left_in(tmp_path / "out") == {"b.json"}


def test_ctrl_c_keeps_what_is_finished_and_tells_the_rest(tmp_path):
    report = run(jobs_for(tmp_path, "a", "b interrupt", "c"), FakeTranscriber)
    assert report.interrupted
    assert status(report) == {"a": "done", "b interrupt": "stopped", "c": "stopped"}
    assert left_in(tmp_path / "out") == {"a.json"}


def test_ctrl_c_stops_workers_amid_a_recording(tmp_path):
    class Impatient(Recorder):
        def advanced(self, job, seconds):
            raise KeyboardInterrupt

    write_audio(tmp_path / "a slow.wav", np.zeros(44100 * 60, np.float32))
    write_audio(tmp_path / "b slow.wav", np.zeros(44100 * 60, np.float32))
    report = run(plan([tmp_path], tmp_path / "out").jobs, FakeTranscriber, how=How(2), observer=Impatient())
    assert report.interrupted and set(status(report).values()) == {"stopped"}
    assert left_in(tmp_path / "out") == set()
