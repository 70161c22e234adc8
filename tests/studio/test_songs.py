"""Recordings in, drafts out; and what a restart, a crash or a hostile file does to them."""

import io
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from conftest import RATE, beat, write_audio

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("httpx2", reason="these tests need httpx2")

from studios import opened, upload, wait_for

from drumscribe import TranscribeOptions, transcribe
from drumscribe.formats.midi import read_transcription
from drumscribe.sound.audio import load

SONGS = Path(__file__).parents[2] / "examples" / "songs"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("studio")) as client:
        yield client


def draft_of(client, sent: dict) -> dict:
    """The draft that an upload became."""
    job = wait_for(client, sent["job"]["id"])
    assert job["state"] == "done", job["message"]
    return client.get(f"/api/drafts/{job['result']['draft']}").json()


def fresh_draft(client, take) -> int:
    """A draft without edits: the song is removed first, if it is there."""
    song = upload(client, take)["song"]["id"]
    client.delete(f"/api/songs/{song}")
    return draft_of(client, upload(client, take))["id"]


def edit(client, draft: int, revision: int, **what):
    content = {"label": "by hand", "removed": [], "added": [], "set": {}, **what}
    return client.post(f"/api/drafts/{draft}/edits", json={"revision": revision, "edit": content})


def move(client, draft: int, revision: int, position: int):
    return client.post(f"/api/drafts/{draft}/position", json={"revision": revision, "position": position})


def exported(client, draft: int, tmp_path):
    """The draft as it is read back from its MIDI."""
    answer = client.get(f"/api/drafts/{draft}/export/mid")
    assert answer.status_code == 200, answer.text
    (tmp_path / "out.mid").write_bytes(answer.content)
    return read_transcription(tmp_path / "out.mid")


def test_a_recording_becomes_what_transcribe_hears(client, take):
    draft = draft_of(client, upload(client, take))
    expected = transcribe(take)
    picked = [row for row in draft["rows"] if row[4] >= draft["thresholds"][instrument_of(row[2])] - 1e-6]
    assert [row[1] for row in picked] == [pytest.approx(hit.time, abs=1e-5) for hit in expected.hits]
    assert [row[2:4] for row in picked] == [[hit.articulation, hit.velocity] for hit in expected.hits]


def instrument_of(articulation: str) -> str:
    from drumscribe.music.drums import ARTICULATION_BY_NAME

    return ARTICULATION_BY_NAME[articulation].instrument


@pytest.mark.parametrize("sensitivity", [0.2, 0.8])
def test_candidates_picked_at_a_sensitivity_are_what_is_heard_at_it(client, tmp_path, sensitivity):
    noisy = beat(6.0) * 0.2 + 0.02 * np.random.default_rng(3).standard_normal(6 * RATE).astype(np.float32)
    song = write_audio(tmp_path / "noisy.wav", noisy)
    draft = draft_of(client, upload(client, song))
    expected = transcribe(song, options=TranscribeOptions(sensitivity)).hits
    odds = {name: np.log(t / (1 - t)) + 8 * (0.5 - sensitivity) for name, t in draft["thresholds"].items()}
    needed = {name: 1 / (1 + np.exp(-value)) for name, value in odds.items()}
    picked = [row for row in draft["rows"] if row[4] >= needed[instrument_of(row[2])] - 1e-6]
    found, wanted = (
        sorted(hits) for hits in ([row[1:3] for row in picked], [[h.time, h.articulation] for h in expected])
    )
    assert [time for time, _ in found] == pytest.approx([time for time, _ in wanted], abs=1e-5)
    assert [name for _, name in found] == [name for _, name in wanted]


def test_edits_are_kept_by_a_restart_and_are_in_the_midi(tmp_path, take):
    with opened(tmp_path / "data") as client:
        sent = upload(client, take)
        draft = draft_of(client, sent)
        first = draft["rows"][0]
        edit(client, draft["id"], 0, removed=[first], added=[[*first[:2], "tom_low", 33, *first[4:]]])
        edit(client, draft["id"], 1, added=[[900, 1.111, "crash", 77, 1.0, None, None]])
        edit(client, draft["id"], 2, added=[[901, 1.5, "ride", 20, 1.0, None, None]])
        move(client, draft["id"], 3, 2)
    with opened(tmp_path / "data") as client:
        found = [(h.articulation, h.velocity) for h in exported(client, draft["id"], tmp_path).hits]
        assert ("tom_low", 33) in found
        assert ("crash", 77) in found
        assert ("ride", 20) not in found, "it was undone"
        assert len(client.get(f"/api/drafts/{draft['id']}").json()["edits"]) == 3, "and can be redone"


