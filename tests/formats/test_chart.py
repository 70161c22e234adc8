"""Charts follow the published rules of Clone Hero and YARG, and a player hits what was played."""

import re

from click.testing import CliRunner
from conftest import beat, write_audio

from drumscribe.batch.plan import plan
from drumscribe.cli import main
from drumscribe.formats.chart import BLUE, GREEN, KICK, RED, YELLOW, Pad, to_pads, write_chart
from drumscribe.formats.export import FORMATS, write
from drumscribe.formats.midi import MidiOptions
from drumscribe.music.drums import ARTICULATIONS
from drumscribe.music.tempo_map import Meter, MeterChange, TempoMap
from drumscribe.music.transcription import Hit, Rhythm, Transcription

RHYTHM = Rhythm(TempoMap.steady(120.0), 1.0, True)


def sections(path) -> dict[str, list[tuple[int, str]]]:
    """What stands in each section, as ticks and texts; -1 for names."""
    found = {}
    for name, body in re.findall(r"\[(\w+)\]\n\{\n(.*?)\}", path.read_text(encoding="utf-8"), re.S):
        rows = [line.strip().split(" = ", 1) for line in body.splitlines()]
        found[name] = [(int(key) if key.isdigit() else -1, value) for key, value in rows]
    return found


def charted(tmp_path, *hits: Hit, rhythm: Rhythm = RHYTHM, **options) -> list[tuple[int, int]]:
    write_chart(Transcription(hits, 20.0, "", rhythm), tmp_path / "notes.chart", **options)
    return [(tick, int(text.split()[1])) for tick, text in sections(tmp_path / "notes.chart")["ExpertDrums"]]


def pads(*names: str) -> list[tuple[int, bool]]:
    return [(pad.colour, pad.cymbal) for pad in to_pads([Hit(0.0, name, 90) for name in names])]


def test_drums_have_their_colours():
    assert pads("kick", "snare") == [(KICK, False), (RED, False)]
    assert [pads(name)[0] for name in ("hihat_open", "ride_bell", "crash")] == [
        (YELLOW, True),
        (BLUE, True),
        (GREEN, True),
    ]
    assert [pads(f"tom_{which}")[0] for which in ("high", "mid", "low")] == [
        (YELLOW, False),
        (BLUE, False),
        (GREEN, False),
    ]
    assert all(to_pads([Hit(0.0, a.name, 90)]) for a in ARTICULATIONS)


def test_no_colour_is_tom_and_cymbal_at_once():
    assert pads("hihat_closed", "tom_high") == [(YELLOW, True), (BLUE, False)], "the tom moves"
    assert pads("crash", "tom_low") == [(BLUE, False), (GREEN, True)]
    assert pads("crash", "ride", "hihat_closed", "tom_low") == [(YELLOW, True), (BLUE, True), (GREEN, True)]
    everything = to_pads([Hit(0.0, a.name, 90) for a in ARTICULATIONS])
    assert len({pad.colour for pad in everything}) == len(everything)


def test_of_one_colour_the_loudest_remains():
    assert to_pads([Hit(0.0, "snare", 40), Hit(0.0, "side_stick", 90)]) == [Pad(RED, False, 90)]


def test_notes_flags_and_ticks(tmp_path):
    found = charted(
        tmp_path, Hit(0.0, "kick", 100), Hit(0.5, "snare", 120), Hit(1.0, "hihat_closed", 70), Hit(1.5, "snare", 30),
        Hit(2.0, "crash", 120), Hit(2.0, "kick", 127),
    )  # fmt: skip
    assert found == [
        (0, 0),
        (192, 1),
        (192, 34),
        (384, 2),
        (384, 66),
        (576, 1),
        (576, 40),
        (768, 0),
        (768, 4),
        (768, 68),
        (768, 37),
    ]


def test_fast_kicks_are_of_a_second_pedal_if_wanted(tmp_path):
    kicks = [Hit(0.125 * i, "kick", 100) for i in range(4)] + [Hit(2.0, "kick", 100)]
    assert [note for _, note in charted(tmp_path, *kicks)] == [0, 32, 0, 32, 0]
    assert [note for _, note in charted(tmp_path, *kicks, options=MidiOptions(one_pedal=True))] == [0] * 5


def test_tempi_and_meters(tmp_path):
    changing = TempoMap((0.0, 2.0, 4.0), (0.0, 4.0, 7.0), (MeterChange(0.0, Meter()), MeterChange(4.0, Meter(6, 8))))
    charted(tmp_path, Hit(0.0, "kick", 90), Hit(2.0, "kick", 90), rhythm=Rhythm(changing, 1.0, False))
    assert sections(tmp_path / "notes.chart")["SyncTrack"] == [
        (0, "TS 4"),
        (0, "B 120000"),
        (768, "TS 6 3"),
        (768, "B 90000"),
    ]


def test_the_folder_is_complete(tmp_path):
    song = write_audio(tmp_path / "My song.wav", beat(2.0))
    write(
        Transcription((Hit(0.5, "kick", 90),), 2.0, "", RHYTHM),
        tmp_path / "out" / "My song" / "notes.chart",
        recording=song,
    )
    folder = tmp_path / "out" / "My song"
    assert sorted(path.name for path in folder.iterdir()) == ["notes.chart", "song.ini", "song.wav"]
    assert (folder / "song.wav").read_bytes() == song.read_bytes()
    assert "pro_drums = True" in (folder / "song.ini").read_text()
    assert (-1, '"My song"') in sections(folder / "notes.chart")["Song"]
    assert (-1, "192") in sections(folder / "notes.chart")["Song"]


def test_what_a_charter_wrote_is_kept(tmp_path):
    (tmp_path / "song.ini").write_text("[song]\nartist = Me\n")
    charted(tmp_path, Hit(0.0, "kick", 90))
    assert "artist = Me" in (tmp_path / "song.ini").read_text()


def test_free_time_is_charted_at_a_nominal_tempo(tmp_path):
    assert charted(tmp_path, Hit(0.75, "kick", 90), rhythm=Rhythm(None, 0.9, False)) == [(288, 0)]
    assert sections(tmp_path / "notes.chart")["SyncTrack"] == [(0, "TS 4"), (0, "B 120000")]


def test_each_song_of_a_batch_has_a_folder(tmp_path):
    for name in ("a.wav", "sub/b.wav"):
        write_audio(tmp_path / "in" / name, beat(1.0))
    jobs = plan([tmp_path / "in"], tmp_path / "out", [FORMATS["chart"].ending, "mid"]).jobs
    assert [[p.relative_to(tmp_path / "out").as_posix() for p in job.outputs] for job in jobs] == [
        ["a/notes.chart", "a.mid"],
        ["sub/b/notes.chart", "sub/b.mid"],
    ]


def test_a_corrected_transcription_becomes_a_chart(tmp_path):
    write(Transcription((Hit(0.0, "kick", 90),), 4.0, "", RHYTHM), tmp_path / "a.json")
    result = CliRunner().invoke(main, ["convert", str(tmp_path / "a.json"), "-o", str(tmp_path / "a" / "notes.chart")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a" / "notes.chart").exists()
