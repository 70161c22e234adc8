"""What people drop: m4a, aac, wma and videos are heard to the sample; without a decoder the way out is named."""

import shutil
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import RATE, beat, write_audio

from drumscribe.batch.plan import PlanError, plan
from drumscribe.cli import main
from drumscribe.errors import AudioError
from drumscribe.sound import media
from drumscribe.sound.audio import IncompleteWarning, load, probe, read_blocks

av = pytest.importorskip("av")

ENCODERS = {
    "a.m4a": ("aac", "fltp"),
    "a.aac": ("aac", "fltp"),
    "a.mp4": ("aac", "fltp"),
    "a.mov": ("pcm_s16le", "s16"),
    "a.mkv": ("flac", "s16"),
    "a.webm": ("libopus", "fltp"),
    "a.wma": ("wmav2", "fltp"),
    "a.mka": ("ac3", "fltp"),
}

NEEDS_FFMPEG = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg on the PATH")


def encode(path, samples: np.ndarray, rate: int = 48000):
    """Write stereo sound as ffmpeg would."""
    codec, kind = ENCODERS[path.name]
    with av.open(str(path), "w", format="adts" if path.suffix == ".aac" else None) as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        if codec != "pcm_s16le" and codec != "flac":
            stream.bit_rate = 256000
        resampler = av.AudioResampler(
            format=kind, layout="stereo", rate=rate, frame_size=stream.codec_context.frame_size
        )
        frame = av.AudioFrame.from_ndarray(np.stack([samples, samples]).astype(np.float32), "fltp", "stereo")
        frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux([packet for packet in stream.encode(None) if packet.dts is not None])
    return path


def shift(read: np.ndarray, sound: np.ndarray) -> int:
    """Samples by which what was read is late."""
    size = 1 << (len(read) + len(sound)).bit_length()
    spectrum = np.fft.rfft(read, size) * np.conj(np.fft.rfft(sound, size))
    peak = int(np.argmax(np.fft.irfft(spectrum)))
    return peak if peak < size // 2 else peak - size


@pytest.mark.parametrize("name", ENCODERS)
def test_each_format_is_heard_where_it_was_played(tmp_path, name):
    sound = beat(3.0, 48000)
    read = load(encode(tmp_path / name, sound), 48000)
    # Raw aac and wma have nowhere to say how long the encoder's delay is; ffmpeg hears them as early or late.
    assert abs(shift(read, sound)) <= {"a.aac": 1024, "a.wma": 2048}.get(name, 0)
    assert len(read) == pytest.approx(len(sound), abs=4096)


def test_the_header_is_read_without_decoding(tmp_path):
    info = probe(encode(tmp_path / "a.m4a", beat(3.0, 48000)))
    assert (info.rate, info.channels) == (48000, 2)
    assert info.duration == pytest.approx(3.0, abs=0.05)


