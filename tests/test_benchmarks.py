"""The benchmarks that the manual names still find what they measure."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent / "benchmarks"


def test_every_benchmark_can_be_opened() -> None:
    pytest.importorskip("tensorflow")
    names = sorted(path.stem for path in BENCHMARKS.glob("*.py"))
    assert len(names) > 15
    command = [sys.executable, "-c", f"import {', '.join(names)}"]
    found = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
