"""What is installed, what it needs, and what it says where something is missing."""

import ast
import re
import runpy
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace

import pytest

import drumscribe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]

BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""
MODULES = {"python_osc": "pythonosc", "python_rtmidi": "rtmidi"}
"""Modules that have other names than their distributions."""
TRAINING_ONLY = ("tensorflow", "keras", "librosa", "mir_eval", "matplotlib")


def run_without(absent, code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python as if some packages were not installed."""
    command = [sys.executable, "-c", BLOCK.format(absent=set(absent)) + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT / "tests")


def required(*lists: list[str]) -> set[str]:
    """The modules of requirements."""
    plain = {re.split("[^A-Za-z0-9_-]", entry)[0].replace("-", "_") for entries in lists for entry in entries}
    return {MODULES.get(name, name) for name in plain}


def imported(folder: str) -> set[str]:
    """The top-level modules that the files of a folder import, at any depth, without relative imports."""
    found = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def third_party(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"drumscribe"}


def test_all_that_is_imported_is_declared():
    core = required(PROJECT["project"]["dependencies"])
    dev = core | required(EXTRAS["dev"], EXTRAS["train"], EXTRAS["studio"]) | {"playwright", "axe_core_python"}
    of_users = ("tflite", "plot", "live", "media", "score", "studio", "cluster", "cloud")
    extras = required(*(EXTRAS[name] for name in of_users)) | {"mir_eval", "pandas"}
    assert third_party(imported("drumscribe")) <= core | extras
    assert third_party(imported("train")) <= core | required(EXTRAS["train"])
    own = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    assert third_party(imported("tests")) <= dev | own | {"sounddevice", "madmom"}  # madmom has its own interpreter


def test_all_that_is_declared_is_imported_by_the_core():
    assert required(PROJECT["project"]["dependencies"]) <= third_party(imported("drumscribe"))


def test_training_imports_the_program_and_never_the_other_way_round():
    assert not {name for name in imported("drumscribe") if name.startswith(("drumscribe.training", "train"))}
    assert not {name for name in imported("train") if name.startswith(("drumscribe.training", "train."))}


def test_the_folders_of_training_do_not_import_each_other_in_circles():
    folders = {path.parent for path in (ROOT / "train").glob("*/__init__.py")}
    above = {folder.name: set() for folder in folders}
    for folder in folders:
        for path in folder.glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.level == 2:
                    names = [node.module] if node.module else [alias.name for alias in node.names]
                    above[folder.name] |= {name.split(".")[0] for name in names} & above.keys()
    assert len(above) > 1
    assert set(TopologicalSorter(above).static_order()) == above.keys()


def test_everything_but_scoring_works_without_any_extra(take):
    files = [p.relative_to(ROOT) for p in (ROOT / "drumscribe").rglob("*.py")]
    names = [".".join(p.with_suffix("").parts).removesuffix(".__init__") for p in files]
    code = f"import importlib\nfor name in {names}: importlib.import_module(name)\n"
    code += "print(drumscribe.transcribe(sys.argv[1]).duration)"
    done = run_without(TRAINING_ONLY, "import drumscribe\n" + code, take)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == 2.0


def test_sound_is_made_and_varied_without_any_extra():
    code = """
import numpy as np
from drumscribe.synthesis.augmentation import AugmentSettings, augment_frames, augment_shot
from drumscribe.synthesis.one_shots import OneShot, place
rng = np.random.default_rng(1)
shot = augment_shot(OneShot(np.ones(4410, np.float32), 0), 44100, rng, AugmentSettings())
place(np.zeros(8820, np.float32), shot, 100, 0.5)
print(augment_frames(np.ones((40, 80), np.float32), rng, AugmentSettings())[0].shape)
"""
    done = run_without((*TRAINING_ONLY, "pretty_midi", "rich"), code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(40, 80)"


@pytest.mark.parametrize("command", (["--help"], ["all", "--help"], ["fit", "--help"], ["data", "--help"]))
def test_the_training_commands_explain_themselves_without_their_extra(command):
    done = run_without(TRAINING_ONLY, "from drumscribe.training.cli import main\nmain()", *command)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_training_without_its_extra_says_what_to_install(tmp_path):
    places = ["--data", tmp_path, "--cache", tmp_path]
    code = "from drumscribe.training.cli import main\nmain()"
    done = run_without(TRAINING_ONLY, code, "release", ROOT / "train/base.toml", *places)
    assert done.returncode == 1
    assert 'pip install "drumscribe[train]"' in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_former_runtime_serves_where_the_present_one_is_absent(take):
    pytest.importorskip("ai_edge_litert")
    alias = """
import ai_edge_litert.interpreter, types
former = types.ModuleType("tflite_runtime")
sys.modules.update({"tflite_runtime": former, "tflite_runtime.interpreter": ai_edge_litert.interpreter})
sys.modules["ai_edge_litert"] = sys.modules["ai_edge_litert.interpreter"] = None
import drumscribe
from drumscribe.network.classifier import model_file
print(drumscribe.transcribe(sys.argv[1]).duration, model_file().name)
"""
    done = run_without((), alias, take)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2.0", "base.int8.tflite"], "it opens no dynamic ranges"


def test_without_any_runtime_one_line_says_what_to_install(take, tmp_path):
    code = "from drumscribe.cli import main\nmain()"
    done = run_without(
        ("ai_edge_litert", "tflite_runtime"), code, "transcribe", take, "--out", tmp_path / "midi", "--quiet"
    )
    assert done.returncode == 1
    assert "pip install ai-edge-litert" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_the_version_is_written_once_more_and_the_same():
    assert PROJECT["project"]["version"] == drumscribe.__version__


def test_every_package_folder_is_packaged_and_no_general_name_is_taken(monkeypatch):
    given = {}
    monkeypatch.setitem(sys.modules, "setuptools", SimpleNamespace(setup=given.update))
    runpy.run_path(str(ROOT / "setup.py"))
    own = [path.parent.relative_to(ROOT) for path in (ROOT / "drumscribe").rglob("__init__.py")]
    training = [path.parent.relative_to(ROOT / "train") for path in (ROOT / "train").rglob("__init__.py")]
    expected = {".".join(folder.parts) for folder in own}
    expected |= {".".join(("drumscribe", "training", *folder.parts)) for folder in training}
    assert {"drumscribe.rhythm", "drumscribe.training.data"} <= expected
    assert sorted(given["packages"]) == sorted(expected | {"drumscribe.models", "drumscribe.plugin"})
    folders = {"drumscribe": "drumscribe", "drumscribe.models": "models", "drumscribe.training": "train"}
    folders["drumscribe.plugin"] = "examples/plugin"
    assert given["package_dir"] == folders


def test_a_wheel_holds_the_models_that_a_user_runs():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["drumscribe.models"]
    shipped = [path for pattern in patterns for path in (ROOT / "models").glob(pattern)]
    names = {path.name for path in shipped}
    assert {"base.dynamic.tflite", "tiny.dynamic.tflite", "live.int8.tflite", "base.background.npz", "base.md"} <= names
    assert {"base.int8.tflite", "tiny.int8.tflite", "live.background.npz", "CREDITS.md"} <= names
    assert not [name for name in names if "float" in name or "checkpoint" in name]
    assert sum(path.stat().st_size for path in shipped) < 5_500_000  # a wheel is below 6 MB


def test_every_supported_python_is_named():
    classifiers = PROJECT["project"]["classifiers"]
    assert PROJECT["project"]["requires-python"] == ">=3.10,<3.15"
    for minor in range(10, 15):
        assert f"Programming Language :: Python :: 3.{minor}" in classifiers


def test_the_citation_is_of_this_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {drumscribe.__version__}\n" in citation
