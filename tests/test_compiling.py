"""Kernels: compiled once, kept as machine code, and refused where what is kept does not belong to them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drumscribe.compiling import compiled

MODULE = """
import numpy as np
from drumscribe.compiling import compilation_reported, compiled

@compiled("f8[:,:], i8, f8[:] -> i8")
def add_rows(table, factor, out):
    for row in range(len(table)):
        for column in range(table.shape[1]):
            out[column] += factor * 2.0 * table[row, column]
    return len(table)
"""
CALL = """
import sys
from kernels import *
out, said = np.zeros(3), []
with compilation_reported(lambda: said.append(1)):
    rows = add_rows(np.arange(6.0).reshape(2, 3), 5, out)
print(rows, out.tolist(), len(said), "numba" in sys.modules)
"""
RIGHT = "2 [30.0, 50.0, 70.0]"


@pytest.fixture
def call(tmp_path: Path):
    source = tmp_path / "kernels.py"

    def run(before: str = "", module: str = MODULE) -> str:
        if not source.exists() or source.read_text() != module:
            source.write_text(module)
        paths = os.pathsep.join([str(tmp_path), *sys.path])
        environment = os.environ | {"PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(tmp_path / "kept")}
        done = subprocess.run([sys.executable, "-c", before + CALL], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_a_kernel_is_compiled_once_and_then_runs_without_numba(call, tmp_path: Path) -> None:
    assert call() == f"{RIGHT} 1 True"
    assert call() == f"{RIGHT} 0 False"
    (kept,) = (tmp_path / "kept").iterdir()

    kept.write_bytes(kept.read_bytes()[:-1])  # damaged
    assert call() == f"{RIGHT} 1 True"
    assert call(module=MODULE.replace("2.0", "4.0")) == "2 [60.0, 100.0, 140.0] 1 True"
    assert len(list((tmp_path / "kept").iterdir())) == 1


@compiled("f4[:] -> f8")
def total(samples: np.ndarray) -> float:
    """Add up."""
    result = 0.0
    for i in range(len(samples)):
        result += samples[i]
    return result


def test_arrays_that_the_code_is_not_for_are_refused() -> None:
    samples = np.ones(10, np.float32)
    assert total(samples) == 10.0
    for wrong in (samples.astype(np.float64), samples[::2], samples.reshape(2, 5)):
        with pytest.raises(TypeError, match="contiguous array of float32"):
            total(wrong)


def test_where_numba_keeps_the_code_it_is_compiled_once_too(call) -> None:
    numba_keeps_it = "from drumscribe import compiling; compiling.KEPT_HERE = False\n"
    assert call(numba_keeps_it) == f"{RIGHT} 1 True"
    assert call(numba_keeps_it) == f"{RIGHT} 0 True"


def test_what_needs_numba_at_run_time_runs_all_the_same(call) -> None:
    allocating = MODULE.replace("    for row", "    out += np.zeros(3).sum()\n    for row")
    assert re.fullmatch(rf"{re.escape(RIGHT)} [1-9] True", call(module=allocating))
    assert call(module=allocating) == f"{RIGHT} 0 True"


def test_two_threads_may_call_their_first_kernels_at_once(call) -> None:
    at_once = "from concurrent.futures import ThreadPoolExecutor as P\nfrom kernels import add_rows, np\n"
    at_once += "rows = lambda i: add_rows(np.ones((2, 3)), 1, np.zeros(3))\n"
    at_once += "assert list(P(8).map(rows, range(8))) == [2] * 8\n"
    for _ in range(2):  # compiled, then loaded
        assert call(at_once).startswith(RIGHT)
