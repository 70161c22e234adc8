"""The examples of the page on scale are commands that there are."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from drumscribe.cli.transcribe import command

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    return re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)[1]


def parsed(line: str) -> dict:
    """The arguments of a command of transcribe, with the variables of an array filled in."""
    for variable in ("$SLURM_ARRAY_TASK_ID", "$((AWS_BATCH_JOB_ARRAY_INDEX + 1))"):
        line = line.replace(variable, "7")
    program, name, *words = shlex.split(line)
    assert (program, name) == ("drumscribe", "transcribe")
    return command.make_context("transcribe", words).params


def test_the_example_for_slurm_is_a_script_of_commands_that_there_are(tmp_path: Path) -> None:
    script = block("sh")
    if shutil.which("bash"):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    count = int(re.search(r"--array=1-(\d+)", script)[1])
    given = parsed(next(line for line in script.splitlines() if line.startswith("drumscribe")))
    assert given["part"] == f"7/{count}" and given["jobs"] == int(re.search(r"--cpus-per-task=(\d+)", script)[1])


def test_the_example_for_aws_batch_is_json_with_a_command_that_there_is() -> None:
    container = json.loads(block("json"))
    assert {"image", "command", "resourceRequirements"} <= container.keys()
    given = parsed(container["command"][-1])
    needs = {need["type"]: need["value"] for need in container["resourceRequirements"]}
    assert given["part"] == "7/200" and str(given["jobs"]) == needs["VCPU"]


@pytest.mark.parametrize("extra", ["cluster", "cloud"])
def test_the_extras_it_names_are_there(extra: str) -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f"drumscribe[{extra}]" in PAGE and re.search(rf"^{extra} = \[", project, re.M)