@NEEDS_FFMPEG
@pytest.mark.parametrize("name", ENCODERS)
def test_ffmpeg_and_pyav_hear_the_same(tmp_path, name, monkeypatch):
    path = encode(tmp_path / name, beat(3.0, 48000))
    here, probed = load(path, 48000), probe(path)
    monkeypatch.setattr(media, "find_spec", lambda name: None)
    beside = load(path, 48000)
    assert len(here) == len(beside)
    np.testing.assert_allclose(here, beside, atol=1e-4)
    assert probe(path).duration == pytest.approx(probed.duration, abs=0.05)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def blotted(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(3000) + data[middle + 3000 :]


@pytest.mark.parametrize("decoder", ["pyav", pytest.param("ffmpeg", marks=NEEDS_FFMPEG)])
@pytest.mark.parametrize(
    ("harm", "name"),
    [
        *((cut, name) for name in ("a.aac", "a.mkv", "a.webm", "a.wma", "a.mka")),
        *((blotted, name) for name in ("a.m4a", "a.aac", "a.mp4", "a.mkv", "a.webm", "a.wma", "a.mka")),
    ],
)
def test_a_damaged_file_is_read_as_far_as_it_goes_with_a_warning(tmp_path, harm, name, decoder, monkeypatch):
    if decoder == "ffmpeg":
        monkeypatch.setattr(media, "find_spec", lambda name: None)
    noise = 0.05 * np.random.default_rng(0).standard_normal(6 * 48000).astype(np.float32)
    path = encode(tmp_path / name, beat(6.0, 48000) + noise)
    whole = load(path, 48000)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.warns(IncompleteWarning, match=rf"{name}: breaks off after \d\.\d s.*: the rest is missing") as caught:
        read = load(path, 48000)
    assert len(caught) == 1
    assert 2.5 * 48000 < len(read) < 5.5 * 48000
    np.testing.assert_allclose(read[: 5 * 24000], whole[: 5 * 24000], atol=1e-4)


def test_long_files_take_no_more_memory(tmp_path):
    path = encode(tmp_path / "a.mkv", np.tile(beat(3.0, 48000), 40))
    next(read_blocks(path, 48000))
    tracemalloc.start()
    samples = sum(map(len, read_blocks(path, 48000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert samples == pytest.approx(120 * 48000, abs=48000)
    assert peak < 8 << 20  # the whole would be 44 MiB


@pytest.mark.parametrize("content", [b"no sound at all " * 100, b"\0\0\0\x20ftypM4A " + bytes(1000)])
def test_what_is_no_sound_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "a.m4a").write_bytes(content)
    with pytest.raises(AudioError, match=r"a\.m4a: has no sound that can be decoded, or is damaged"):
        load(tmp_path / "a.m4a", RATE)


def test_flac_in_ogg_is_read_too(tmp_path):
    path = tmp_path / "a.ogg"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray((beat(2.0, 48000)[None] * 32767).astype(np.int16), "s16", "mono")
        frame.rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        container.mux(stream.encode(frame))
        container.mux([packet for packet in stream.encode(None) if packet.dts is not None])
    assert len(load(path, 48000)) == 2 * 48000


@pytest.fixture
def nothing_decodes(monkeypatch):
    monkeypatch.setattr(media, "find_spec", lambda name: None)
    monkeypatch.setattr(media.shutil, "which", lambda name: None)


def test_without_a_decoder_the_command_is_named(tmp_path, nothing_decodes):
    path = encode(tmp_path / "a.m4a", beat(1.0, 48000))
    with pytest.raises(AudioError, match=r'a\.m4a: m4a cannot be read without .*: pip install "drumscribe\[media\]"'):
        load(path, RATE)


def test_a_folder_counts_what_is_left_out(tmp_path, nothing_decodes):
    write_audio(tmp_path / "in" / "a.wav", beat(1.0))
    for name in ("b.mp4", "c.MP4", "d.m4a"):
        (tmp_path / "in" / name).write_bytes(b"sound")
    planned = plan([tmp_path / "in"], tmp_path / "out")
    assert [job.source.name for job in planned.jobs] == ["a.wav"]
    assert planned.notes == ('3 files skipped: .m4a, .mp4; to read them: pip install "drumscribe[media]"',)
    (tmp_path / "in" / "a.wav").unlink()
    with pytest.raises(PlanError, match=r"no recordings found in .*3 files skipped"):
        plan([tmp_path / "in"], tmp_path / "out")


def test_with_a_decoder_a_folder_is_taken_whole(tmp_path):
    for name in ("b.mp4", "c.caf", "d.m4a", "e.txt"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"sound")
    planned = plan([tmp_path / "in"], tmp_path / "out")
    assert [job.source.name for job in planned.jobs] == ["b.mp4", "c.caf", "d.m4a"]
    assert planned.notes == ()


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_a_file_that_ends_early_is_transcribed_unless_strict(tmp_path, monkeypatch, options, code):
    from fakes import FakeTranscriber

    monkeypatch.setattr("drumscribe.cli.build.make_transcriber", FakeTranscriber)
    path = write_audio(tmp_path / "a.wav", beat(4.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    words = ["transcribe", str(path), "--out", str(tmp_path / "out"), "--jobs", "1", *options]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == code
    assert "breaks off after 2.0 s of 4.0 s" in result.output
    assert (tmp_path / "out" / "a.mid").exists() == (code == 0)
