"""Every code block of the README and the manual works.

Shell and Python blocks of a page run one after the other, in a folder with the examples and the recordings that the
manual speaks of. A block that cannot be run has a comment before it: ``<!-- not run: why -->``. A ``text`` block after
commands is what they print.
"""

import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from drumscribe import Hit, Transcription
from drumscribe.evaluate.annotations import read_events
from drumscribe.formats.export import write

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted(DOCS.rglob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")

_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_RUN_BY_CI = ("first command", "test command")
_INTERPRETERS = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-W", "error", "-c")}
_SHOWN_ONLY = ("text", "toml", "csv")

OWN_RECORDINGS = (
    ("song.wav", "songs/rock.ogg"),
    ("take.wav", "kit/take.ogg"),
    ("student.wav", "songs/rock.ogg"),
    ("my_kicks", "kit/samples/kick"),
    ("taps/stomp", "kit/samples/kick"),
    ("taps/rattle", "kit/samples/hat"),
    ("songs/rock.ogg", "songs/rock.ogg"),
    ("songs/band/funk.mp3", "songs/band/funk.mp3"),
)
"""What the manual calls the reader's own recordings, and the examples that stand for them."""


@dataclass(frozen=True)
class Block:
    """A code block: its language, its lines, and why it is not run, if it is not."""

    language: str
    body: str
    note: str

    @property
    def excused(self) -> bool:
        return self.note.startswith("not run: ") or self.note in _RUN_BY_CI

    @property
    def runs(self) -> bool:
        return self.language in _INTERPRETERS and not self.excused


def blocks_of(page: Path) -> Iterator[Block]:
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(found["language"], found["body"], found["note"] or "")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def copy(source: Path, target: Path) -> None:
    """Copy an example to where the manual has a recording of the reader's, as a wav if it is one there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.suffix == target.suffix:
        shutil.copy(source, target)
    else:
        import soundfile

        soundfile.write(target, *soundfile.read(source))


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """A folder as a reader has it: the examples, own recordings, and no kits yet."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*.ipynb", "*.png"))
    for own, example in OWN_RECORDINGS:
        copy(ROOT / "examples" / example, tmp_path / own)
    (tmp_path / "song.beats").write_text("".join(f"{0.26 + 0.6316 * i:.4f} {i % 4 + 1}\n" for i in range(18)))
    for name, labels in (("take.mid", "kit/take.csv"), ("exercise.mid", "references/rock.csv")):
        strokes = read_events(ROOT / "examples" / labels)
        hits = tuple(Hit(stroke.time, stroke.articulation, stroke.velocity) for stroke in strokes)
        write(Transcription(hits, 12.0), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


ROUGHLY = {"about ": 0.02, "": 1e-9}
"""How far a figure may be off: on other processors, single hits may differ."""


def run(block: Block, folder: Path) -> str:
    """What a block prints, after it ended well."""
    command = [*_INTERPRETERS[block.language], block.body]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, f"{block.body}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="shell blocks are those of Linux and macOS")
@pytest.mark.parametrize("page", [page for page in PAGES if any(b.runs for b in blocks_of(page))], ids=name_of)
def test_what_a_page_shows_works(page: Path, desk: Path) -> None:
    printed = None
    for block in blocks_of(page):
        if block.runs:
            printed = run(block, desk)
            for about, figure in re.findall(r"micro F (about )?(\.\d+)", block.body):
                found = map(float, re.findall(r"\b0\.\d{3}\b", " ".join(re.findall("micro .*", printed))))
                assert float(figure) == pytest.approx(
                    min(found, key=lambda f: abs(f - float(figure))), abs=ROUGHLY[about]
                )
        elif block.language == "text" and printed is not None:
            assert block.body == printed
            printed = None


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_block_is_run_or_says_why_not(page: Path) -> None:
    assert page.read_text(encoding="utf-8").count("```") == 2 * len(list(blocks_of(page)))
    for block in blocks_of(page):
        assert block.runs or block.excused or block.language in _SHOWN_ONLY, block


@pytest.mark.parametrize(
    "reader, page",
    [
        ("a producer", "tasks/projects.md"),
        ("a drummer who wants a score", "tasks/score.md"),
        ("a charter", "tasks/charts.md"),
        ("a teacher", "tasks/lesson.md"),
    ],
)
def test_each_reader_has_a_page_whose_commands_are_run(reader: str, page: str) -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    (row,) = [line for line in index.splitlines() if line.startswith(f"| {reader} |")]
    assert f"({page})" in row
    assert any(block.runs for block in blocks_of(DOCS / page))


def test_the_ci_runs_the_commands_that_are_left_to_it() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in _RUN_BY_CI:
        assert README.count(f"<!-- {command} -->") == 1
        assert f'run_from_readme "{command}"' in script


def test_the_python_of_the_readme_runs_in_a_checkout_beside_a_plain_install(tmp_path) -> None:
    """There the folder drumscribe/ goes before the installed package, and has no models in it."""
    block = next(b for b in blocks_of(ROOT / "README.md") if b.language == "python")
    shutil.copytree(ROOT / "examples" / "songs", tmp_path / "examples" / "songs")
    not_installed = "import sys; sys.meta_path[:] = [f for f in sys.meta_path if 'Editable' not in str(f)]; "
    code = f"{not_installed}sys.path.insert(0, {str(ROOT)!r})\n{block.body}"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4


def test_the_readme_is_short_and_its_links_lead_to_files() -> None:
    assert len(README.splitlines()) <= 180
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert len(links) > 15
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_long_description_has_no_link_into_the_repository(monkeypatch) -> None:
    given: dict = {}
    monkeypatch.setitem(sys.modules, "setuptools", SimpleNamespace(setup=given.update))
    runpy.run_path(str(ROOT / "setup.py"))
    text = given["long_description"]
    assert not re.findall(r"\]\((?!https?:|#)", text)
    assert "<!--" not in text and "![" not in text
    assert "[ADTOF](https://" in text
    assert "getting started (docs/getting-started.md)" in text


def test_the_reference_of_the_command_line_has_every_command_and_option() -> None:
    pytest.importorskip("mkdocs")
    import click

    reference = runpy.run_path(str(DOCS / "command_reference.py"))
    text = reference["reference"]()
    commands = dict(reference["commands_below"](reference["main"], "drumscribe"))
    assert {"drumscribe transcribe", "drumscribe kits list"} <= commands.keys()
    for name, command in commands.items():
        section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
        options = [o for p in command.params if isinstance(p, click.Option) and not p.hidden for o in p.opts]
        assert not [option for option in options if option not in section]


def test_the_manual_names_all_of_its_pages() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:")[1]
    for page in DOCS.rglob("*.md"):
        assert re.search(rf"- {re.escape(page.relative_to(DOCS).as_posix())}$", navigation, re.M), page


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name_of)
def test_a_page_names_no_place_of_one_machine(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(home|root|opt|work|Users)/", page.read_text(encoding="utf-8"))


def rows_of(page: Path) -> list[list[str]]:
    """The cells of each line of a page's tables, without emphasis."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def test_the_readme_and_the_card_have_the_figures_of_the_page_on_accuracy() -> None:
    pages = (DOCS / "benchmarks" / "accuracy.md", ROOT / "models" / "base.md")
    measured, in_card = (
        {(row[0], row[2]): row[3:] for row in rows_of(page) if row[1:2] == ["drumscribe"] and "±" in row[2]}
        for page in pages
    )
    assert measured == in_card
    sets = list(dict.fromkeys(name for name, _ in measured))
    assert len(measured) == 2 * len(sets) == 12
    shown = [float(row[1]) for row in rows_of(ROOT / "README.md") if row[1:2] and re.fullmatch(r"\.\d{3}", row[1])]
    assert shown[: len(sets)] == [float(measured[name, "±50 ms"][5]) for name in sets]


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "models").glob("*.md"))], ids=lambda page: page.name)
def test_no_line_stands_twice_in_a_table(page: Path) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", page.read_text(encoding="utf-8"), re.MULTILINE):
        lines = table.splitlines()
        assert len(set(lines)) == len(lines), table
