"""Reports of a batch: what is in the page, the table and the JSON."""

import csv
import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import beat, write_audio
from fakes import FakeTranscriber

from drumscribe.batch.jobs import Job, Outcome, Report, RhythmFigures
from drumscribe.batch.journal import NAME, Journal
from drumscribe.batch.lanes import COLUMNS, lanes_of
from drumscribe.batch.plan import Plan, plan
from drumscribe.batch.reports import check_report, write_report
from drumscribe.batch.run import run
from drumscribe.cli import main
from drumscribe.errors import DrumscribeError
from drumscribe.formats.outputs import Delivery
from drumscribe.formats.written import Written
from drumscribe.music.drums import INSTRUMENTS
from drumscribe.music.tempo_map import TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription

HITS = tuple(Hit(float(second), name, 90) for second in range(10) for name in ("kick", "snare")[: 1 + second % 2])
SONG = Transcription(HITS, 10.0, "", Rhythm(TempoMap.steady(120.0), 0.9, True))


def outcome(number: int, **changes) -> Outcome:
    job = Job(Path(f"songs/{number}.wav"), (Path(f"midi/{number}.mid"),))
    counts = Counter(hit.instrument for hit in HITS)
    facts = {"outputs": job.outputs, "duration": 10.0, "seconds": 0.1, "hits": counts}
    facts["rhythm"] = RhythmFigures.of(SONG.rhythm)
    return Outcome(job, **{"status": "done", "picture": lanes_of(SONG), **facts, **changes})


class RhythmicTranscriber(FakeTranscriber):
    """Finds a rhythm, too."""

    def transcribe_file(self, path, progress=None):
        return replace(super().transcribe_file(path, progress), rhythm=SONG.rhythm)


BAD = "songs/1.wav: <b>not</b> a \x1b[31m recording"


def written(path: Path, *outcomes: Outcome) -> str:
    found = outcomes or (
        outcome(0, warnings=("breaks off",)),
        outcome(1, status="failed", error=BAD, outputs=(), picture=""),
    )
    write_report(path, Plan((), (), ("gone: no such file",)), Report(found, 2.0))
    return path.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Keeps tags and texts, and counts what a browser would have to fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.texts: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.fetched += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.texts.append(data)


def test_the_page_has_totals_failures_and_a_row_for_each(tmp_path: Path) -> None:
    page = Page(written(tmp_path / "r.html"))
    assert page.tags["tr"] == 3 and page.tags["svg"] == 1 and not page.fetched and not page.tags["b"]
    text = "".join(page.texts)
    assert "1 transcribed, 2 failed" in text and "10 kick, 5 snare" in text
    assert text.index("gone: no such file") < text.index("songs/0.wav")
    assert "songs/1.wav: <b>not</b> a \\x1b[31m recording" in text
    assert "120.0" in text and "0.90" in text and "100 x" in text and "breaks off" in text


def test_a_page_of_five_thousand_is_small_enough_to_open(tmp_path: Path) -> None:
    page = Page(written(tmp_path / "r.html", *(outcome(number) for number in range(5000))))
    assert page.tags["tr"] == 5001
    assert (tmp_path / "r.html").stat().st_size < 6_000_000


def test_the_table_has_a_column_for_each_drum(tmp_path: Path) -> None:
    written(tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="") as file:
        first, second, problem = csv.DictReader(file)
    assert (first["kick"], first["snare"], first["hits"], first["tempo"], first["speed"]) == (
        "10",
        "5",
        "15",
        "120.0",
        "100.0",
    )
    assert second["error"].endswith("\\x1b[31m recording") and problem["error"] == "gone: no such file"
    assert set(INSTRUMENTS) <= first.keys()


def test_lanes_show_where_hits_are() -> None:
    lanes = lanes_of(SONG)
    kick = lanes[INSTRUMENTS.index("kick") * COLUMNS :][:COLUMNS]
    assert len(lanes) == COLUMNS * len(INSTRUMENTS) and kick.count("1") == 10 and kick[0] == "1"
    assert lanes_of(Transcription((), 10.0)) == ""


def test_another_format_is_refused() -> None:
    with pytest.raises(DrumscribeError, match=r"reports are written as \.html, \.json, \.csv"):
        check_report(Path("r.pdf"))