def test_two_pages_do_not_write_over_each_other(client, take):
    draft = fresh_draft(client, take)
    assert edit(client, draft, 0, added=[[900, 1.0, "crash", 77, 1.0, None, None]]).status_code == 200
    assert edit(client, draft, 0, added=[[901, 1.2, "ride", 77, 1.0, None, None]]).status_code == 409


def test_what_one_page_adds_is_not_lost_where_another_undoes(client, take):
    draft = fresh_draft(client, take)
    for i in range(5):
        assert edit(client, draft, i, added=[[900 + i, 1.0 + i / 10, "crash", 77, 1.0, None, None]]).status_code == 200
    assert move(client, draft, 2, 1).status_code == 409
    shown = client.get(f"/api/drafts/{draft}").json()
    assert (shown["position"], len(shown["edits"])) == (5, 5)


def test_an_edit_that_is_based_on_a_dropped_one_is_refused(client, take):
    draft = fresh_draft(client, take)
    edit(client, draft, 0, added=[[900, 1.0, "crash", 77, 1.0, None, None]])
    assert move(client, draft, 1, 0).json() == {"position": 0, "revision": 2}
    edit(client, draft, 2, added=[[901, 1.1, "ride", 77, 1.0, None, None]])
    assert edit(client, draft, 1, added=[[902, 1.2, "tom_low", 77, 1.0, None, None]]).status_code == 409
    assert [one["added"][0][0] for one in client.get(f"/api/drafts/{draft}").json()["edits"]] == [901]


def test_readings_are_those_of_the_library_and_one_that_is_set_is_exported(client, tmp_path):
    draft = draft_of(client, upload(client, SONGS / "jazz.ogg"))
    expected, found = transcribe(SONGS / "jazz.ogg").rhythm.readings, draft["rhythm"]["readings"]
    assert [one["relation"] for one in found] == [one.relation for one in expected]
    assert [one["probability"] for one in found] == pytest.approx([one.probability for one in expected], abs=1e-3)
    number = [one["relation"] for one in found].index("half the tempo")
    reading = {name: found[number][name] for name in ("tempo_map", "confidence", "steady", "remark")}
    changed = [draft["rhythm"], {**reading, "reading": number}]
    assert edit(client, draft["id"], 0, set={"rhythm": changed}).status_code == 200
    rhythm = exported(client, draft["id"], tmp_path).rhythm
    np.testing.assert_allclose(rhythm.tempo_map.tempos().mean(), expected[number].tempo_map.tempos().mean(), rtol=0.02)
    content = json.loads(client.get(f"/api/drafts/{draft['id']}/export/json").content)["rhythm"]
    others = [one.relation for i, one in enumerate(expected) if i != number]
    assert [one["relation"] for one in content["alternatives"]] == others


@pytest.mark.parametrize("sensitivity", [{"tick": 0.5}, {"kick": 1.5}, {"kick": "x"}, 5])
def test_a_sensitivity_of_a_sound_that_the_kit_has_not_is_refused(client, take, sensitivity):
    draft = fresh_draft(client, take)
    answer = client.post(f"/api/drafts/{draft}/repick", json={"sensitivity": sensitivity})
    assert answer.status_code == 400
    assert "sounds of the kit" in answer.json()["error"]


@pytest.mark.parametrize("reading", [-1, 7, "x", [1]])
def test_a_reading_that_there_is_not_is_refused(client, take, reading):
    draft = fresh_draft(client, take)
    one = {"tempo_map": None, "confidence": 1, "steady": False}
    rhythm = {**one, "readings": [one, one], "reading": reading}
    assert edit(client, draft, 0, set={"rhythm": [None, rhythm]}).status_code == 400


@pytest.mark.parametrize(
    "row",
    [
        [1, 0.5, "gong", 90, 1.0, None, None],
        [1, float("nan"), "kick", 90, 1.0, None, None],
        [1, -1.0, "kick", 90, 1.0, None, None],
        [1, 0.5, "kick", 400, 1.0, None, None],
        [1, 0.5, "<img src=x onerror=alert(1)>", 90, 1.0, 60, None],
        ["x", 0.5, "kick", 90, 1.0, None],
    ],
)
def test_edits_that_cannot_be_are_refused(client, take, row):
    draft = fresh_draft(client, take)
    body = json.dumps({"revision": 0, "edit": {"label": "", "removed": [], "added": [row], "set": {}}})
    assert client.post(f"/api/drafts/{draft}/edits", content=body).status_code == 400
    assert client.get(f"/api/drafts/{draft}").json()["position"] == 0


