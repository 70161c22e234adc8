"""Studios for tests: the server in this process, and what to ask it with."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from drumscribe.studio.app import make_app
from drumscribe.studio.settings import Settings

HERE = "http://127.0.0.1:8765"


@contextmanager
def opened(data: Path, folder: Path | None = None, **headers: str) -> Iterator[TestClient]:
    """A studio with one worker that is open, and a client on this machine."""
    settings = Settings(data, folder, workers=1)
    with TestClient(make_app(settings), base_url=HERE, headers=headers) as client:
        yield client


ENDED = ("done", "failed", "cancelled")


def wait_for(client: TestClient, job: int, states: tuple[str, ...] = ENDED, minutes: int = 5) -> dict:
    """A job once it is in one of the states; five minutes are enough for a busy machine, but to train."""
    for _ in range(600 * minutes):
        found = {row["id"]: row for row in client.get("/api/state").json()["jobs"]}[job]
        if found["state"] in states:
            return found
        time.sleep(0.1)
    raise AssertionError(f"job {job} is still {found['state']}")


def upload(client: TestClient, path: Path, name: str | None = None) -> dict:
    """Send a recording; the song and its job."""
    answer = client.post("/api/songs", content=path.read_bytes(), headers={"x-name": name or path.name})
    assert answer.status_code == 200, answer.text
    return answer.json()
