"""The soak in short: see `soak`."""

import os
from pathlib import Path

import pytest
from soak import Soak


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_a_batch_survives_what_can_happen(tmp_path: Path, monkeypatch, state: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    soak = Soak(tmp_path, recordings=24, long=0, jobs=2)
    soak.trouble(restarts=3, seconds=6.0, full_disk=False)
    soak.finish()
    assert soak.faults() == [], soak.figures
    assert soak.figures["good ones as in a quiet run"] + soak.figures["bad ones with their reason"] == 24
