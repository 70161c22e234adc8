"""Recordings that hang, or kill their process, cost themselves alone; a full disk ends the batch."""

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import beat, write_audio
from fakes import FakeTranscriber

from drumscribe.batch.jobs import Report
from drumscribe.batch.patience import Patience
from drumscribe.batch.plan import plan
from drumscribe.batch.run import How, run
from drumscribe.files import written_whole
from drumscribe.formats.outputs import Delivery

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")


def report_of(folder: Path, *names: str, how: How | None = None, make=FakeTranscriber, delivery=None) -> Report:
    for name in names:
        write_audio(folder / f"{name}.wav", beat(0.6))
    return run(plan([folder], folder / "out", ("json",)).jobs, make, delivery, how)


def status(report: Report) -> dict[str, str]:
    return {outcome.job.source.stem: outcome.status for outcome in report.outcomes}


@dataclass(frozen=True)
class LostOnce(Patience):
    """Is lost with the recording that hangs, however long that took on a busy machine."""

    sign: Path = Path()

    def is_over(self, began: float, reached: float) -> bool:
        hanging = self.sign.exists() and super().is_over(began, reached)
        if hanging:
            self.sign.unlink()
        return hanging


def test_one_that_hangs_is_given_up(tmp_path: Path) -> None:
    patience = LostOnce(1.0, tmp_path / "b hangs.hanging")
    report = report_of(tmp_path, "a", "b hangs", "c", how=How(1, patience=patience))
    assert status(report) == {"a": "done", "b hangs": "failed", "c": "done"}
    assert "b hangs.wav: took longer than 1 s, and was given up (--timeout" in report.outcomes[1].error


def test_the_limit_grows_with_what_is_done() -> None:
    began = time.monotonic() - 700
    assert Patience().is_over(began, reached=0.0)
    assert not Patience().is_over(began, reached=60.0)
    assert Patience(10.0).is_over(began, reached=1e6)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_pipe_named_like_a_recording_is_not_opened(tmp_path: Path, workers: int) -> None:
    os.mkfifo(tmp_path / "x.wav")
    report = report_of(tmp_path, "a", how=How(workers))
    assert status(report) == {"a": "done", "x": "failed"}
    assert "x.wav: this is a pipe or a device, not a recording" in report.outcomes[1].error


def test_one_whose_process_is_killed_once_is_done_in_another(tmp_path: Path) -> None:
    report = report_of(tmp_path, "a once", "b", how=How(1))
    assert status(report) == {"a once": "done", "b": "done"}


@pytest.mark.parametrize(
    ("name", "cause"),
    [("by SIGTERM", "its process was killed (SIGTERM)"), ("by 40", "its process was killed (signal 40)")],
)
def test_whatever_signal_kills_a_process_is_told(tmp_path: Path, name: str, cause: str) -> None:
    if "40" in name and not hasattr(signal, "SIGRTMIN"):
        pytest.skip("no real-time signals")
    report = report_of(tmp_path, "a", name, how=How(1))
    assert status(report) == {"a": "done", name: "failed"}
    assert cause in report.outcomes[1].error


class FullDisk(Delivery):
    """Nothing can be written any more."""

    def deliver(self, transcription, outputs, recording=None):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_full_disk_ends_the_batch(tmp_path: Path, workers: int) -> None:
    report = report_of(tmp_path, *"abcdef", how=How(workers), delivery=FullDisk())
    assert "the disk is full" in report.ended
    assert list(status(report).values()).count("stopped") >= 4


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
class KilledWriting(Delivery):
    """The process is killed while it writes the first time."""

    def deliver(self, transcription, outputs, recording=None):
        sign = outputs[0].with_suffix(".tried")
        if not sign.exists():
            sign.touch()
            with written_whole(outputs[0]) as temporary:
                temporary.write_text("half")
                os.kill(os.getpid(), signal.SIGKILL)
        return super().deliver(transcription, outputs, recording)


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    report = report_of(tmp_path, "a", how=How(1), delivery=KilledWriting())
    assert status(report) == {"a": "done"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "a.tried"]


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    for name in ("a hangs", "b hangs"):
        write_audio(tmp_path / f"{name}.wav", beat(0.6))
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path; from fakes import FakeTranscriber\n"
        "from drumscribe.batch.plan import plan; from drumscribe.batch.run import How, Observer, run\n"
        "class Told(Observer):\n    def started(self, job): print(flush=True)\n"
        "if __name__ == '__main__':\n    folder = Path(sys.argv[1])\n"
        "    run(plan([folder], folder / 'out').jobs, FakeTranscriber, how=How(2), observer=Told())\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    command = [sys.executable, str(script), str(tmp_path), str(Path(__file__).parents[1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as parent:
        parent.stdout.readline()
        parent.stdout.readline()
        workers = _children(parent.pid)
        assert len(workers) >= 2
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 60
        while any(Path(f"/proc/{pid}/stat").exists() for pid in workers):
            assert time.monotonic() < deadline, "workers outlive their parent"
            time.sleep(0.1)


def _children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=True)
    return [int(pid) for pid in listed.stdout.split()]


def test_a_plan_of_many_is_read_as_it_is_needed(tmp_path: Path) -> None:
    count = 20_000
    planned = plan([], tmp_path / "out", listed=(f"in/{i % 97}/{i}.wav" for i in range(count)))
    assert len(planned.jobs) == count
    assert planned.jobs[count - 1].outputs == (tmp_path / "out" / "in" / str((count - 1) % 97) / f"{count - 1}.mid",)
    assert sum(1 for _ in planned.jobs) == count
