"""A batch on a cluster: a real scheduler and its workers on this machine, one of which is killed midway."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import beat, write_audio

from drumscribe.batch import cluster

needed = pytest.mark.skipif(os.name == "nt" or find_spec("distributed") is None, reason="needs signals and Dask")

PATIENCE_S = 120.0

SCRIPT = """
import json, sys
from pathlib import Path
from fakes import FakeTranscriber
from drumscribe.batch.cluster import Cluster
from drumscribe.batch.journal import Journal
from drumscribe.batch.patience import Patience
from drumscribe.batch.plan import plan
from drumscribe.batch.run import How, Observer, run

class Told(Observer):
    def finished(self, outcome):
        print("finished", file=sys.stderr, flush=True)

if __name__ == "__main__":
    folder, address = Path(sys.argv[1]), sys.argv[2]
    jobs = plan([folder / "in"], folder / "out", ("json",)).jobs
    journal, cluster = Journal(folder / "out", ""), Cluster(address)
    how = How(patience=Patience(60.0))
    report = run(jobs, FakeTranscriber, None, how, Told(), journal, cluster)
    print(json.dumps({o.job.source.stem: [o.status, o.error] for o in report.outcomes} | {"ended": report.ended}))
    cluster.close()
    journal.close()
"""


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONWARNINGS": "ignore"}


def recordings(folder: Path, *names: str) -> None:
    for name in names:
        write_audio(folder / "in" / f"{name}.wav", beat(0.6))


def start_run(folder: Path, address: str, environment: dict[str, str]) -> subprocess.Popen:
    script = folder / "script.py"
    script.write_text(SCRIPT)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, str(script), str(folder), address], env=environment, **pipes)


@needed
def test_a_cluster_does_what_one_machine_does(tmp_path: Path, environment: dict[str, str]) -> None:
    recordings(tmp_path, "a", "b", "c dies", "d bug")
    for again in ("done", "skipped"):
        with start_run(tmp_path, "local:2", environment) as process:
            out, told = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, told
        found = json.loads(out)
        assert [found[name][0] for name in ("a", "b", "c dies", "d bug")] == [again, again, "failed", "failed"]
        assert "its process was killed (SIGKILL" in found["c dies"][1]


@needed
def test_a_lost_worker_loses_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    recordings(tmp_path, *(f"{i} slow" for i in range(12)))
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-c", "import sys; from dask.__main__ import main; sys.argv[0] = 'dask'; main()"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "cwd": tmp_path}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)],
        **quiet,
    )
    started = [scheduler]
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (file.exists() and file.read_text()):
            assert time.monotonic() < deadline and scheduler.poll() is None
            time.sleep(0.1)
        worker = [*dask, "worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        workers = [subprocess.Popen(worker, **quiet) for _ in range(2)]
        started += workers
        address = json.loads(file.read_text())["address"]
        with start_run(tmp_path, address, environment) as process:
            for _ in range(3):
                assert "finished" in process.stderr.readline()
            workers[0].send_signal(signal.SIGKILL)
            out, told = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, told
        found = json.loads(out)
        assert found.pop("ended") == ""
        assert {status for status, _ in found.values()} == {"done"} and len(found) == 12
        assert len(list((tmp_path / "out").glob("*.json"))) == 12
    finally:
        for one in started:
            one.kill()
            one.wait()


def test_without_the_extra_it_is_one_line(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(cluster.ClusterError, match=r"needs dask\.distributed: pip install"):
        cluster.Cluster("local:1")


@needed
def test_no_scheduler_is_one_line(monkeypatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_S", 1)
    with pytest.raises(cluster.ClusterError, match="there is no scheduler"):
        cluster.Cluster("tcp://127.0.0.1:9")


@pytest.mark.parametrize("address", ["local:0", "local:", "local:-1", "local:many"])
def test_a_cluster_that_nobody_works_in_is_refused(address: str) -> None:
    with pytest.raises(cluster.ClusterError, match="give a number of workers, 1 or more, as local:4"):
        cluster.Cluster(address)
