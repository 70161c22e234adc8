"""The notebook: runs from its first cell to its last, says what it should, and is kept with small outputs."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("librosa")

from drumscribe.drums import FIVE_CLASSES

EXAMPLES = Path(__file__).parents[1] / "examples"
PATH = EXAMPLES / "drum_classification.ipynb"
SMALLER = {"STEPS = 200": "STEPS = 12", "kits=10": "kits=5", "variants=6": "variants=2"}


@pytest.fixture(scope="module")
def cells() -> list[dict]:
    return json.loads(PATH.read_text(encoding="utf-8"))["cells"]


@pytest.fixture
def code(cells) -> str:
    """What all cells do, with fewer samples and steps."""
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    for long, short in SMALLER.items():
        assert text.count(long) == 1
        text = text.replace(long, short)
    return text


def test_the_notebook_runs(code: str, monkeypatch, capsys) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    drawn = []
    monkeypatch.setattr(plt, "show", lambda: drawn.append(plt.gcf()) or plt.close())
    monkeypatch.chdir(EXAMPLES)
    names: dict = {"__name__": "__main__"}
    with matplotlib.rc_context():
        exec(compile(code, PATH.name, "exec"), names)
    assert len(drawn) == 4
    assert all(axis.has_data() for figure in drawn for axis in figure.axes)
    assert set(names["found"].by_instrument()) == set(FIVE_CLASSES)
    assert {sample.family for sample in names["book"].training}.isdisjoint(s.family for s in names["book"].held_out)
    assert all(evaluation.windows for each in names["evaluations"].values() for evaluation in each.values())
    told = capsys.readouterr().out
    shipped = re.search(r"shipped model +\d+ hits, F within 50 ms: (\d\.\d+)", told)
    assert float(shipped[1]) > 0.8
    assert "multi-label: 12 steps" in told


def test_the_notebook_shows_what_came_of_it(cells: list[dict]) -> None:
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert PATH.stat().st_size < 1_000_000


def test_the_notebook_names_no_place_of_the_machine_that_ran_it(cells: list[dict]) -> None:
    assert not re.search(r"/(tmp|home|root|opt|work|Users)/", json.dumps(cells))
