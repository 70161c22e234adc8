"""The notebook: runs from its first cell to its last, says what it should, and is kept with small outputs."""

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytest.importorskip("librosa")

from drumscribe.training import make
from drumscribe.training.decisions import onsets

from drumscribe.music.drums import FIVE_CLASSES
from drumscribe.music.transcription import Transcription

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
PATH = EXAMPLES / "drum_classification.ipynb"
SMALLER = {
    "STEPS = 200": "STEPS = 12",
    "validate_steps=20": "validate_steps=6",
    "kits=10": "kits=5",
    "variants=6": "variants=2",
}


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


@pytest.fixture
def shown(monkeypatch) -> list:
    """What is displayed: transcriptions, and sounds as pairs of samples and their rate; Jupyter need not be there."""
    things: list = []
    display = ModuleType("IPython.display")
    display.Audio = lambda samples, rate: (samples, rate)
    display.display = things.append
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return things


@pytest.mark.filterwarnings("ignore:.*no recorded noise:UserWarning")  # without sonic-pi's samples
def test_the_notebook_runs(code: str, shown: list, monkeypatch, capsys) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    drawn = []
    monkeypatch.setattr(plt, "show", lambda: drawn.append(plt.gcf()) or plt.close())
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.setattr(make, "KINDS", ("int8",))
    monkeypatch.setattr(onsets, "CLIPS", 4)
    names: dict = {"__name__": "__main__"}
    with matplotlib.rc_context():
        exec(compile(code, PATH.name, "exec"), names)
    assert len(drawn) == 5
    assert all(axis.has_data() for figure in drawn for axis in figure.axes)
    assert set(names["found"].by_instrument()) == set(FIVE_CLASSES)
    assert {sample.family for sample in names["book"].training}.isdisjoint(s.family for s in names["book"].held_out)
    assert all(evaluation.windows for each in names["evaluations"].values() for evaluation in each.values())
    told = capsys.readouterr().out
    shipped = re.search(r"base +\d+ hits, F within 50 ms: (\d\.\d+)", told)
    assert float(shipped[1]) > 0.8
    assert "multi-label: 12 steps" in told
    assert re.search(r"just trained +\d+ hits, F within 50 ms: \d", told)
    transcriptions = [thing for thing in shown if isinstance(thing, Transcription)]
    assert transcriptions == [names["transcriptions"]["base"], names["transcriptions"]["just trained"]]
    players = [thing for thing in shown if isinstance(thing, tuple)]
    assert len(players) == len(FIVE_CLASSES) + 3
    assert all(np.abs(samples).max() > 0.0 for samples, _ in players)


def test_the_notebook_opens_with_what_to_install(cells: list[dict]) -> None:
    assert 'pip install "drumscribe[train,notebook]"' in "".join(cells[0]["source"])


def test_the_notebook_shows_what_came_of_it(cells: list[dict]) -> None:
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 5
    assert sum("<audio" in "".join(output.get("data", {}).get("text/html", ())) for output in outputs) == 8
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert PATH.stat().st_size < 1_000_000


def test_the_notebook_names_no_place_of_the_machine_that_ran_it(cells: list[dict]) -> None:
    assert not re.search(r"/(tmp|home|root|opt|work|Users)/", json.dumps(cells))
