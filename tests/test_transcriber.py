"""The same sound gives the same hits however it comes in; more sensitivity gives more hits; nothing gives none."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soxr
from conftest import RATE, beat, kick, write_audio

from drumscribe import DrumscribeError, Hit, TranscribeOptions, Transcriber, Transcription, transcribe


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber()


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Longer than a model takes at once."""
    noise = 1e-3 * np.random.default_rng(3).standard_normal(48 * RATE)
    return beat(48.0) + noise.astype(np.float32)


@pytest.fixture(scope="module")
def transcription(transcriber: Transcriber, sound: np.ndarray) -> Transcription:
    return transcriber.transcribe_array(sound, RATE)


def times_of(hits: tuple[Hit, ...], instrument: str) -> np.ndarray:
    return np.array([hit.time for hit in hits if hit.instrument == instrument])


@pytest.mark.parametrize(("instrument", "first"), [("kick", 0.25), ("snare", 0.75)])
def test_kick_and_snare_are_heard_at_their_attacks(transcription: Transcription, instrument: str, first: float) -> None:
    times = times_of(transcription.hits, instrument)
    expected = np.arange(first, 47.9, 1.0)
    nearest = times[np.argmin(np.abs(times[:, None] - expected), axis=0)]
    assert np.mean(np.abs(nearest - expected) < 0.02) > 0.9
    assert np.median(np.abs(nearest - expected)) < 0.003


def test_a_transcription_is_in_order_and_in_range(transcription: Transcription) -> None:
    assert transcription.duration == 48.0
    assert transcription.model.startswith("base ")
    assert all(a.time <= b.time for a, b in pairwise(transcription.hits))
    for hit in transcription.hits:
        assert 0.0 <= hit.time <= 48.0
        assert 1 <= hit.velocity <= 127
        assert 0.0 < hit.confidence <= 1.0
        assert isinstance(hit.time, float)
        assert isinstance(hit.velocity, int)


def test_answers_and_then_their_hits_are_a_transcription(
    transcriber: Transcriber, sound: np.ndarray, transcription: Transcription
) -> None:
    answers, times = transcriber.answers(sound, RATE), np.array([hit.time for hit in transcription.hits])
    kick = answers.activations[:, transcriber.info.columns.instruments.index("kick")]
    assert kick[np.argmin(np.abs(transcriber.times(answers) - 0.25))] > 0.5
    hits = transcriber.hits(answers, sound, RATE)
    assert [(h.time, h.articulation, h.velocity) for h in hits] == [
        (h.time, h.articulation, h.velocity) for h in transcription.hits
    ]
    by_peaks = np.array([hit.time for hit in transcriber.hits(answers)])
    assert np.mean(np.abs(by_peaks[:, None] - times).min(axis=1) < 0.02) > 0.9, "much the same without the sound"


def test_hits_of_answers_to_another_recording_are_refused(transcriber: Transcriber, sound: np.ndarray) -> None:
    answers = transcriber.answers(sound[: 5 * RATE], RATE)
    with pytest.raises(ValueError, match="do not belong to a recording of"):
        transcriber.hits(answers, sound[: 6 * RATE], RATE)
    with pytest.raises(ValueError, match="do not belong to a recording of"):
        transcriber.hits(answers, sound[: 4 * RATE], RATE)
    with pytest.raises(ValueError, match="needs a rate"):
        transcriber.answers(sound)


def test_no_drum_is_hit_twice_at_once(transcription: Transcription) -> None:
    strokes = [(hit.time, hit.instrument) for hit in transcription.hits]
    assert len(set(strokes)) == len(strokes)


@pytest.mark.parametrize("block", [997, 65536, 48 * RATE])
def test_hits_do_not_depend_on_the_blocks(transcriber, sound, transcription, block: int) -> None:
    blocks = (sound[i : i + block] for i in range(0, len(sound), block))
    assert transcriber.transcribe_blocks(blocks) == transcription


def test_a_transcriber_remembers_nothing_of_the_recording_before(transcriber, sound, transcription) -> None:
    transcriber.transcribe_array(beat(3.0), RATE)
    assert transcriber.transcribe_array(sound, RATE) == transcription


def test_a_file_gives_the_hits_of_the_array(tmp_path: Path, sound, transcription) -> None:
    path = write_audio(tmp_path / "takę.wav", sound, subtype="FLOAT")
    assert transcribe(path) == transcription
    assert transcribe(str(path)) == transcription


def test_a_passage_sounds_the_same_late_in_a_recording(transcriber, sound, transcription) -> None:
    repeated = transcriber.transcribe_blocks([sound] * 5)
    late = [hit for hit in repeated.hits if 4 * 48.0 + 3.0 <= hit.time < 5 * 48.0 - 3.0 and hit.confidence > 0.5]
    assert len(late) > 40
    for hit in late:
        assert np.abs(times_of(transcription.hits, hit.instrument) + 4 * 48.0 - hit.time).min() < 0.002