BARS = {"tempo_map": {"seconds": [0, 1], "quarters": [0, 2], "meters": [[0, 4, 4]]}, "confidence": 1, "steady": True}
LATE = {**BARS, "tempo_map": {**BARS["tempo_map"], "meters": [[0, 4, 4], [float("nan"), 3, 4]]}}


@pytest.mark.parametrize(
    "change",
    [
        {"set": {"sensitivity": [{}, {"kick": float("nan")}]}},
        {"set": {"sensitivity": [{}, {"kick": 1.5}]}},
        {"set": {"sensitivity": [{}, 5]}},
        {"set": {"rhythm": [BARS, LATE]}},
        {"set": {"rhythm": [LATE, BARS]}},
        {"set": []},
        {"label": "\ud800"},
    ],
)
def test_edits_that_the_page_cannot_read_are_refused(client, take, change):
    draft = fresh_draft(client, take)
    content = {"label": "by hand", "removed": [], "added": [], "set": {}, **change}
    body = json.dumps({"revision": 0, "edit": content})
    assert client.post(f"/api/drafts/{draft}/edits", content=body).status_code == 400
    assert client.get(f"/api/drafts/{draft}").json()["edits"] == []


@pytest.mark.parametrize("name", ["鼓" * 190 + ".wav", "x" * 196 + ".wav"])
def test_a_long_name_is_cut_for_every_format(tmp_path, name):
    with opened(tmp_path / "data") as client:
        draft = draft_of(client, upload(client, write_audio(tmp_path / "bars.wav", beat(8.0)), quote(name)))["id"]
        for one in client.get("/api/state").json()["formats"]:
            answer = client.get(f"/api/drafts/{draft}/export/{one['name']}")
            assert answer.status_code == 200, answer.text
        title = client.get(f"/api/drafts/{draft}/export/musicxml").text
        assert name[:20] in title


def test_a_song_with_options_that_cannot_be_is_not_listed(tmp_path, take):
    with opened(tmp_path / "data") as client:
        answer = client.post("/api/songs?tempo=abc", content=take.read_bytes(), headers={"x-name": "a.wav"})
        assert answer.status_code == 400
        assert client.get("/api/state").json()["songs"] == []


def test_every_format_of_the_library_can_be_saved(client, tmp_path):
    draft = draft_of(client, upload(client, write_audio(tmp_path / "bars.wav", beat(8.0))))["id"]
    formats = client.get("/api/state").json()["formats"]
    assert {"mid", "json", "csv"} <= {one["name"] for one in formats}
    for one in formats:
        answer = client.get(f"/api/drafts/{draft}/export/{one['name']}")
        assert answer.status_code == 200, answer.text
        assert len(answer.content) > 50
        assert answer.headers["content-disposition"].endswith((one["ending"], ".zip"))


def test_the_same_recording_is_not_heard_twice(client, take):
    first = upload(client, take, "this.wav")
    draft_of(client, first)
    sizes = {file.name: file.stat().st_mtime_ns for file in drafts_in(client)}
    again = upload(client, take, "another name.wav")
    assert again["song"]["id"] == first["song"]["id"]
    draft_of(client, again)
    assert {file.name: file.stat().st_mtime_ns for file in drafts_in(client)} == sizes


def drafts_in(client):
    return list((client.app.state.studio.settings.data / "drafts").iterdir())


def test_a_draft_that_has_lost_its_file_is_refused_until_its_song_is_transcribed_again(tmp_path, take):
    with opened(tmp_path / "data") as client:
        sent = upload(client, take)
        draft = draft_of(client, sent)["id"]
        for file in drafts_in(client):
            file.unlink()
        answer = client.get(f"/api/drafts/{draft}")
        assert answer.status_code == 400
        assert "transcribe the song again" in answer.json()["error"]
        assert hear(client, sent["song"]["id"])["id"] == draft


def test_a_file_of_3_gb_is_refused_before_it_is_sent(client):
    headers = {"x-name": "long.wav", "content-length": "3000000000"}
    answer = client.post("/api/songs", content=io.BytesIO(b"RIFF"), headers=headers)
    assert answer.status_code == 413
    assert "limit" in answer.json()["error"]
    assert not list((client.app.state.studio.settings.data / "sounds").glob(".upload*"))


