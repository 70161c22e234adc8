"""The bundled models are found wherever the program runs from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from drumscribe.network.bundled import bundled_models, models_folder

ROOT = Path(__file__).parents[2]


def test_the_bundled_models_are_listed_by_name():
    assert {"base", "tiny", "live"} <= set(bundled_models())
    assert all((models_folder() / f"{name}.int8.tflite").is_file() for name in bundled_models())


@pytest.mark.parametrize("words", [["-m", "drumscribe", "info"], ["-c", "import drumscribe as d; d.Transcriber()"]])
def test_a_checkout_that_is_not_installed_finds_its_models(tmp_path, words):
    shutil.copytree(ROOT / "drumscribe", tmp_path / "drumscribe", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "models", tmp_path / "models", ignore=shutil.ignore_patterns("*.npz", "*float*"))
    hidden = "import sys; sys.meta_path = [f for f in sys.meta_path if 'Editable' not in getattr(f, '__name__', '')]\n"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    done = subprocess.run(
        [sys.executable, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
