"""Sound in: what is read, at what length and place, and how it fails."""

import struct
import tracemalloc
import warnings

import numpy as np
import pytest
from conftest import RATE, beat, write_audio

from drumscribe.errors import AudioError
from drumscribe.sound.audio import AudioInfo, AudioWarning, IncompleteWarning, load, probe, read_blocks


def clicks(rate: int, seconds: float = 1.0) -> np.ndarray:
    """Short raised-cosine pulses at 0.1, 0.35, 0.6 ... s, wide enough to survive any rate and codec."""
    t = np.arange(int(rate * seconds)) / rate
    away = (t - 0.1 + 0.125) % 0.25 - 0.125
    return np.where(np.abs(away) < 0.001, 0.4 * (1 + np.cos(np.pi * away / 0.001)), 0).astype(np.float32)


def shift_in_seconds(samples: np.ndarray, reference: np.ndarray, rate: int) -> float:
    """How much later the samples are than the reference: the parabola through the peak of their correlation."""
    size = len(samples) + len(reference)
    product = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(reference, size)), size)
    peak = int(product.argmax())
    left, top, right = product[peak - 1], product[peak], product[(peak + 1) % size]
    peak = peak - size if peak > size // 2 else peak
    return (peak + 0.5 * (left - right) / (left - 2 * top + right)) / rate


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("a.wav", {"subtype": "PCM_U8"}, 0.01),
        ("a.wav", {"subtype": "PCM_16"}, 1e-4),
        ("a.wav", {"subtype": "PCM_24"}, 1e-6),
        ("a.wav", {"subtype": "PCM_32"}, 1e-6),
        ("a.wav", {"subtype": "FLOAT"}, 0),
        ("a.wav", {"subtype": "DOUBLE"}, 0),
        ("a.WAV", {"subtype": "ULAW"}, 0.03),
        ("a.aiff", {}, 1e-4),
        ("a.aif", {"format": "AIFF", "subtype": "PCM_24"}, 1e-6),
        ("a.flac", {}, 1e-4),
        ("a.flac", {"subtype": "PCM_24"}, 1e-6),
        ("a.ogg", {}, 0.1),
        ("a.mp3", {}, 0.1),
    ],
)
def test_every_format_gives_the_same_sound(tmp_path, name, options, tolerance):
    sound = clicks(RATE)
    path = write_audio(tmp_path / name, sound, **options)
    read = load(path, RATE)
    assert read.dtype == np.float32 and read.shape == sound.shape
    assert np.abs(read - sound).max() <= tolerance
    assert abs(shift_in_seconds(read, sound, RATE)) < 1e-4
    assert probe(path) == AudioInfo(duration=1.0, rate=RATE, channels=1)


def test_opus_is_neither_longer_nor_later(tmp_path):
    path = write_audio(tmp_path / "a.opus", clicks(48000), 48000)
    read = load(path, RATE)
    assert len(read) == RATE
    assert abs(shift_in_seconds(read, clicks(RATE), RATE)) < 1e-3


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44056, 48000, 88200, 96000, 192000])
@pytest.mark.parametrize("frames_over", [0, 1, 17])
def test_resampling_keeps_length_and_place(tmp_path, rate, frames_over):
    sound = np.append(clicks(rate), np.zeros(frames_over, np.float32))
    read = load(write_audio(tmp_path / "a.wav", sound, rate, subtype="FLOAT"), RATE)
    assert len(read) == round(len(sound) * RATE / rate)
    assert abs(shift_in_seconds(read, clicks(RATE), RATE)) < 2e-5


def test_an_mp3_is_the_same_whatever_is_read_at_once(tmp_path):
    import soundfile

    sound = np.tile(clicks(RATE), 5)
    path = write_audio(tmp_path / "a.mp3", sound)
    np.testing.assert_array_equal(load(path, RATE), soundfile.read(path, dtype="float32")[0])


def test_every_block_size_gives_the_same_samples(tmp_path):
    path = write_audio(tmp_path / "a.wav", beat(1.0, 48000), 48000)
    whole = load(path, RATE)
    for size in (1, 100, 4096, 10**9):
        if size == 1:
            path = write_audio(tmp_path / "short.wav", beat(0.3, 48000), 48000)
            expected = load(path, RATE)
        else:
            path, expected = tmp_path / "a.wav", whole
        assert np.array_equal(np.concatenate(list(read_blocks(path, RATE, size))), expected)


def test_blocks_are_small_however_many_channels_and_however_long(tmp_path):
    path = write_audio(tmp_path / "wide.wav", np.zeros((20000, 256), np.float32))
    blocks = list(read_blocks(path, RATE))
    assert sum(map(len, blocks)) == 20000
    assert max(map(len, blocks)) * 256 * 4 < 4 << 20