@pytest.mark.parametrize("content, name", [(b"no sound", "x.wav"), (b"", "x.wav"), (b"MZ", "x.exe"), (b"x", "noise")])
def test_what_is_no_recording_is_refused_and_not_kept(client, content, name):
    answer = client.post("/api/songs", content=content, headers={"x-name": name})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(name)
    assert name not in [song["name"] for song in client.get("/api/state").json()["songs"]]


def test_a_name_cannot_lead_out_of_the_folder(client, take):
    song = upload(client, take)["song"]["id"]
    client.delete(f"/api/songs/{song}")
    assert upload(client, take, "..%2F..%2Fetc%2Fevil.wav")["song"]["name"] == "evil.wav"


def test_a_job_whose_process_is_killed_is_done_again(tmp_path):
    song = write_audio(tmp_path / "long.wav", beat(45.0))
    with opened(tmp_path / "data") as client:
        sent = upload(client, song)
        wait_for(client, sent["job"]["id"], ("running",))
        for child in children_of(os.getpid()):
            os.kill(child, signal.SIGKILL)
        assert wait_for(client, sent["job"]["id"])["state"] == "done"
        assert client.get("/api/state").json()["songs"][0]["drafts"]


def test_a_job_that_the_studio_was_closed_under_goes_on(tmp_path):
    song = write_audio(tmp_path / "long.wav", beat(45.0))
    with opened(tmp_path / "data") as client:
        sent = upload(client, song)
        wait_for(client, sent["job"]["id"], ("running",))
    with opened(tmp_path / "data") as client:
        assert wait_for(client, sent["job"]["id"])["state"] == "done"


def test_a_job_can_be_stopped_and_begun_again(tmp_path):
    song = write_audio(tmp_path / "long.wav", beat(45.0))
    with opened(tmp_path / "data") as client:
        job = upload(client, song)["job"]["id"]
        wait_for(client, job, ("running",))
        client.post(f"/api/jobs/{job}/cancel")
        assert wait_for(client, job)["state"] == "cancelled"
        again = client.post(f"/api/jobs/{job}/again").json()["id"]
        assert wait_for(client, again)["state"] == "done"


