"""Training: run `drumscribe-train` on a folder of samples, and follow its log.

A run is a folder: ``NAME.toml`` is its experiment, ``cache`` the output of the commands. Ending the process stops a
run; a run that is started again continues from its newest checkpoint.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import DrumscribeError
from ..music.drums import FIVE_CLASSES, INSTRUMENTS

FAMILIES = ("cnn", "dense", "tcn", "crnn", "rnn", "lstm", "gru", "transformer")
FORMULATIONS = ("multi-class", "multi-label", "binary")
CHOICES = ("name", "family", "formulation", "steps", "classes")
"""The options of a job that make its experiment."""
_LOOK_EVERY_S = 0.5
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_COMMAND = (sys.executable, "-c", "from drumscribe.training.cli import main; main()")


def check_run(name: str, family: str, formulation: str, steps: int, classes: Sequence[str]) -> None:
    """Check the choices for a run.

    Parameters
    ----------
    name : str
        Name of the run.
    family, formulation : str
        One each of `FAMILIES` and `FORMULATIONS`.
    steps : int
        Number of batches.
    classes : sequence of str
        Instruments to tell apart.

    Raises
    ------
    DrumscribeError
        For an invalid name or choice.
    """
    if not _NAME.fullmatch(name):
        raise DrumscribeError(f"{name[:40]!r} cannot name a run: use small letters, digits and -")
    if family not in FAMILIES or formulation not in FORMULATIONS or not 50 <= steps <= 1_000_000:
        raise DrumscribeError("choose a family and a formulation from the list, and 50 steps or more")
    if not set(classes) <= set(INSTRUMENTS) or len(set(classes)) < 2:
        raise DrumscribeError("choose two drums or more to tell apart")


def write_experiment(
    folder: Path, name: str, family: str, formulation: str, steps: int, classes: Sequence[str] = FIVE_CLASSES
) -> Path:
    """Write the experiment of a run, and return its path.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    name : str
        Name of the run.
    family, formulation : str
        One each of `FAMILIES` and `FORMULATIONS`.
    steps : int
        Number of batches.
    classes : sequence of str
        Instruments to tell apart.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DrumscribeError
        For an invalid name or choice.
    """
    check_run(name, family, formulation, steps, classes)
    text = f"""description = "Trained in the studio"

[input]
kind = "window"

[samples]
classes = {json.dumps(list(classes))}

[network]
family = "{family}"
formulation = "{formulation}"
filters = [16, 32, 48]
width = 96

[fit]
steps = {steps}
cooldown = {max(1, steps // 3)}
warmup = {max(1, steps // 15)}
clips = 40
half = false
checkpoint_seconds = 5
"""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.toml"
    file.write_text(text, encoding="utf-8")
    return file


def train(needs: dict, tell: Callable[[float, dict], None]) -> dict:
    """Train a run to its last step, measure it, and convert it.

    Parameters
    ----------
    needs : dict
        Options of the job, and the folder ``runs``.
    tell : callable
        Receives the share that is done and the curve so far.

    Returns
    -------
    dict
        Curve of the loss, the last lines printed, and the measurements.

    Raises
    ------
    DrumscribeError
        If a command fails; the message is the command's.
    """
    options, folder = needs["options"], Path(needs["runs"]) / needs["options"]["name"]
    experiment = write_experiment(folder, **{name: options[name] for name in CHOICES})
    places = ["--data", options["samples"], "--cache", str(folder / "cache"), "--models", str(folder / "models")]
    log = folder / "cache" / "runs" / options["name"] / "log.jsonl"
    lines = _run(["fit", str(experiment), *places], lambda: tell(*_progress(log, options["steps"])))
    curve = read_log(log)
    measured = _run(["evaluate", str(experiment), *places, "--json"], lambda: None)
    _run(["convert", str(experiment), *places], lambda: None)
    return {"curve": curve, "lines": lines[-12:], "measured": json.loads("\n".join(measured))}


def inspect(samples: Path) -> list[str]:
    """Describe a folder of samples, including what is left out, as lines of text.

    Raises
    ------
    DrumscribeError
        If nothing in it can be used.
    """
    return _run(["data", "--samples", str(samples)], lambda: None)


def costs(formulation: str) -> list[str]:
    """Compute the cost of each family with a formulation.

    Parameters
    ----------
    formulation : str
        One of `FORMULATIONS`.

    Returns
    -------
    list of str
        Lines of text.

    Raises
    ------
    DrumscribeError
        For another formulation.
    """
    with tempfile.TemporaryDirectory() as folder:
        experiment = write_experiment(Path(folder), "costs", "cnn", formulation, 300)
        return _run(["families", str(experiment)], lambda: None)


def predict(experiment: Path, cache: Path, recording: Path) -> list[dict[str, Any]]:
    """Run the network of a trained run at each onset of a recording.

    Parameters
    ----------
    experiment, cache : Path
        Files of the run.
    recording : Path
        The recording.

    Returns
    -------
    list of dict
        Time, class and probability of each detected class.
    """
    lines = _run(["predict", str(experiment), str(recording), "--cache", str(cache), "--every-onset"], lambda: None)
    names = lines[0].split(",")
    return [dict(zip(names, line.rsplit(",", len(names) - 1), strict=True)) for line in lines[1:] if line]


def read_log(log: Path, points: int = 400) -> list[list[float]]:
    """Read steps and losses of a log, thinned out to a number of points.

    Parameters
    ----------
    log : Path
        A file with a JSON object in each line.
    points : int
        Approximate number of points.

    Returns
    -------
    list of list of float
        Step and loss.
    """
    rows = [[row["step"], row["loss"]] for row in _rows(log) if "loss" in row]
    every = max(1, len(rows) // points)
    return rows[::every]


def _rows(log: Path) -> Iterator[dict]:
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:  # an incomplete last line
            return


def _progress(log: Path, steps: int) -> tuple[float, dict]:
    curve = read_log(log)
    return (min(1.0, curve[-1][0] / steps) if curve else 0.0), {"curve": curve}


def _run(arguments: list[str], look: Callable[[], None]) -> list[str]:
    """Run a command of `drumscribe-train`, call `look` now and then meanwhile, and return the lines that it printed.

    An exception meanwhile, such as the one that ends this process, ends the command, too.
    """
    output = subprocess.PIPE
    process = subprocess.Popen([*_COMMAND, *arguments], stdout=output, stderr=output, text=True, encoding="utf-8")
    try:
        while True:
            try:
                printed, said = process.communicate(timeout=_LOOK_EVERY_S)
                break
            except subprocess.TimeoutExpired:
                look()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if process.returncode:
        reasons = [line for line in said.splitlines() if line.startswith("Error: ")]
        raise DrumscribeError(reasons[-1].removeprefix("Error: ") if reasons else "training ended unexpectedly")
    return printed.splitlines()
