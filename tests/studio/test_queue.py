"""The queue of the studio: what comes late, of songs and jobs that are gone, harms nothing."""

import asyncio
import errno
import os
import re
import signal
import sqlite3
import threading
import time
from contextlib import closing
from multiprocessing.context import SpawnProcess
from threading import Timer

import pytest

pytest.importorskip("starlette", reason="the studio needs starlette")

from drumscribe.studio.app import Studio
from drumscribe.studio.crew import Advanced, Begun, Crew, Done, Failed, Task
from drumscribe.studio.journal import OPEN_STATES, Journal, now
from drumscribe.studio.rooms import Room
from drumscribe.studio.settings import Settings


def double(kind: str, needs: dict, send) -> int:
    """What the workers of these tests do; some are killed, or cannot be stopped."""
    if kind == "stays":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        send(Advanced(0.5))
        time.sleep(60)
    if kind == "dies":
        os.kill(os.getpid(), needs["number"])
        time.sleep(60)
    return 2 * needs.get("number", 0)


@pytest.fixture
def outcomes():
    """Runs tasks, each a kind and a number, in turn in a crew of one worker, and returns their results."""
    crews = []

    def of(*tasks: tuple[str, int], ready: bool = False, told=lambda event: None) -> list:
        crew, ended, results = Crew(double, workers=1, ready=ready), threading.Event(), []
        crews.append(crew)

        def note(event):
            if not isinstance(event, Begun):
                results.append(event)
                if len(results) == len(tasks):
                    ended.set()
            told(event)

        for kind, number in tasks:
            crew.submit(Task(kind, {"number": number}, note))
        crew.start()
        assert ended.wait(60), f"only {results} were done"
        return results

    yield of
    for crew in crews:
        crew.close()


def test_a_fault_of_who_is_told_does_not_stop_the_tasks_behind_it(outcomes, caplog):
    def fails(event):
        if isinstance(event, Done):
            raise ValueError("its song is gone")

    assert outcomes(("double", 1), ("double", 21), told=fails) == [Done(2), Done(42)]
    assert "its song is gone" in caplog.text


@pytest.mark.parametrize("ready", [False, True])
def test_a_process_that_cannot_be_started_costs_its_task_alone(outcomes, ready, monkeypatch):
    start, refusals = SpawnProcess.start, iter(range(1 + ready))  # a crew that is ready starts one in advance

    def refuses(process):
        if next(refusals, None) is not None:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        start(process)

    monkeypatch.setattr(SpawnProcess, "start", refuses)
    failed = Failed("no process could be started: Resource temporarily unavailable")
    assert outcomes(("double", 1), ("double", 21), ready=ready) == [failed, Done(42)]


def test_a_process_that_had_to_be_killed_takes_no_more_tasks(monkeypatch):
    """Not even while it is dying, for which a large one takes some time."""
    monkeypatch.setattr("drumscribe.studio.crew._GRACE_S", 0.2)
    kill_late = lambda process: Timer(2.0, os.kill, (process.pid, signal.SIGKILL)).start()  # noqa: E731
    monkeypatch.setattr(SpawnProcess, "kill", kill_late)
    crew, results, ended = Crew(double, workers=1, ready=False), [], threading.Event()

    def cancel(event):
        if isinstance(event, Advanced):
            stays.cancelled.set()

    def note(event):
        results.append(event)
        if not isinstance(event, Begun):
            ended.set()

    stays = Task("stays", {}, cancel)
    crew.submit(stays)
    crew.submit(Task("double", {"number": 21}, note))
    crew.start()
    try:
        assert ended.wait(60)
    finally:
        crew.close()
    assert results == [Begun(), Done(42)]


@pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="needs real-time signals")
@pytest.mark.parametrize("ahead, name", [(0, "SIGRTMIN"), (1, r"signal \d+")])
def test_a_signal_without_a_name_does_not_stop_the_tasks_behind_it(outcomes, ahead, name):
    killed, done = outcomes(("dies", signal.SIGRTMIN + ahead), ("double", 21))
    assert killed.died
    assert re.fullmatch(rf"its process was killed \({name}\)", killed.message)
    assert done == Done(42)


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


def add_song(journal: Journal) -> int:
    return journal.add("songs", name="a.wav", path="a.wav", uploaded=1, added=now())["id"]


def test_numbers_of_removed_songs_and_jobs_are_not_given_again(journal):
    song = add_song(journal)
    job = journal.add("jobs", kind="hear", song=song, options={}, state="running", made=now())["id"]
    journal.remove("songs", song)
    again = add_song(journal)
    assert again != song
    assert journal.add("jobs", kind="hear", song=again, options={}, state="waiting", made=now())["id"] != job


