"""The study: a reduced one from end to end, what its figures mean, and that the published tables are of its records."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import RATE, beat, write_audio

pytest.importorskip("tensorflow")

from drumscribe.training.cli import main
from drumscribe.training.decisions.evaluation import Evaluation
from drumscribe.training.study import training
from drumscribe.training.study.cells import Cell, full_plan, reduced_plan, sizes_plan
from drumscribe.training.study.conduct import conduct
from drumscribe.training.study.records import Record, read_records, read_track_records
from drumscribe.training.study.results import Difference, Results, Spread, read_results
from drumscribe.training.study.tables import to_csv, to_markdown
from drumscribe.training.study.tracks import ALL_RIGHT, DETECTED, LABELLED, ONE_RIGHT, PASSAGES, SETS

from drumscribe.errors import DrumscribeError
from drumscribe.synthesis.synthetic_drums import make_drums

pytestmark = pytest.mark.slow

PUBLISHED = Path(__file__).parents[2] / "train" / "study"
DRUMS = {"kick": "kick", "snare": "snare", "hihat_closed": "CH"}
KITS = 6


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """One-shots of three drums of six kits, told by their names."""
    folder = tmp_path_factory.mktemp("samples")
    rest = np.zeros(RATE // 20, np.float32)
    for kit in range(KITS):
        drums = make_drums(round(RATE * (0.8 + 0.08 * kit)))
        for drum, name in DRUMS.items():
            write_audio(folder / f"kit{kit}" / f"{name}.wav", np.concatenate([rest, drums[drum][: RATE // 3]]))
    return folder


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Path:
    """A recording of kick and snare in each set, labelled as if a hihat sounded with each kick."""
    folder = tmp_path_factory.mktemp("bench")
    for audio, labels in SETS.values():
        write_audio(folder / audio / "beat.flac", beat(4.0))
        (folder / labels).mkdir(parents=True)
        lines = []
        for i, time in enumerate(np.arange(0.25, 3.9, 0.5)):
            lines += [f"{time:.2f} KD\n{time:.2f} HH\n" if i % 2 == 0 else f"{time:.2f} SD\n"]
        (folder / labels / "beat.txt").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def study(data: Path, bench: Path, tmp_path_factory) -> Path:
    """The results of a reduced study, by the command."""
    out = tmp_path_factory.mktemp("study")
    places = ("--data", data, "--cache", out / "cache", "--out", out, "--bench", bench)
    result = CliRunner().invoke(main, ["study", "--reduced", *map(str, places)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture
def laboratory(study: Path, data: Path) -> training.Laboratory:
    return training.Laboratory(reduced_plan().base, data, study / "cache")


def read_table(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_table_holds_every_cell_and_every_figure(study: Path) -> None:
    rows = read_table(study / "results.csv")
    cells = [
        Cell(**{name: type(getattr(Cell("", "", 1), name))(row[name]) for name in vars(Cell("", "", 1))})
        for row in rows
    ]
    assert cells == list(reduced_plan().cells())
    for row in rows:
        empty = {name for name, value in row.items() if not value}
        assert empty == (
            {name for name in row if name.startswith("mixtures_")} if row["formulation"] != "multi-label" else set()
        )
        assert sum(map(int, re.findall(r"\d+", row["confusion"]))) == int(row["held_out"])
        assert all(
            0.0 <= float(value) <= 1.0 for name, value in row.items() if value and ("accuracy" in name or "f_" in name)
        )
        assert int(row["one_shots"]) == len(DRUMS) * 4
        assert int(row["multiply_adds"]) > 0


def test_every_question_has_its_table_and_its_picture(study: Path) -> None:
    text = (study / "tables.md").read_text(encoding="utf-8")
    assert text.count("\n## ") == 16
    for name in ("formulations", "families", "windows", "augmentation", "confusions", "tracks"):
        assert (study / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert [row["class"] for row in read_table(study / "held_out.csv")].count("kick") in (1, 2)


def test_a_cell_that_was_measured_is_not_measured_again(study: Path, laboratory, monkeypatch) -> None:
    before = {path.name: path.read_bytes() for path in study.iterdir() if path.is_file()}
    monkeypatch.setattr(training, "fit", None)
    conduct(reduced_plan(), laboratory, None, study, 1, lambda line: None)
    assert {path.name: path.read_bytes() for path in study.iterdir() if path.is_file()} == before


def test_a_study_that_was_stopped_goes_on_to_the_same_figures(study: Path, laboratory, monkeypatch) -> None:
    path = study / "records.jsonl"
    before = read_records(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], *lines[2:-1], lines[-1][:100]]), encoding="utf-8")
    trained = []
    fit = training.fit
    monkeypatch.setattr(
        training, "fit", lambda experiment, *rest: trained.append(experiment.name) or fit(experiment, *rest)
    )
    conduct(reduced_plan(), laboratory, None, study, 1, lambda line: None)
    assert trained == [before[1].cell.name, before[-1].cell.name]
    same = [replace(record, train_seconds=0.0) for record in before]
    assert [replace(record, train_seconds=0.0) for record in read_records(path)] == same


def test_real_recordings_are_measured_beside_what_could_be_reached(study: Path) -> None:
    records = read_track_records(study / "tracks.jsonl")
    measured = {(record.system, record.recordings, record.at): record.micro_f for record in records}
    assert len(measured) == len(records) == 2 * len(SETS) * (len(reduced_plan().on_tracks()) + 2) + len(SETS)
    for name in SETS:
        assert measured[ALL_RIGHT, name, LABELLED] == 1.0
        assert measured[ONE_RIGHT, name, LABELLED] == pytest.approx(2 * 8 / (8 + 12)), "one of kick and hihat is lost"
        assert measured[ALL_RIGHT, name, DETECTED] == pytest.approx(1.0)
        assert 0.3 < measured[PASSAGES, name, ""] < 1.0


def test_a_bench_without_recordings_is_one_line_before_anything_is_measured(data: Path, tmp_path: Path) -> None:
    options = ("--data", data, "--cache", tmp_path / "cache", "--out", tmp_path / "out", "--bench", tmp_path)
    result = CliRunner().invoke(main, ["study", "--reduced", *map(str, options)])
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: .*mdb.drums: no recordings there; --bench .*\n", result.output)
    assert not (tmp_path / "out").exists()


def test_results_that_cannot_be_written_are_one_line(study: Path, laboratory, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(DrumscribeError, match="cannot be written"):
        conduct(reduced_plan(), laboratory, None, tmp_path / "out" / "study", 1, lambda line: None)


def test_few_one_shots_make_as_many_windows_as_many() -> None:
    for plan in (full_plan(), sizes_plan()):
        made = {c.per_class: c.per_class * c.experiment(plan.base).samples.variants for c in plan.cells()}
        assert made.pop(640, 640) == 640, "one of each, where there are more than that"
        assert set(made.values()) == {plan.usual * plan.base.samples.variants}


def test_the_full_study_holds_what_it_is_said_to() -> None:
    cells = full_plan().cells()
    assert len(set(cells)) == len(cells) == 108 + 36 + 18 + 6 + 36 + 30
    assert len({training.Laboratory(full_plan().base, Path(), Path()).digest(cell) for cell in cells}) == len(cells)


def test_the_study_of_sizes_is_of_the_grid_with_one_size_more() -> None:
    cells = set(sizes_plan().cells())
    assert len(cells) == 48
    assert {cell.per_class for cell in cells - set(full_plan().cells())} == {640}


def made_up(answers: dict[str, tuple[str, ...]]) -> Results:
    """Results of cells, by how they are augmented, with these answers to two kicks of each of four families."""
    plan = replace(reduced_plan(), seeds=(1, 2))
    nothing = Evaluation((), 8, 0.0, (), 0.0, ())
    records = {}
    for augment, of_seeds in answers.items():
        for seed, digits in zip(plan.seeds, of_seeds, strict=True):
            cell = replace(plan.reference(augment=augment), seed=seed)
            records[cell] = Record(cell, "", (), nothing, None, digits, 0.0, 0, 0)
    return Results(plan, records, (), ("kick",) * 8, tuple("aabbccdd"))


def test_a_difference_stands_where_seeds_and_families_agree_on_it() -> None:
    results = made_up({"full": ("00000000", "00000001"), "none": ("11111111", "11111110")})
    difference = results.difference(*(results.plan.reference(augment=name) for name in ("full", "none")))
    assert difference.change.mean == pytest.approx(0.875)
    assert difference.stands
    back = results.difference(*(results.plan.reference(augment=name) for name in ("none", "full")))
    assert (back.change.mean, back.low, back.high) == pytest.approx((-0.875, -difference.high, -difference.low))


def test_a_difference_that_one_family_makes_does_not_stand() -> None:
    results = made_up({"full": ("00000000", "00000000"), "none": ("00000011", "00000011")})
    difference = results.difference(*(results.plan.reference(augment=name) for name in ("full", "none")))
    assert difference.change == Spread(0.25, 0.0)
    assert not difference.stands


def test_a_difference_smaller_than_the_spread_over_seeds_does_not_stand() -> None:
    assert not Difference(Spread(0.02, 0.03), 0.01, 0.03).stands
    assert Difference(Spread(0.04, 0.03), 0.01, 0.07).stands


@pytest.fixture(scope="module", params=[(full_plan, "."), (sizes_plan, "sizes")], ids=["full", "sizes"])
def published(request) -> tuple[Path, Results]:
    plan, name = request.param
    return PUBLISHED / name, read_results(plan(), PUBLISHED / name)


def test_the_published_tables_follow_from_the_records(published: tuple[Path, Results]) -> None:
    folder, results = published
    assert to_csv(results) == (folder / "results.csv").read_text(encoding="utf-8")
    assert to_markdown(results) == (folder / "tables.md").read_text(encoding="utf-8")


def test_the_published_records_are_of_the_study_as_it_is(published: tuple[Path, Results]) -> None:
    _, results = published
    assert set(results.records) == set(results.plan.cells())
    for record in results.records.values():
        assert len(record.answers) == len(results.classes) == record.single.windows


def test_every_figure_of_the_prose_is_in_the_tables() -> None:
    prose = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    tables = "".join((PUBLISHED / name / "tables.md").read_text(encoding="utf-8") for name in (".", "sizes"))
    manual = (PUBLISHED.parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
    told, tabled, elsewhere = (set(re.findall(r"\b\d\.\d{3}\b", text)) for text in (prose, tables, manual))
    assert len(told) > 20
    assert told <= tabled | elsewhere, "whole models are measured by another command, and are in the manual"


def test_records_are_plain_json(study: Path) -> None:
    for line in (study / "records.jsonl").read_text(encoding="utf-8").splitlines():
        assert {"cell", "single", "answers"} <= set(json.loads(line))
