"""Recordings and outputs in a cloud: a server of S3 on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import beat, write_audio

from drumscribe.batch.plan import PlanError, plan
from drumscribe.batch.remote import address_of, is_remote

FAKES = Path(__file__).parents[1]

SERVER = """
import time
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()
print(server.get_host_and_port()[1], flush=True)
time.sleep(600)
"""
CLIENT = """
import sys
import s3fs
s3 = s3fs.S3FileSystem()
command, *names = sys.argv[1:]
if command == "fill":
    s3.mkdir("music")
    for name in names:
        s3.put_file(name, "music/songs/x/" + name.rsplit("/", 1)[1])
else:
    print("\\n".join(sorted(s3.find("music/midi"))))
"""


def test_addresses_are_told_from_paths() -> None:
    assert is_remote("s3://a/b.wav") and is_remote(Path("s3://a/b.wav")) and is_remote("https://x.org/b.wav")
    assert not is_remote("C:/a/b.wav") and not is_remote("a:b/c.wav") and not is_remote("/s3/a.wav")
    assert address_of(Path("s3://a/b.wav")) == "s3://a/b.wav"


def test_without_the_extra_it_is_one_line(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(PlanError, match=r"s3://a/b\.wav: addresses need fsspec.*drumscribe\[cloud\]"):
        plan(["s3://a/b.wav"], tmp_path)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a process that has a server of S3."""
    for package in ("s3fs", "moto.server", "flask"):
        pytest.importorskip(package)
    names = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**os.environ, **names, "PYTHONWARNINGS": "ignore", "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        port = next(int(line) for line in server.stdout if line.strip().isdigit())
        yield {**environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        server.kill()


def call(environment: dict[str, str], *command: str | Path) -> str:
    done = subprocess.run([sys.executable, *map(str, command)], env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout + done.stderr


def test_songs_in_a_bucket_become_midi_in_a_bucket(tmp_path: Path, cloud: dict[str, str]) -> None:
    good, bad = write_audio(tmp_path / "a.wav", beat(2.0)), tmp_path / "b.wav"
    bad.write_bytes(b"no sound")
    call(cloud, "-c", CLIENT, "fill", good, bad)
    run = ("-m", "drumscribe", "transcribe", "s3://music/songs", "--out", "s3://music/midi", "--jobs", "1")
    told = call(cloud, *run)
    assert "1 transcribed, 1 failed" in told
    assert "s3://music/songs/x/b.wav: not a readable audio file" in told
    assert call(cloud, "-c", CLIENT, "list").strip() == "music/midi/x/a.mid"
    assert "0 transcribed, 1 skipped, 1 failed" in call(cloud, *run)


def test_one_song_of_a_bucket_comes_here(tmp_path: Path, cloud: dict[str, str]) -> None:
    call(cloud, "-c", CLIENT, "fill", write_audio(tmp_path / "a.wav", beat(2.0)))
    call(cloud, "-m", "drumscribe", "transcribe", "s3://music/songs/x/a.wav", "--out", tmp_path / "a.mid")
    assert (tmp_path / "a.mid").stat().st_size > 50