def test_the_command_writes_a_report_of_a_list(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    monkeypatch.setattr("drumscribe.runtime.available_cores", lambda: 0)  # no processes, which would not be faked
    monkeypatch.chdir(tmp_path)
    write_audio(Path("songs/x/a.wav"), beat(0.6))
    listed = "songs/x/a.wav\n\nsongs/gone.wav\n"
    words = ["transcribe", "--from-file", "-", "--out", "midi", "--report", "r.json", "--json"]
    done = CliRunner().invoke(main, words, input=listed)
    assert done.exit_code == 1
    assert Path("midi/songs/x/a.mid").exists()
    report = json.loads(Path("r.json").read_text())
    assert [one["status"] for one in report["recordings"]] == ["done", "failed"]
    assert json.loads(done.stdout)["recordings"][0]["hits"] == report["recordings"][0]["hits"]
    assert CliRunner().invoke(main, words, input=listed).stdout.count('"skipped"') == 1


def test_a_report_of_a_run_that_is_repeated_has_the_figures_of_the_first(tmp_path: Path) -> None:
    def report_of_run(name: str) -> tuple[str, list[Outcome]]:
        memory = Written(tmp_path / "written")
        journal = Journal(tmp_path / "out", "settings", written=memory)
        report = run(jobs, RhythmicTranscriber, Delivery(written=memory), journal=journal)
        journal.close()
        write_report(tmp_path / name, Plan(jobs), report)
        return (tmp_path / name).read_text(encoding="utf-8"), list(report.outcomes)

    write_audio(tmp_path / "in" / "a warns.wav", beat(2.0))
    jobs = plan([tmp_path / "in"], tmp_path / "out").jobs
    _, (first,) = report_of_run("first.html")
    page, (second,) = report_of_run("second.html")
    assert (first.status, second.status) == ("done", "skipped")
    assert second == replace(first, status="skipped")
    assert first.hits and first.rhythm is not None and first.warnings and first.picture
    text = "".join(Page(page).texts)
    assert "0 transcribed, 0 failed, 1 done before. Hits: 4 kick" in text
    assert "0:02" in text and "120.0" in text and "4/4" in text and "something is odd" in text and "<svg" in page
    (data,) = json.loads(report_of_run("third.json")[0])["recordings"]
    assert data["hits"]["kick"] == 4 and data["rhythm"]["tempo"] == 120.0
    with closing(sqlite3.connect(tmp_path / "out" / NAME)) as database, database:  # as earlier versions wrote it
        database.execute("update recordings set facts = ?", ('{"duration": 2.0, "seconds": 1.0, "hits": {"kick": 3}}',))
    _, (older,) = report_of_run("older.html")
    assert (older.status, older.duration, older.hits, older.rhythm) == ("skipped", 2.0, {"kick": 3}, None)


@pytest.mark.parametrize("standard_input", [True, False])
def test_a_list_may_begin_with_a_mark_as_windows_writes_it(tmp_path: Path, monkeypatch, standard_input: bool) -> None:
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    monkeypatch.setattr("drumscribe.runtime.available_cores", lambda: 0)  # no processes, which would not be faked
    monkeypatch.chdir(tmp_path)
    write_audio(Path("ä.wav"), beat(0.6))
    Path("list.txt").write_bytes("\ufeffä.wav\r\n".encode())
    words = ["transcribe", "--out", "midi", "--from-file", "-" if standard_input else "list.txt"]
    done = CliRunner().invoke(main, words, input=Path("list.txt").read_bytes() if standard_input else None)
    assert done.exit_code == 0, done.output
    assert Path("midi/ä.mid").exists()


def test_what_is_no_list_is_refused_whatever_it_would_name(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_bytes(b"/\n\0\0.\n")
    done = CliRunner().invoke(main, ["transcribe", "--from-file", "list.txt", "--out", "midi"])
    assert done.exit_code == 2
    assert "list.txt: not a list of paths" in done.stderr
    assert not Path("midi").exists()


def test_shards_are_disjoint_and_together_all(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    monkeypatch.setattr("drumscribe.runtime.available_cores", lambda: 0)  # no processes, which would not be faked
    for number in range(12):
        write_audio(tmp_path / "songs" / f"{number}.wav", beat(0.6))
    parts = []
    for part in ("1/3", "2/3", "3/3"):
        words = ["transcribe", tmp_path / "songs", "--out", tmp_path / "midi", "--shard", part, "--json", "--force"]
        done = CliRunner().invoke(main, [*map(str, words)])
        assert done.exit_code == 0
        parts.append({one["source"] for one in json.loads(done.stdout)["recordings"]})
    assert sum(map(len, parts)) == len(set.union(*parts)) == 12
    assert CliRunner().invoke(main, ["transcribe", "x.wav", "--shard", "4/3"]).exit_code == 2


def test_the_help_of_the_program_lists_each_command_as_it_describes_itself() -> None:
    context = main.make_context("drumscribe", ["info"])
    for name, (_, sentence) in main.lazily.items():
        command = main.get_command(context, name)
        assert command is not None and command.name == name and command.get_short_help_str(200) == sentence


def faked(monkeypatch, folder: Path):
    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    monkeypatch.chdir(folder)
    write_audio(Path("rock.wav"), beat(0.6))
    return lambda *words: CliRunner().invoke(main, ["transcribe", "rock.wav", *words])


@pytest.mark.parametrize("kind", ["csv", "json", "html"])
def test_a_report_replaces_only_reports(tmp_path: Path, monkeypatch, kind: str) -> None:
    transcribe = faked(monkeypatch, tmp_path)
    mine, report = Path(f"notes.{kind}"), Path(f"notes (1).{kind}")
    mine.write_text("MY NOTES")
    done = transcribe("--report", str(mine))
    assert done.exit_code == 0, done.output
    assert mine.read_text() == "MY NOTES" and report.exists()
    assert f"notes.{kind} was edited, or is not a report by drumscribe, and is kept: wrote notes (1)" in done.stderr
    transcribe("--report", str(report), "-f", "csv")
    assert {path.name for path in tmp_path.glob(f"*.{kind}")} - {"rock.csv"} == {mine.name, report.name}
    transcribe("--report", str(mine), "--overwrite")
    assert mine.read_text() != "MY NOTES"


def test_a_report_is_not_written_over_a_transcription(tmp_path: Path, monkeypatch) -> None:
    transcribe = faked(monkeypatch, tmp_path)
    done = transcribe("-f", "csv", "--report", "rock.csv", "--overwrite")
    assert done.exit_code == 2 and not Path("rock.csv").exists()
    assert done.stderr.strip().endswith("rock.csv: is also the output of rock.wav: give the report another name")
    transcribe("-f", "csv")
    transcribe("--report", "rock.csv")
    assert Path("rock.csv").read_text().startswith("time,articulation"), "written by drumscribe, but no report"
    assert Path("rock (1).csv").read_text().startswith("source,status")
    transcribe("--report", "rock (1).csv", "-f", "csv")
    assert not Path("rock (2).csv").exists()
