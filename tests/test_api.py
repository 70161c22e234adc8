"""The Python interface, as a notebook meets it."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import RATE, beat, write_audio

import drumscribe
from drumscribe import DrumscribeError, Hit, TranscribeOptions, Transcription, transcribe
from drumscribe.formats.export import read
from drumscribe.music.tempo_map import Meter, TempoMap
from drumscribe.music.transcription import Rhythm
from drumscribe.options import quantise_options, rhythm_options, transcribe_options
from drumscribe.sound.arrays import to_mono

TAKE = Transcription(
    (Hit(0.5, "kick", 100), Hit(1.0, "hihat_closed", 30), Hit(1.5, "kick", 90), Hit(1.6, "a<b", 80, 0.9, 60)),
    2.0,
    "base 1",
    Rhythm(TempoMap.steady(120, 0.5), 0.9, True),
)


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return 0.5 * beat(4.0)


@pytest.fixture(scope="module")
def heard(sound: np.ndarray) -> Transcription:
    return transcribe(sound, RATE)


def test_public_names_are_listed_and_only_those() -> None:
    names = "DrumscribeError Hit TranscribeOptions Transcriber Transcription __version__ transcribe"
    assert dir(drumscribe) == names.split()
    assert all(getattr(drumscribe, name) for name in dir(drumscribe))


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, drumscribe; print([n for n in ('numpy', 'numba', 'scipy', 'rich') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_a_call_writes_nothing_to_standard_error(take: Path) -> None:
    code = "import sys, drumscribe; print(len(drumscribe.transcribe(sys.argv[1]).hits))"
    done = subprocess.run([sys.executable, "-c", code, str(take)], capture_output=True, text=True)
    assert int(done.stdout) > 0
    assert done.stderr == ""


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.uint8, np.float64])
def test_integers_are_heard_as_floats_are(sound: np.ndarray, heard: Transcription, kind: type) -> None:
    scale = {np.int16: 32767, np.int32: 2**31 - 1, np.uint8: 127, np.float64: 1}[kind]
    taken = (sound * np.float64(scale) + (128 if kind is np.uint8 else 0)).astype(kind)
    found = transcribe(taken, RATE)
    kicks = [[hit.time for hit in t.hits if hit.instrument == "kick"] for t in (found, heard)]
    np.testing.assert_allclose(kicks[0], kicks[1], atol=0.002)
    if kind is not np.uint8:  # its noise may be heard
        assert len(found.hits) == len(heard.hits)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_are_found_whichever_axis_they_are(sound: np.ndarray, heard: Transcription, channels: int) -> None:
    first = np.tile(sound, (channels, 1))
    assert transcribe(first, RATE).hits == transcribe(first.T, RATE).hits
    assert [(hit.time, hit.articulation) for hit in transcribe(first, RATE).hits] == [
        (hit.time, hit.articulation) for hit in heard.hits
    ]


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((441, 500), np.float32), "more than 64 channels"),
        (np.zeros((2, 2, 2), np.float32), r"not \(2, 2, 2\)"),
        (np.zeros(10, np.complex64), "not complex64"),
        (np.zeros(10, np.int64), "not int64"),
    ],
)
def test_arrays_that_are_no_sound_are_refused(samples: np.ndarray, words: str) -> None:
    with pytest.raises(DrumscribeError, match=words):
        transcribe(samples, RATE)


@pytest.mark.parametrize(
    ("arguments", "named", "words"),
    [
        (("take.wav", 44100), {}, "take.wav: a file has its own rate"),
        ((np.zeros(9),), {}, "needs a rate"),
        *(((np.zeros(9), rate), {}, f"rate of {rate} is outside 1000 to 1000000") for rate in (0, 1, 2, 2**63)),
        *(((np.zeros(9), rate), {}, f"rate of {rate} is outside") for rate in (float("inf"), float("nan"))),
        ((np.zeros(9), "44100"), {}, "a rate of '44100' is not a number"),
        (("a.wav",), {"options": TranscribeOptions(), "tempo": 92}, "either options, or"),
        (("a.wav",), {"sensitivity": {"cowbell": 0.5}}, "'cowbell' is not an instrument"),
        (("a.wav",), {"meter": "4"}, "meter: '4' is not a meter"),
        (("a.wav",), {"meter": 4}, "meter: '4' is not a meter"),
        (("a.wav",), {"tempo": [92]}, "is neither a number"),
        (("a.wav",), {"shift_bar": float("nan")}, "shift_bar: nan is not a whole number"),
        (("a.wav",), {"shift_bar": 1.5}, "shift_bar: 1.5 is not a whole number"),
        (("a.wav",), {"reading": "2"}, "reading: '2' is not a whole number"),
        *(
            (("a.wav",), {"beats": beats}, "beats must be")
            for beats in ([1, float("nan"), 2], [1, float("inf")], 5, ["x"])
        ),
        (("a.wav",), {"tempo_range": "fast"}, "'fast' is not a range"),
        (("a.wav",), {"beats": [1.0, 0.5]}, "each after the one before"),
        (("a.wav",), {"quantize": "1/7"}, "'1/7' is not a grid"),
        (("a.wav",), {"swing": 60}, "need a grid"),
        (("a.wav",), {"kit": "nobody's"}, "nobody's"),
        (("a.wav",), {"model": "huge"}, "huge"),
        (("a.wav",), {}, "a.wav: cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(arguments: tuple, named: dict, words: str) -> None:
    with pytest.raises(DrumscribeError, match=words) as raised:
        transcribe(*arguments, **named)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kind", [">i2", ">i4", ">f4", ">f8"])
def test_either_order_of_bytes_is_heard(sound: np.ndarray, kind: str) -> None:
    scale = 1.0 if "f" in kind else -np.iinfo(kind).min
    np.testing.assert_allclose(to_mono((sound * scale).astype(kind)), to_mono(sound), atol=1e-4)


def test_absurd_samples_are_silence_as_in_a_file(sound: np.ndarray) -> None:
    wrong = sound.astype(np.float64)
    wrong[[5, 6, 7, 8]] = 1e30, -1e300, np.nan, np.inf
    assert not to_mono(wrong)[5:9].any()
    np.testing.assert_array_equal(to_mono(wrong)[9:], to_mono(sound)[9:])


def test_values_are_for_all_or_for_each() -> None:
    assert transcribe_options(0.3).sensitivity == 0.3
    options = transcribe_options({"all": 0.6, "hihat": 0.3}, True, rhythm_options(92, meter="6/8"))
    assert (options.sensitivity, options.instrument_sensitivity) == (0.6, (("hihat", 0.3),))
    assert options.percussion and options.rhythm.tempo == 92 and options.rhythm.meter == Meter(6, 8)
    assert rhythm_options(tempo_range=(70, 140)) == rhythm_options(tempo_range="70-140")
    assert rhythm_options(beats=[0.5, 1.0]).beats.times == (0.5, 1.0)
    quantised = quantise_options({"all": "1/16", "tom": "off"}, strength=80, window={"snare": 40})
    own = dict(quantised.instruments)
    assert str(quantised.settings.grid) == "1/16" and quantised.settings.strength == 0.8
    assert own["tom"].grid is None and own["snare"].window == 0.04 and own["tom"].window is None


def test_what_is_asked_for_is_done(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "take.wav", beat(8.0))
    found = transcribe(path, tempo=120, sensitivity={"hihat": 0.0}, quantize="1/8", strength=100)
    assert found.rhythm.tempo == pytest.approx(120, rel=0.01)
    assert all(hit.quarter is not None and hit.quarter % 0.5 == 0 for hit in found.hits)
    assert transcribe(path, tempo=60).rhythm.tempo == pytest.approx(60, rel=0.01)
    same = TranscribeOptions(instrument_sensitivity=(("hihat", 0.0),), rhythm=rhythm_options(120))
    assert transcribe(str(path), options=same).rhythm == found.rhythm


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("x.mid", b"MThd"),
        ("x.csv", b"time,articulation"),
        ("x.json", b'{"format"'),
        ("x.labels.txt", b"0.500000\t"),
        ("x.markers.csv", b"#,Name"),
    ],
)
def test_saving_takes_the_format_of_the_name(tmp_path: Path, name: str, begins: bytes) -> None:
    assert TAKE.save(tmp_path / "new" / name) == tmp_path / "new" / name
    assert (tmp_path / "new" / name).read_bytes().startswith(begins)


def test_saving_takes_the_options_of_midi(tmp_path: Path) -> None:
    TAKE.save(tmp_path / "x.mid", drum_map="td", split_tracks=True)
    assert [hit.articulation for hit in read(tmp_path / "x.mid").hits][:2] == ["kick", "hihat_closed"]
    assert (tmp_path / "x.mid").read_bytes().count(b"MTrk") == 4
    TAKE.save(tmp_path / "x.mid", midi_type=0)
    assert (tmp_path / "x.mid").read_bytes().count(b"MTrk") == 1


def test_saving_elsewhere_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DrumscribeError, match=r"x\.wav: no format has this ending: .*\.mid"):
        TAKE.save(tmp_path / "x.wav")
    (tmp_path / "file").touch()
    with pytest.raises(DrumscribeError, match=r"x\.mid: cannot be written"):
        TAKE.save(tmp_path / "file" / "x.mid")


def test_plain_data_are_those_of_the_json_file(tmp_path: Path) -> None:
    TAKE.save(tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text()) == TAKE.to_dict()


def test_a_data_frame_has_a_row_for_each_hit() -> None:
    pytest.importorskip("pandas")
    frame = TAKE.to_dataframe()
    assert list(frame.columns) == ["time", "articulation", "instrument", "note", "velocity", "confidence"]
    assert frame.groupby("instrument").velocity.max().to_dict() == {"kick": 100, "hihat": 30, "a<b": 80}
    assert list(Transcription((), 1.0).to_dataframe().columns) == list(frame.columns)


def test_without_pandas_one_line_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(DrumscribeError, match="pip install pandas"):
        TAKE.to_dataframe()


def test_what_is_shown_is_short() -> None:
    assert repr(TAKE) == "<Transcription of 2.0 s, 120 BPM, 4/4: kick 2, hihat 1, a<b 1>"
    assert repr(Transcription((), 1.0)) == "<Transcription of 1.0 s: no drums>"


def test_a_notebook_shows_a_lane_for_each_articulation() -> None:
    page = ElementTree.fromstring(TAKE._repr_html_().replace("<br>", ""))
    svg = page.find("{http://www.w3.org/2000/svg}svg")
    assert [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")] == ["a<b", "hihat closed", "kick"]
    strokes = [path.get("d").count("v") for path in svg.iter("{http://www.w3.org/2000/svg}path")]
    assert strokes == [1, 1, 1, 2], "a bar line, and the strokes of each lane"


def test_hours_make_a_small_picture() -> None:
    hits = tuple(Hit(i / 10, "snare", 1 + i % 127) for i in range(100_000))
    assert len(Transcription(hits, 10_000.0)._repr_html_()) < 40_000
    assert "svg" in Transcription((), 0.0)._repr_html_()