def test_a_long_recording_takes_no_more_memory_than_its_blocks(tmp_path):
    path = write_audio(tmp_path / "long.wav", np.zeros(600 * 8000, np.int16), 8000)
    next(read_blocks(path, RATE))  # loads what it needs
    tracemalloc.start()
    samples = sum(map(len, read_blocks(path, RATE)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert samples == 600 * RATE
    assert peak < 8 << 20  # the whole would be 100 MiB


def test_channels_are_averaged(tmp_path):
    channels = np.stack([beat() * gain for gain in (1.0, 0.5, 0.0, 0.25, 0.0, 0.5)], axis=1)
    path = write_audio(tmp_path / "surround.wav", channels, subtype="FLOAT")
    np.testing.assert_allclose(load(path, RATE), beat() * 2.25 / 6, atol=1e-6)
    assert probe(path).channels == 6


@pytest.mark.parametrize("frames", [0, 1])
@pytest.mark.parametrize("rate", [RATE, 8000, 96000])
def test_a_recording_of_no_or_one_sample_is_valid(tmp_path, frames, rate):
    path = write_audio(tmp_path / "short.wav", np.ones(frames, np.float32), rate)
    assert len(load(path, RATE)) == round(frames * RATE / rate)
    assert probe(path).duration == frames / rate


def test_samples_that_are_no_numbers_are_silence_with_one_warning(tmp_path):
    sound = np.stack([beat(), beat()], axis=1)
    sound[1000:1010, 0] = np.nan
    sound[70000, 1] = np.inf
    sound[80000] = 3e38
    path = write_audio(tmp_path / "bad.wav", sound, subtype="FLOAT")
    with pytest.warns(
        AudioWarning, match=r"bad\.wav: 12 invalid samples .NaN, infinite or absurdly large., the first at 0\.02 s"
    ) as caught:
        read = load(path, RATE)
    assert len(caught) == 1
    expected = sound.copy()
    expected[1000:1010, 0] = expected[70000, 1] = expected[80000] = 0
    np.testing.assert_allclose(read, expected.mean(axis=1), atol=1e-6)


def test_a_good_file_warns_of_nothing(take):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(take, RATE)


def damaged(path, how):
    """A file after what happens to files."""
    data = path.read_bytes()
    path.write_bytes(how(data))
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("share", [0.4, 0.9])
def test_a_truncated_file_is_read_as_far_as_it_goes_with_a_warning(tmp_path, name, share):
    noise = 0.1 * np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32)
    whole = load(write_audio(tmp_path / name, noise), RATE)
    path = damaged(tmp_path / name, lambda data: data[: int(len(data) * share)])
    with pytest.warns(IncompleteWarning, match=rf"{name}: breaks off after \d\.\d s.*: the rest is missing") as caught:
        read = load(path, RATE)
    assert len(caught) == 1
    assert len(read) == pytest.approx(share * 5 * RATE, abs=0.8 * RATE if name == "a.ogg" else 0.2 * RATE)
    kept = len(read) - RATE // 10
    assert np.array_equal(read[:kept], whole[:kept])


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize(
    "content", [b"just text, no sound " * 500, bytes(5000), b"RIFF\xff\xff\xff\xffWAVEfmt ", b"OggS", b"fLaC", b"ID3"]
)
def test_what_is_not_audio_is_refused_in_one_line(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError, match=f"{name}: not a readable audio file") as error:
        load(path, RATE)
    assert "\n" not in str(error.value) and "convert" in str(error.value)


@pytest.mark.parametrize("suffix", ["m4a", "aac", "WMA"])
def test_formats_that_cannot_be_read_are_named_with_the_way_out(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr("drumscribe.sound.media.is_available", lambda: False)
    path = tmp_path / f"song.{suffix}"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(1000))
    with pytest.raises(AudioError, match=rf"song\.{suffix}: {suffix} cannot be read .*: pip install .*media"):
        probe(path)


def test_a_headerless_file_is_not_guessed_at(tmp_path):
    for name in ("a.raw", "a.au", "a.vox"):
        (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(5000))
        with pytest.raises(AudioError, match="not a readable audio file"):
            load(tmp_path / name, RATE)


def test_an_empty_file_a_folder_and_nothing_at_all_are_told_apart(tmp_path):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(AudioError, match=r"empty\.wav: the file is empty"):
        probe(tmp_path / "empty.wav")
    with pytest.raises(AudioError, match=r"folder\.wav: this is a folder"):
        probe(tmp_path / "folder.wav")
    with pytest.raises(AudioError, match=r"missing\.wav: cannot be read: No such file"):
        probe(tmp_path / "missing.wav")


def test_a_file_without_permission_says_so(take, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(AudioError, match=r"take\.wav: cannot be read: Permission denied"):
        load(take, RATE)


def with_data_size(size):
    def edit(data: bytes) -> bytes:
        at = data.index(b"data") + 4
        return data[:at] + struct.pack("<I", size) + data[at + 4 :]

    return edit


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 36])
def test_a_wav_from_a_pipe_whose_size_was_unknown_is_read_whole(take, size):
    assert len(load(damaged(take, with_data_size(size)), RATE)) == 2 * RATE


