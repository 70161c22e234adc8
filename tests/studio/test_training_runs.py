"""Training in the studio: a run is begun, followed, stopped, gone on with and tried; and the study is read."""

from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, beat, kick, snare, write_audio

pytest.importorskip("starlette", reason="the studio needs starlette")
pytest.importorskip("httpx2", reason="these tests need httpx2")

from studios import opened, upload, wait_for

from drumscribe.studio.study import MEASURED, read_study, read_tables, study_folder
from drumscribe.studio.training import train, write_experiment


@pytest.fixture
def samples(tmp_path):
    """A folder of kicks, snares and hats, each a little different."""
    noise = np.random.default_rng(2).standard_normal(RATE // 8).astype(np.float32)
    hat = 0.3 * np.diff(noise, prepend=0.0) * np.exp(-np.arange(len(noise)) / 800)
    for name, sound in (("kick", kick()), ("snare", snare()), ("hihat", hat.astype(np.float32))):
        for take in range(10):
            write_audio(tmp_path / "samples" / name / f"{name}-{take}.wav", sound * (1 - 0.06 * take))
    return tmp_path / "samples"


@pytest.mark.slow
def test_a_run_is_stopped_gone_on_with_measured_and_tried(tmp_path, samples):
    pytest.importorskip("tensorflow", reason="training needs tensorflow")
    asked = {"name": "mine", "samples": str(samples), "family": "dense", "formulation": "multi-class", "steps": 60}
    asked["classes"] = ["kick", "snare", "hihat"]
    with opened(tmp_path / "data") as client:
        said = client.post("/api/training/inspect", json=asked).json()["lines"]
        assert any("snare" in line for line in said)
        job = client.post("/api/training/runs", json=asked).json()
        wait_for(client, job["id"], ("running",), 10)
        client.post(f"/api/jobs/{job['id']}/cancel")
        assert wait_for(client, job["id"])["state"] == "cancelled"
        again = wait_for(client, client.post(f"/api/jobs/{job['id']}/again").json()["id"], minutes=10)
        assert again["state"] == "done", again["message"]
        steps = [step for step, _ in again["result"]["curve"]]
        assert steps == sorted(steps)
        assert steps[-1] <= 60
        measured = again["result"]["measured"]["single"]
        assert measured["classes"] == asked["classes"]
        assert measured["accuracy"] > 0.6  # of what was held out; they could hardly differ more
        song = upload(client, write_audio(tmp_path / "song.wav", beat(3.0)))["song"]
        found = client.post("/api/training/try", json={"name": "mine", "song": song["id"]}).json()["found"]
        assert {row["class"] for row in found} <= {"kick", "snare", "hihat"}
        assert len(found) >= 5


@pytest.mark.parametrize(
    "change, words",
    [
        ({"samples": "/nowhere/at/all"}, "no such folder"),
        ({"name": "../x"}, "cannot name a run"),
        ({"family": "magic"}, "choose a family"),
        ({"classes": ["kick"]}, "two drums or more"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(tmp_path, samples, change, words):
    asked = {"name": "mine", "samples": str(samples), "family": "cnn", "formulation": "binary", "steps": 100, **change}
    with opened(tmp_path / "data") as client:
        answer = client.post("/api/training/runs", json=asked)
        assert answer.status_code == 400
        assert words in answer.json()["error"]


def test_a_run_named_as_one_that_has_not_ended_is_refused(tmp_path, samples, monkeypatch):
    monkeypatch.setattr("drumscribe.studio.crew.Crew.submit", lambda *task, urgent: None)
    asked = {"name": "mine", "samples": str(samples), "family": "cnn", "formulation": "binary", "steps": 100}
    with opened(tmp_path / "data") as client:
        first = client.post("/api/training/runs", json=asked).json()
        assert client.post("/api/training/runs", json=asked).json()["id"] == first["id"]
        refused = client.post("/api/training/runs", json={**asked, "steps": 200})
        assert refused.status_code == 400
        assert "has not ended" in refused.json()["error"]
        assert client.post("/api/training/runs", json={**asked, "name": "other", "steps": 200}).status_code == 200
        client.post(f"/api/jobs/{first['id']}/cancel")
        assert client.post("/api/training/runs", json={**asked, "steps": 200}).status_code == 200


def test_a_run_trains_what_its_job_says_though_a_later_one_had_its_name(tmp_path, monkeypatch):
    experiments = []

    def note(arguments, look):
        experiments.append(Path(arguments[1]).read_text())
        return ["{}"]

    monkeypatch.setattr("drumscribe.studio.training._run", note)
    options = {"name": "mine", "samples": ".", "family": "gru", "formulation": "binary", "classes": ["kick", "snare"]}
    for steps in (60, 90, 60):
        train({"options": {**options, "steps": steps}, "runs": str(tmp_path)}, lambda *told: None)
        assert all(f"\nsteps = {steps}\n" in text for text in experiments[-3:])


def test_costs_leave_a_run_of_that_name_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("drumscribe.studio.training._run", lambda arguments, look: [Path(arguments[1]).read_text()])
    with opened(tmp_path / "data") as client:
        run = write_experiment(tmp_path / "data" / "runs" / "costs", "costs", "gru", "multi-class", 500)
        before = run.read_text()
        lines = client.post("/api/training/costs", json={"formulation": "binary"}).json()["lines"]
        assert 'formulation = "binary"' in lines[0]
        assert run.read_text() == before


def test_the_study_has_every_network_table_and_picture(tmp_path):
    with opened(tmp_path / "data") as client:
        study = client.get("/api/training/study").json()
        middle = [
            c for c in study["cells"] if c["family"] == "cnn" and c["after_ms"] == "250.0" and c["patience"] == "1"
        ]
        (best,) = [
            c
            for c in middle
            if (c["formulation"], c["per_class"], c["augment"], c["spectrogram"]) == ("binary", "160", "none", "mel")
        ]
        assert best["accuracy"] == pytest.approx(0.939, abs=5e-4)  # as the study's page says it
        assert sum(map(sum, best["confusion"])) == 3 * 185
        assert {table["title"] for table in study["tables"]} >= {"Spectrograms", "Binary against multi-class"}
        assert all(len(row) == len(table["head"]) for table in study["tables"] for row in table["rows"])
        for name in study["pictures"]:
            picture = client.get(f"/api/training/study/{name}")
            assert picture.content.startswith(b"\x89PNG")
        assert client.get("/api/training/study/results.csv").status_code == 404


def test_the_study_is_read_as_it_was_written():
    study = read_study(study_folder())
    assert set(MEASURED) <= set(study["cells"][0])
    assert "One network per drum is no better" in study["short"]
    page = "# Tables\n\n## One\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n## None\n\ntext\n"
    assert read_tables(page) == [{"title": "One", "head": ["a", "b"], "rows": [["1", "2"]]}]