def test_a_job_whose_draft_has_lost_its_file_fails_now_and_at_the_next_start(tmp_path):
    crews = {"sound": Crew(double, workers=1, ready=False)}
    room = Room(Settings(tmp_path), tmp_path, crews, lambda event: None)
    song = add_song(room.journal)
    draft = room.journal.add("drafts", song=song, key="k", label="base", facts={}, made=now())["id"]
    row = {"kind": "teach", "song": song, "options": {"name": "mine", "draft": draft}}
    waiting = room.journal.add("jobs", **row, state="waiting", made=now())["id"]
    room.open()
    added = room.jobs.add(**row)["id"]
    assert added != waiting
    for job in (waiting, added):
        found = room.journal.get("jobs", job)
        assert found["state"] == "failed"
        assert "transcribe the song again" in found["message"]


def test_a_studio_whose_folder_cannot_be_listed_is_closed_all_the_same(tmp_path, monkeypatch):
    closed = []
    monkeypatch.setattr(Room, "open", lambda room: 1 / 0)
    monkeypatch.setattr(Crew, "start", lambda crew: None)
    monkeypatch.setattr(Crew, "close", lambda crew: closed.append(crew))
    monkeypatch.setattr(Journal, "close", lambda journal: closed.append(journal))
    studio = Studio(Settings(tmp_path))

    async def live():
        async with studio.running(None):
            pass

    with pytest.raises(ZeroDivisionError):
        asyncio.run(live())
    assert closed == [*studio.crews.values(), studio.rooms["studio"].journal]


def test_jobs_are_listed_without_reading_all_that_have_ended(journal):
    states = ("done", "running", "done", "waiting", "failed", "cancelled", "waiting")
    jobs = [
        journal.add("jobs", kind="hear", options={}, state=s, made=now(), ended=now() if s not in OPEN_STATES else None)
        for s in states
    ]
    first, running, second, waiting, failed, cancelled, last = (job["id"] for job in jobs)
    journal._database.execute("update jobs set result = 'no JSON' where id = ?", (first,))  # noqa: SLF001
    assert [job["id"] for job in journal.open_jobs()] == [running, waiting, last]
    assert [job["id"] for job in journal.recent_jobs(2)] == [running, waiting, failed, cancelled, last]
    assert [job["id"] for job in journal.recent_jobs(3)] == [running, second, waiting, failed, cancelled, last]


def test_a_journal_of_an_older_version_is_opened(tmp_path):
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database:
        old = "id integer primary key, name text, path text, uploaded integer, sha text, added real"
        database.execute(f"create table songs ({old})")
        database.execute("insert into songs values (1, 'a.wav', 'a.wav', 0, 'f00d', 0.0)")
        database.commit()
    for _ in range(2):
        with closing(Journal(tmp_path / "journal.sqlite")) as journal:
            assert journal.get("songs", 1)["stamp"] is None


def test_a_file_that_changed_while_it_was_heard_is_not_known_by_its_old_content(tmp_path):
    room = Room(Settings(tmp_path), tmp_path, {"sound": Crew(double, workers=1, ready=False)}, lambda event: None)
    song = add_song(room.journal)
    job = room.jobs.add("hear", song, {})
    room.journal.change("songs", song, stamp="new")
    room.jobs._heard_of(job["id"], Done({"sha": "0", "stamp": "old", "key": "k"}))  # noqa: SLF001
    assert room.journal.get("jobs", job["id"])["state"] == "done"
    assert room.journal.get("songs", song)["sha"] is None


def test_a_draft_of_a_song_that_is_gone_is_refused(journal):
    song = add_song(journal)
    journal.remove("songs", song)
    with pytest.raises(KeyError):
        journal.add("drafts", song=song, key="k", label="base", facts={}, made=now())


def test_a_song_that_is_removed_while_its_draft_is_kept_leaves_nothing_behind(tmp_path, monkeypatch):
    told: list[dict] = []
    room = Room(Settings(tmp_path), tmp_path, {"sound": Crew(double, workers=1, ready=False)}, told.append)
    song = add_song(room.journal)
    job = room.jobs.add("hear", song, {})
    change = room.journal.change

    def removed_after(table, id, **values):
        row = change(table, id, **values)
        if table == "songs":
            room.remove_song(song)
        return row

    monkeypatch.setattr(room.journal, "change", removed_after)
    room.jobs._heard_of(job["id"], Done({"sha": "0", "stamp": None, "key": "k"}))  # noqa: SLF001
    assert room.journal.find("songs") == room.journal.find("drafts") == room.journal.find("jobs") == []
    assert told[-1] == {"about": "removed", "song": song}
