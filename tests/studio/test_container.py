"""The container of the manual: Docker can read its file, and what it starts is a studio that asks for a token."""

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the studio needs starlette")

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "studio.md").read_text(encoding="utf-8")
(DOCKERFILE,) = re.findall(r"^```dockerfile\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
LINES = [line.split(" ", 1) for line in DOCKERFILE.splitlines()]


def test_it_installs_an_extra_that_there_is_and_runs_as_nobody_special():
    assert [kind for kind, _ in LINES] == ["FROM", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "CMD"]
    assert dict(LINES)["COPY"] == ". /src"
    steps = [shlex.split(step) for step in dict(LINES)["RUN"].split(" && ")]
    assert steps[0] == ["pip", "install", "--no-cache-dir", "/src[studio]"]
    assert "\nstudio = [" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert steps[1][-1] == dict(LINES)["USER"] == "studio"
    assert dict(LINES)["VOLUME"] == steps[2][-1] == "/data"


@pytest.mark.skipif(os.name == "nt", reason="the container's shell is that of Linux")
@pytest.mark.parametrize("token, starts", [("ann:long-enough-for-ann", True), ("", False)])
def test_what_it_starts_lets_in_who_knows_the_token_alone(tmp_path, token, starts):
    shell, option, command = json.loads(dict(LINES)["CMD"])
    command = command.replace("/data", str(tmp_path / "data"))
    assert command.count(" --") >= 5
    environment = {**os.environ, "TOKEN": token, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = f"{command} --port 0"  # any that is free
    with subprocess.Popen(
        [shell, option, command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            said = process.stdout.readline()
            if not starts:
                assert said == ""
                assert "--token" in process.stderr.read()
                assert process.wait(60)
                return
            port = re.search(r":(\d+)/", said)[1]
            address = f"http://127.0.0.1:{port}/"
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(f"{address}api/state")
            request = urllib.request.Request(f"{address}api/state", headers={"Authorization": f"Bearer {token[4:]}"})
            with pytest.raises(urllib.error.HTTPError, match="401"):
                wrong = {"Authorization": "Bearer wrong-and-long-enough"}
                urllib.request.urlopen(urllib.request.Request(f"{address}api/state", headers=wrong))
            assert b'"hosted":true' in urllib.request.urlopen(request).read()
            assert (tmp_path / "data" / "users" / "ann" / "journal.sqlite").exists()
        finally:
            process.terminate()
            process.wait(30)
