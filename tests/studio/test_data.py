"""The data folder of a studio that cannot be used: it is said in one line, at the start and later."""

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("uvicorn", reason="the studio needs uvicorn")
pytest.importorskip("httpx2", reason="these tests need httpx2")

from studios import opened

from drumscribe.cli import main
from drumscribe.studio.journal import Journal


def a_file(data: Path) -> None:
    data.write_text("x")


def a_folder_for_a_journal(data: Path) -> None:
    (data / "journal.sqlite").mkdir(parents=True)


def no_database(data: Path) -> None:
    overwrite(data, 0)


def a_damaged_page(data: Path) -> None:
    overwrite(data, 4096)


def overwrite(data: Path, start: int) -> None:
    """Damage a page of the journal."""
    journal = Journal(data / "journal.sqlite")
    journal.close()
    with open(data / "journal.sqlite", "r+b") as file:
        file.seek(start)
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize("harm", [a_file, a_folder_for_a_journal, no_database, a_damaged_page])
def test_data_that_cannot_be_used_is_said_before_the_studio_opens(tmp_path, monkeypatch, harm):
    monkeypatch.setattr("drumscribe.studio.serving.serve", lambda *_: None)
    harm(tmp_path / "data")
    found = CliRunner().invoke(main, ["studio", "--no-browser", "--port", "0", "--data", str(tmp_path / "data")])
    assert (found.exit_code, found.stdout) == (2, "")
    (line,) = found.stderr.splitlines()
    assert line.startswith(f"Error: {tmp_path / 'data'}")


def test_a_disk_that_is_full_is_said(tmp_path, monkeypatch, capsys):
    def full(*_, **__):
        raise sqlite3.OperationalError("database or disk is full")

    with opened(tmp_path / "data") as client:
        monkeypatch.setattr(Journal, "move", full)
        answer = client.post("/api/drafts/1/position", json={"revision": 0, "position": 0})
        assert answer.status_code == 507
        assert "disk is full" in answer.json()["error"]
    monkeypatch.setattr(Journal, "open_jobs", full)
    with opened(tmp_path / "data") as client:
        assert client.get("/api/state").status_code == 200
    assert capsys.readouterr().err.splitlines() == [f"{tmp_path / 'data'}: cannot be written: database or disk is full"]
