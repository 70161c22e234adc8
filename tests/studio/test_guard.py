"""Who may use a studio."""

import pytest

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("httpx2", reason="these tests need httpx2")

from starlette.testclient import TestClient
from studios import HERE, opened

from drumscribe.errors import DrumscribeError
from drumscribe.studio.app import make_app
from drumscribe.studio.settings import Settings, read_token

SECRET = "a-long-secret"


@pytest.fixture
def local(tmp_path):
    return TestClient(make_app(Settings(tmp_path)), base_url=HERE)


@pytest.fixture
def guarded(tmp_path):
    settings = Settings(tmp_path, host="0.0.0.0", tokens=dict([read_token(SECRET)]))
    return TestClient(make_app(settings), base_url="http://studio.example", follow_redirects=False)


def test_this_machine_is_let_in(local):
    assert local.get("/api/state").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.7:8765", ""])
def test_a_name_that_was_made_to_point_at_this_machine_is_refused(local, host):
    assert local.get("/api/state", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:9999", "null"])
def test_a_page_of_another_origin_is_refused(local, origin):
    sent = local.post("/api/jobs/1/cancel", headers={"origin": origin})
    assert sent.status_code == 403
    assert local.get("/api/state", headers={"origin": origin}).status_code == 403


def test_its_own_page_is_let_in(local):
    assert local.get("/api/state", headers={"origin": HERE}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"cookie": "drumscribe-token=wrong"}])
def test_without_the_token_nothing_is_shown_not_even_the_page(guarded, headers):
    for path in ("/", "/main.js", "/api/state", "/api/events"):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401
        assert "token" in answer.text


def test_the_token_is_taken_out_of_the_address_and_kept_where_scripts_cannot_read_it(guarded):
    answer = guarded.get(f"/?token={SECRET}")
    assert answer.status_code == 303
    assert SECRET not in answer.headers["location"]
    assert {"httponly", "samesite=strict"} <= {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
    assert guarded.get("/api/state").status_code == 200, "with the cookie"


def test_scripts_of_others_cannot_run_in_the_page(local):
    headers = local.get("/").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_beyond_this_machine_a_token_is_needed(tmp_path):
    with pytest.raises(DrumscribeError, match="--token"):
        Settings(tmp_path, host="0.0.0.0")
    with pytest.raises(DrumscribeError, match="--token"):
        Settings(tmp_path, hosted=True)


@pytest.mark.parametrize("text", ["short", "../up:a-long-secret", "a/b:a-long-secret", ":a-long-secret"])
def test_a_token_that_is_weak_or_names_another_folder_is_refused(text):
    with pytest.raises(DrumscribeError, match="--token"):
        read_token(text)


def test_users_of_a_hosted_studio_do_not_see_each_other(tmp_path, take):
    tokens = dict(map(read_token, ("ann:secret-of-ann", "bob:secret-of-bob")))
    with TestClient(
        make_app(Settings(tmp_path / "data", tokens=tokens, hosted=True, workers=1)), base_url=HERE
    ) as client:
        ann, bob = ({"authorization": f"Bearer secret-of-{name}"} for name in ("ann", "bob"))
        sent = client.post("/api/songs", content=take.read_bytes(), headers={**ann, "x-name": "mine.wav"})
        song = sent.json()["song"]["id"]
        assert [s["name"] for s in client.get("/api/state", headers=ann).json()["songs"]] == ["mine.wav"]
        assert client.get("/api/state", headers=bob).json()["songs"] == []
        assert client.get(f"/api/songs/{song}/sound?count=9", headers=bob).status_code == 404


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("kits", '{"name": "k", "draft": [1]}'),
        ("kits", '{"name": "k", "sounds": 5}'),
        ("kits", '{"name": "k", "draft": 1e400}'),
        ("scores", '{"draft": [1]}'),
        ("songs/1/hear", '{"tempo_range": 5}'),
        ("drafts/99999999999999999999999/position", '{"revision": 0, "position": 0}'),
    ],
)
def test_what_no_page_sends_is_refused_and_no_fault_of_the_studio(tmp_path, path, sent):
    with opened(tmp_path) as client:
        answer = client.post(f"/api/{path}", content=sent)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("this is not as the page sends it")


def test_what_is_nested_too_deeply_is_refused(tmp_path):
    with opened(tmp_path) as client:
        answer = client.post("/api/scores", content='{"draft": ' + "[" * 100_000)
        assert (answer.status_code, answer.json()) == (400, {"error": "this is nested too deeply"})


def test_files_of_the_desktop_are_no_samples(tmp_path):
    with opened(tmp_path) as client:
        for place in (".", ".hidden", "table", "table/tap"):
            (tmp_path / "samples" / place).mkdir(parents=True, exist_ok=True)
            (tmp_path / "samples" / place / ".DS_Store").touch()
        (tmp_path / "samples" / "table" / "tap" / "1.wav").touch()
        assert client.get("/api/kits").json()["samples"] == {"table": {"tap": 1}}


def test_an_upload_that_cannot_be_used_is_called_by_its_name_and_not_kept(tmp_path):
    with opened(tmp_path) as client:
        answer = client.post("/api/references", content=b"x", headers={"x-name": "mine.mid"})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("mine.mid: ")
        assert not list((tmp_path / "references").iterdir())


def test_an_empty_sample_is_refused(tmp_path):
    with opened(tmp_path) as client:
        answer = client.post("/api/samples/table/tap", content=b"", headers={"x-name": "tap.wav"})
        assert (answer.status_code, answer.json()) == (400, {"error": "tap.wav: the file is empty (0 bytes)"})
        assert client.get("/api/kits").json()["samples"].get("table", {}).get("tap", 0) == 0
