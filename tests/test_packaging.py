"""What is installed, what it needs, and what it says where something is missing."""

import ast
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import drumscribe
from drumscribe.cli import evaluate, transcribe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXTRAS = PROJECT["project"]["optional-dependencies"]

BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""
TRAINING_ONLY = ("tensorflow", "keras", "librosa", "mir_eval", "matplotlib")


def run_without(absent, code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python as if some packages were not installed."""
    command = [sys.executable, "-c", BLOCK.format(absent=set(absent)) + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT / "tests")


def required(*lists: list[str]) -> set[str]:
    """The modules of requirements, for all of which they are named after the distribution."""
    names = (entry.split(";")[0] for entries in lists for entry in entries)
    return {name.strip(" ").split("[")[0].rstrip("0123456789.,<>=! ").replace("-", "_") for name in names}


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
    dev = core | required(EXTRAS["dev"], EXTRAS["train"])
    extras = required(EXTRAS["tflite"], EXTRAS["plot"], EXTRAS["live"]) | {"mir_eval"}
    assert third_party(imported("drumscribe")) <= core | extras
    assert third_party(imported("train")) <= core | required(EXTRAS["train"])
    own = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    assert third_party(imported("tests")) <= dev | own


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
from drumscribe.augmentation import AugmentSettings, augment_frames, augment_shot
from drumscribe.synthesis import OneShot, place
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
    assert "pip install 'drumscribe[train]'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_former_runtime_serves_where_the_present_one_is_absent(take):
    pytest.importorskip("ai_edge_litert")
    alias = """
import ai_edge_litert.interpreter, types
former = types.ModuleType("tflite_runtime")
sys.modules.update({"tflite_runtime": former, "tflite_runtime.interpreter": ai_edge_litert.interpreter})
sys.modules["ai_edge_litert"] = sys.modules["ai_edge_litert.interpreter"] = None
import drumscribe
from drumscribe.classifier import model_file
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


def test_every_package_folder_is_packaged_and_no_general_name_is_taken():
    settings = PROJECT["tool"]["setuptools"]
    folders = settings["package-dir"]
    own = [path.parent.relative_to(ROOT) for path in (ROOT / "drumscribe").rglob("__init__.py")]
    training = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "train").rglob("__init__.py")}
    assert set(settings["packages"]) == {*folders, *(".".join(folder.parts) for folder in own)}
    assert {*folders.values()} == {*training, "models"}
    assert all(name.startswith("drumscribe.") and (ROOT / folder).is_dir() for name, folder in folders.items())


@pytest.mark.parametrize("command", (transcribe.command, evaluate.command), ids=lambda command: command.name)
def test_the_readme_shows_every_option(command):
    options = [name for p in command.params for name in (*p.opts, *p.secondary_opts) if name.startswith("--")]
    assert not [name for name in options if name not in README]


def test_the_python_of_the_readme_runs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples" / "songs", tmp_path / "examples" / "songs")
    blocks = README.split("```python\n")[1:]
    for block in blocks:
        exec(compile(block.split("```")[0], "README.md", "exec"), {})
    assert len(blocks) == 3
    assert (tmp_path / "rock.csv").read_text().startswith("time,")