def test_channels_are_averaged(transcriber: Transcriber) -> None:
    mono = beat(4.0)
    stereo = np.stack([2.0 * mono, np.zeros_like(mono)], axis=1)
    assert transcriber.transcribe_array(stereo, RATE) == transcriber.transcribe_array(mono, RATE)


@pytest.mark.parametrize("rate", [48000, 96000])
def test_another_rate_gives_the_same_hits_within_2_ms(transcriber, sound, transcription, rate: int) -> None:
    other = transcriber.transcribe_array(soxr.resample(sound, RATE, rate), rate)
    info = transcriber.info
    enough = {name: value + 0.05 for name, value in zip(info.columns.instruments, info.thresholds, strict=True)}
    for these, those in ((other.hits, transcription.hits), (transcription.hits, other.hits)):
        for hit in these:
            if hit.confidence < enough[hit.instrument]:  # it may fall below the threshold
                continue
            assert np.abs(times_of(those, hit.instrument) - hit.time).min() < 0.002, hit
    assert other.duration == pytest.approx(48.0, abs=1e-3)


@pytest.mark.parametrize("length", [0, 1, 440, 44100])
def test_silence_has_no_hits(transcriber: Transcriber, length: int) -> None:
    transcription = transcriber.transcribe_array(np.zeros(length, np.float32), RATE)
    assert transcription.hits == ()
    assert transcription.duration == length / RATE


def test_one_sample_is_no_hit(transcriber: Transcriber) -> None:
    assert transcriber.transcribe_array(np.full(1, 0.5, np.float32), RATE).hits == ()
    assert transcriber.transcribe_array(np.full(1, 0.5, np.float32), 8000).hits == ()


def test_samples_that_are_no_sound_count_as_silence(transcriber: Transcriber) -> None:
    broken = beat(4.0)
    broken[10 * 441] = np.nan
    broken[20 * 441] = np.inf
    silenced = np.where(np.isfinite(broken), broken, 0.0).astype(np.float32)
    assert transcriber.transcribe_array(broken, RATE) == transcriber.transcribe_array(silenced, RATE)


def test_a_hit_on_the_very_first_sample_is_found(transcriber: Transcriber) -> None:
    sound = np.concatenate([kick(), np.zeros(RATE, np.float32)])
    kicks = times_of(transcriber.transcribe_array(sound, RATE).hits, "kick")
    assert len(kicks)
    assert kicks[0] < 0.01


def test_more_sensitivity_hears_more(sound: np.ndarray) -> None:
    faint = sound[: 8 * RATE] + 0.02 * np.random.default_rng(1).standard_normal(8 * RATE).astype(np.float32)
    found = [
        len(Transcriber(options=TranscribeOptions(sensitivity)).transcribe_array(faint, RATE).hits)
        for sensitivity in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_sensitivity_of_one_instrument_leaves_the_others_alone(sound: np.ndarray, transcription: Transcription) -> None:
    deaf = Transcriber(options=TranscribeOptions(instrument_sensitivity=(("kick", 0.0), ("snare", 1.0))))
    hits = deaf.transcribe_array(sound, RATE).hits
    assert len(times_of(hits, "kick")) <= len(times_of(transcription.hits, "kick"))
    assert len(times_of(hits, "snare")) >= len(times_of(transcription.hits, "snare"))
    for instrument in ("hihat", "tom", "cymbal", "side_stick"):
        np.testing.assert_array_equal(times_of(hits, instrument), times_of(transcription.hits, instrument))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"instrument_sensitivity": (("cowbell", 0.5),)}, "'cowbell' is not an instrument"),
        ({"instrument_sensitivity": (("kick", 1.5),)}, "kick 1.5"),
        ({"sensitivity": -0.1}, "sensitivity -0.1"),
        ({"sensitivity": float("nan")}, "sensitivity nan"),
    ],
)
def test_wrong_options_are_refused(options: dict, words: str) -> None:
    with pytest.raises(DrumscribeError, match=words):
        Transcriber(options=TranscribeOptions(**options))


def test_a_sound_of_ones_own_may_have_a_sensitivity_where_it_is_known() -> None:
    options = TranscribeOptions(instrument_sensitivity=(("cowbell", 0.7),))
    options.check_instruments(("cowbell",))
    assert options.sensitivities(["cowbell", "kick"]) == [0.7, 0.5]


@pytest.mark.parametrize("samples", [np.zeros(10, np.int64), np.zeros((2, 2, 2)), np.float32(1.0)])
def test_arrays_that_are_no_sound_are_refused(transcriber: Transcriber, samples: np.ndarray) -> None:
    with pytest.raises(ValueError, match="samples must be"):
        transcriber.transcribe_array(samples, RATE)


def test_an_array_needs_a_rate() -> None:
    with pytest.raises(ValueError, match="rate"):
        transcribe(np.zeros(10, np.float32))


def test_progress_tells_the_seconds_done(transcriber: Transcriber, take: Path) -> None:
    told: list[float] = []
    transcriber.transcribe_file(take, told.append)
    assert told == sorted(told)
    assert told[-1] == 2.0
