"""Whatever is in a file, reading it ends well or in one line: the short run of `run.py`."""

import random
from pathlib import Path

import pytest
from mutation import mutated
from readers import READERS, attempt

EXECUTIONS = 150


@pytest.mark.parametrize("name", READERS)
def test_seeds_can_be_read(name: str, tmp_path: Path) -> None:
    for content in READERS[name].seeds:
        path = tmp_path / f"x.{READERS[name].ending}"
        path.write_bytes(content)
        assert attempt(READERS[name], path)


@pytest.mark.parametrize("name", READERS)
def test_mutated_files_end_in_one_line(name: str, tmp_path: Path) -> None:
    chance = random.Random(1)
    for _ in range(EXECUTIONS):
        path = tmp_path / f"x.{READERS[name].ending}"
        path.write_bytes(mutated(READERS[name].seeds, chance))
        attempt(READERS[name], path)
