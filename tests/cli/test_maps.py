"""`drumscribe maps` says which notes a sampler gets."""

import json

import pytest
from click.testing import CliRunner

from drumscribe.cli import main
from drumscribe.formats.drum_maps import BUILT_IN_MAPS


def run(*args):
    return CliRunner().invoke(main, ["maps", *map(str, args)])


def test_all_maps_are_listed_with_what_is_doubtful():
    result = run()
    assert result.exit_code == 0
    lines = {line.split()[0].rstrip(","): line for line in result.stdout.splitlines()[1:]}
    assert lines.keys() >= BUILT_IN_MAPS.keys()
    assert "sd3" in lines["ezdrummer3"]
    assert "one source" in lines["bfd3"]
    assert "one source" not in lines["ssd5"]


def test_one_map_is_shown():
    result = run("AD2")
    assert result.exit_code == 0
    assert ["side_stick", "42"] in [line.split() for line in result.stdout.splitlines()]


def test_a_note_is_not_also_read_as_itself(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('base = "sd3"\n[notes]\nhihat_open = 60\n')
    (row,) = [line.split() for line in run(path).stdout.splitlines() if "hihat_open" in line]
    assert row == ["hihat_open", "60", "24,", "25,", "26"]


def test_a_file_is_shown_as_it_will_be_used(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('base = "gm"\n[notes]\nkick = 35\n')
    notes = json.loads(run(path, "--json").stdout)["notes"]
    assert (notes["kick"], notes["snare"]) == (35, 38)


@pytest.mark.parametrize("name", ["tr808", "absent.toml"])
def test_an_unknown_map_is_refused_in_one_line(name):
    result = run(name)
    assert result.exit_code == 2
    assert name in result.stderr
    assert len(result.stderr.splitlines()) == 1