@pytest.mark.parametrize("size", [0, 4 * RATE // 8, 2 * RATE])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_sound_that_the_header_of_a_wav_does_not_count_is_read(tmp_path, size, subtype):
    """Of a recorder that crashed, or of a file above 4 GiB, whose size wrapped."""
    sound = np.stack([beat(3.0), 0.5 * beat(3.0)], axis=1)
    path = write_audio(tmp_path / "a.wav", sound, subtype=subtype)
    whole = load(path, RATE)
    damaged(path, with_data_size(size))
    with pytest.warns(IncompleteWarning, match=r"a\.wav: its header counts \d\.\d s of sound, but the file has 3\.0 s"):
        read = load(path, RATE)
    np.testing.assert_array_equal(read, whole)


def test_chunks_after_the_sound_are_no_sound(take):
    data = take.read_bytes()
    more = b"LIST" + struct.pack("<I", 10) + b"INFOabcdef"
    for tail in (more, more + b"\0" * 500, bytes(3000)):
        take.write_bytes(data + tail)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert len(load(take, RATE)) == 2 * RATE


def test_a_flac_of_unknown_length_is_read_to_its_end_with_a_warning(tmp_path):
    def forget_length(data: bytes) -> bytes:
        streaminfo = int.from_bytes(data[18:26], "big") >> 36 << 36
        return data[:18] + streaminfo.to_bytes(8, "big") + data[26:]

    path = write_audio(tmp_path / "a.flac", beat())
    whole = load(path, RATE)
    damaged(path, forget_length)
    with pytest.warns(IncompleteWarning, match=r"a\.flac: its header does not give its length: read to its end"):
        np.testing.assert_array_equal(load(path, RATE), whole)
    with pytest.warns(IncompleteWarning):
        assert probe(path).duration == len(whole) / RATE


def without_first_mp3_frame(data: bytes) -> bytes:
    return data[data.index(data[:2], 4) :]


@pytest.mark.parametrize("decoder", [True, False])
def test_an_mp3_is_never_read_in_part(tmp_path, monkeypatch, decoder):
    if decoder:
        pytest.importorskip("av")
    else:
        monkeypatch.setattr("drumscribe.sound.media.is_available", lambda: False)

    def check_longer(path, seconds):
        """It is read to its end where something can, else refused with what can."""
        if not decoder:
            with pytest.raises(AudioError, match=r"a\.mp3: holds more audio.*drumscribe\[media\]"):
                load(path, RATE)
            return
        with pytest.warns(IncompleteWarning, match=r"a\.mp3: holds \d\.\d s more than its header declares: read to"):
            assert len(load(path, RATE)) == pytest.approx(seconds * RATE, abs=RATE / 4)

    noise = 0.3 * np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32)
    low, high = (
        write_audio(tmp_path / f"{level}.mp3", noise, compression_level=level, bitrate_mode="CONSTANT").read_bytes()
        for level in (0.99, 0.0)
    )
    path = tmp_path / "a.mp3"
    # A constant bit rate, and no header that counts the frames: the length is as good as known.
    path.write_bytes(without_first_mp3_frame(low))
    assert len(load(path, RATE)) == pytest.approx(3 * RATE, abs=RATE / 4)
    # A rate that falls: the length guessed from the first frame is too short. A rate that rises: too long.
    path.write_bytes(without_first_mp3_frame(high) + without_first_mp3_frame(low))
    check_longer(path, 6)
    path.write_bytes(without_first_mp3_frame(low) + without_first_mp3_frame(high))
    assert len(load(path, RATE)) == pytest.approx(6 * RATE, abs=RATE / 4)
    # Two files in one, of which the header counts the first.
    path.write_bytes(high + high)
    check_longer(path, 6)


def test_an_mp3_cut_between_frames_is_whole_whatever_its_header_says(tmp_path):
    path = write_audio(tmp_path / "a.mp3", beat(), bitrate_mode="CONSTANT", compression_level=0.5)
    second = path.read_bytes().index(path.read_bytes()[:3], 4)
    cut = damaged(path, lambda data: data[: data.index(data[second : second + 3], len(data) // 2)])
    assert RATE * 0.8 < len(load(cut, RATE)) < RATE * 1.2


@pytest.mark.parametrize("name", ["Schlagzeug übung.wav", "ドラム.flac", "take 'one' [final] #2.wav"])
def test_any_name_can_be_read(tmp_path, name):
    assert len(load(write_audio(tmp_path / name, beat()), RATE)) == 2 * RATE