def children_of(parent: int) -> list[int]:
    """The processes that work for another (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            own_parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if own_parent == parent and "spawn_main" in (process / "cmdline").read_text():
                found.append(int(process.name))
    return found


def listed(client) -> list[dict]:
    """The songs, once there are any."""
    for _ in range(1200):
        if songs := client.get("/api/state").json()["songs"]:
            return songs
        time.sleep(0.1)
    return []


def test_recordings_of_a_folder_are_listed_and_stay_when_they_are_removed(tmp_path, take):
    with opened(tmp_path / "data", take.parent) as client:
        (song,) = listed(client)
        assert song["name"] == "take.wav"
        assert client.delete(f"/api/songs/{song['id']}").status_code == 204
        assert client.get("/api/state").json()["songs"] == []
    assert take.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_a_recording_whose_name_is_no_text_is_listed_heard_and_exported(tmp_path, take):
    take.rename(take.with_name(os.fsdecode(b"bad\xff.wav")))
    with opened(tmp_path / "data", take.parent) as client:
        (song,) = listed(client)
        assert song["name"] == "bad\ufffd.wav"
        draft = hear(client, song["id"])["id"]
        assert client.get(f"/api/drafts/{draft}/export/dawproject").status_code == 200
    with opened(tmp_path / "data", take.parent) as client:
        take.with_name(os.fsdecode(b"bad\xff.wav")).unlink()
        job = client.post(f"/api/songs/{song['id']}/hear", json={"tempo": 100}).json()
        assert wait_for(client, job["id"])["message"].startswith("bad\ufffd.wav: ")


def test_one_recording_that_cannot_be_listed_keeps_neither_others_nor_jobs_waiting(tmp_path, take, monkeypatch):
    from drumscribe.studio.rooms import Room

    add_song = Room.add_song

    def failing(room, path, *more, **options):
        if path.name == "a.wav":
            raise ZeroDivisionError("a bug")
        return add_song(room, path, *more, **options)

    monkeypatch.setattr(Room, "add_song", failing)
    (take.parent / "a.wav").write_bytes(take.read_bytes())
    with opened(tmp_path / "data", take.parent) as client:
        assert [song["name"] for song in listed(client)] == ["take.wav"]


def hear(client, song: int) -> dict:
    """The draft that a listed song becomes."""
    return draft_of(client, {"job": client.post(f"/api/songs/{song}/hear", json={}).json()})


def test_a_file_that_is_overwritten_is_heard_and_drawn_anew(tmp_path, take):
    with opened(tmp_path / "data", take.parent) as client:
        song = listed(client)[0]["id"]
        first = hear(client, song)
        write_audio(take, beat(3.0))
        second = hear(client, song)
        assert second["id"] != first["id"]
        assert second["duration"] == pytest.approx(3.0)
        assert client.get(f"/api/songs/{song}/picture").json()["seconds"] == pytest.approx(3.0)
        assert listed(client)[0]["duration"] == pytest.approx(3.0)
        for part in ("sound?start=0&count=1", "wave/0/0"):
            assert "immutable" not in client.get(f"/api/songs/{song}/{part}").headers["cache-control"]
    write_audio(take, beat(4.0))
    with opened(tmp_path / "data", take.parent) as client:
        wait_until(lambda: listed(client)[0]["duration"] == pytest.approx(4.0))
        assert not listed(client)[0]["picture"], "it is of the old sound"


def wait_until(reached) -> None:
    """Wait for at most a minute."""
    for _ in range(600):
        if reached():
            return
        time.sleep(0.1)
    raise AssertionError("this was never reached")


def test_sound_is_served_to_the_sample(client, take):
    import soundfile

    song = upload(client, take)["song"]["id"]
    content = client.get(f"/api/songs/{song}/sound?start=11000&count=500").content
    expected, _ = soundfile.read(take, dtype="int16")
    np.testing.assert_allclose(np.frombuffer(content, "<i2"), expected[11000:11500], atol=1)
    assert client.get(f"/api/songs/{song}/sound?start=99999999&count=500").content == b""


@pytest.mark.parametrize("count", [-1, 1 << 40])
def test_no_more_sound_is_served_at_once_than_is_allowed(client, take, count, monkeypatch):
    monkeypatch.setattr("drumscribe.studio.sounding.LONGEST", 1000)
    song = upload(client, take)["song"]["id"]
    content = client.get(f"/api/songs/{song}/sound?start=0&count={count}").content
    assert len(content) == (2000 if count > 0 else 0)


def test_an_mp3_is_played_as_it_is_heard(client, tmp_path):
    rate = 22050
    noise = 0.1 * np.random.default_rng(0).standard_normal((6 * rate, 2)).astype(np.float32)
    noise[np.arange(len(noise)) % (rate // 2) > rate // 10] = 0.0
    path = write_audio(tmp_path / "a.mp3", noise, rate, bitrate_mode="VARIABLE")
    expected = 32767 * load(path, rate)
    song = upload(client, path)["song"]["id"]
    for start in (0, 30000, 50000, 66150):
        content = client.get(f"/api/songs/{song}/sound?mono=1&start={start}&count=20000").content
        np.testing.assert_allclose(np.frombuffer(content, "<i2"), expected[start : start + 20000], atol=2)
    client.delete(f"/api/songs/{song}")
    assert not list((client.app.state.studio.settings.data / "decoded").iterdir())


def test_the_sound_of_a_video_is_played(client, tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.mov"), "w") as video:
        stream = video.add_stream("pcm_s16le", rate=RATE, layout="mono")
        samples = np.rint(32767 * np.clip(beat(), -1, 1)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.rate = RATE
        video.mux([*stream.encode(frame), *stream.encode(None)])
    song = upload(client, tmp_path / "a.mov")["song"]["id"]
    content = client.get(f"/api/songs/{song}/sound?start=11000&count=500").content
    np.testing.assert_allclose(np.frombuffer(content, "<i2"), samples[11000:11500], atol=2)


def test_pictures_agree_with_the_recording_at_every_level(client, take):
    song = upload(client, take)["song"]["id"]
    for _ in range(3000):
        if (answer := client.get(f"/api/songs/{song}/picture")).status_code == 200:
            break
        time.sleep(0.1)
    facts = answer.json()
    assert facts["seconds"] == pytest.approx(2.0)
    peak = min(1.0, np.abs(beat()).max())
    for level in range(facts["levels"]):
        tile = np.frombuffer(client.get(f"/api/songs/{song}/wave/{level}/0").content, np.int8)
        assert np.abs(tile.astype(int)).max() == pytest.approx(127 * peak, abs=1.5)
        spectrum = np.frombuffer(client.get(f"/api/songs/{song}/spectrum/{level}/0").content, np.uint8)
        assert len(spectrum) % facts["spectrum"]["bands"] == 0
    assert client.get(f"/api/songs/{song}/wave/0/999").content == b""
