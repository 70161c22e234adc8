"""Songs and programmed patterns that training sound is made of: what is played, when, and who plays along."""

from multiprocessing import get_context
from pathlib import Path

import mido
import numpy as np
import pytest
from conftest import write_audio
from drumscribe.training.data.songs import read_arrangements, read_songs
from drumscribe.training.data.sources import PERCUSSION, RATE, Piece
from drumscribe.training.rendering.kits import KitMaker
from drumscribe.training.rendering.production import crackle, cut_off, in_room
from drumscribe.training.rendering.scores import electronic_pattern
from drumscribe.training.rendering.songs import Songbook, amplified, layer_of
from drumscribe.training.rendering.soundfonts import made_once
from drumscribe.training.rendering.sustained import drone, hiss
from drumscribe.training.rendering.variations import vary

from drumscribe.music.drums import ARTICULATIONS
from drumscribe.synthesis.effects import band_limits, equalise, rms
from drumscribe.synthesis.one_shots import OneShot

BEAT_S = 0.5


def write_arrangement(path: Path, bars: int = 16) -> None:
    """Four beats a bar at 120 BPM: two kicks at once and a snare on channel 10, a driven guitar, a bass."""
    midi = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    midi.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=500000, time=0))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4, time=0))
    track.append(mido.Message("program_change", channel=0, program=30, time=0))
    track.append(mido.Message("program_change", channel=1, program=33, time=0))
    for _ in range(2 * bars):
        for notes in ((36, 35), (38, 60)):
            drums = [mido.Message("note_on", channel=9, note=note, velocity=100, time=0) for note in notes]
            band = [mido.Message("note_on", channel=c, note=n, velocity=90, time=0) for c, n in ((0, 52), (1, 40))]
            track.extend((*drums, *band))
            track.append(mido.Message("note_off", channel=0, note=52, time=480))
            track.append(mido.Message("note_off", channel=1, note=40, time=0))
    midi.save(path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A recorded song of each split, whose instruments tick on every beat; an arrangement of each split."""
    for name in ("caesium", "hydrogen"):
        folder = tmp_path / "data" / "songs" / name
        ticks = np.zeros(30 * RATE, np.float32)
        ticks[:: int(BEAT_S * RATE)] = 0.5
        write_audio(folder / "instruments.ogg", ticks)
        write_audio(folder / "vocals.ogg", np.zeros_like(ticks))
        text = f"bpm = {60 / BEAT_S}\nbeats_per_bar = 4\nfirst_downbeat = 0.0\nseconds = 30.0\n"
        (folder / "song.toml").write_text(text, encoding="utf-8")
    (tmp_path / "data" / "arrangements").mkdir()
    for name in ("d_e1m1", "d_e1m3"):
        write_arrangement(tmp_path / "data" / "arrangements" / f"{name}.mid")
    return tmp_path / "data"


def test_no_song_is_in_both_splits(data: Path) -> None:
    names = {
        split: [
            song.name for song in (*read_songs(data / "songs", split), *read_arrangements(data / "arrangements", split))
        ]
        for split in ("train", "validation")
    }
    assert names == {"train": ["caesium", "d_e1m1"], "validation": ["hydrogen", "d_e1m3"]}


def test_an_arrangement_has_its_drum_part_and_two_notes_at_once_are_one_stroke(data: Path) -> None:
    (piece,) = read_arrangements(data / "arrangements", "train")
    assert (piece.beat, piece.beats_per_bar) == (0.5, 4.0)
    assert piece.roles[:4] == ("kick", "percussion", "snare", "kick")
    np.testing.assert_allclose(piece.times[:4], [0.0, 0.5, 0.5, 1.0], atol=1e-6)


def test_recorded_songs_begin_on_a_bar_line(data: Path, tmp_path: Path) -> None:
    book = Songbook(data, tmp_path / "cache", "train")
    for seed in range(4):
        rng = np.random.default_rng(seed)
        passage = book.recorded(rng, 4.0)
        sound = passage.accompany(rng)
        if not sound.any():  # the voice alone, which is silent here
            continue
        loud = np.flatnonzero(np.abs(sound) > 0.3 * np.abs(sound).max()) / RATE
        from_beat = np.minimum(loud % BEAT_S, BEAT_S - loud % BEAT_S)
        assert np.median(from_beat) < 0.03
        assert rms(sound) == pytest.approx(0.1, rel=1e-3)


def test_layers_of_an_arrangement_part_driven_guitars_from_the_rest(data: Path) -> None:
    path = data / "arrangements" / "d_e1m1.mid"
    played = {
        layer: {(m.channel, m.note) for m in layer_of(path, layer).tracks[0] if m.type == "note_on"}
        for layer in ("driven", "clean", "rest")
    }
    assert played == {"driven": {(0, 52)}, "clean": {(0, 52)}, "rest": {(1, 40)}}
    programs = [m.program for m in layer_of(path, "clean").tracks[0] if m.type == "program_change"]
    assert programs == [27, 33]
    assert layer_of(path, "rest").length == pytest.approx(32.0)


def test_an_amplified_guitar_reaches_the_range_of_cymbals() -> None:
    t = np.arange(RATE) / RATE
    strings = sum(
        np.sin(2 * np.pi * 110 * k * interval * t) / k**2 for interval in (1.0, 1.5, 2.0) for k in range(1, 9)
    )
    note = (0.1 * strings * np.exp(-2 * t)).astype(np.float32)
    shares = []
    for seed in range(12):
        loud = np.square(np.abs(np.fft.rfft(amplified(note, np.random.default_rng(seed)))))
        shares.append(loud[6000:].sum() / loud.sum())
    clean = np.square(np.abs(np.fft.rfft(note)))
    assert clean[6000:].sum() / clean.sum() < 1e-6
    assert max(shares) > 0.001, "as loud as 30 dB below all of it: more than recorded ones have"


def _write(target: Path) -> None:
    made_once(target, lambda path: path.write_text("whole", encoding="utf-8"))


def test_two_processes_may_make_one_file_at_once(tmp_path: Path) -> None:
    target = tmp_path / "line.wav"
    processes = [get_context("spawn").Process(target=_write, args=(target,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["line.wav"]


def _beside(score, one: str, other: str) -> float:
    """The share of strokes of one drum with a stroke of the other within 20 ms."""
    own = score.times[[role == one for role in score.roles]]
    others = score.times[[role == other for role in score.roles]]
    if not len(own) or not len(others):
        return np.nan
    return float(np.mean(np.abs(own[:, None] - others).min(axis=1) < 0.02))


def test_kicks_are_heard_with_and_without_a_closed_hat() -> None:
    rng = np.random.default_rng(1)
    shares = np.array([_beside(electronic_pattern(rng, 12.0), "kick", "hihat_closed") for _ in range(300)])
    shares = shares[np.isfinite(shares)]
    assert np.mean(shares < 0.2) > 0.1, "hats only off the beat"
    assert np.mean(shares > 0.8) > 0.1, "hats on every kick"


def test_any_two_drums_are_struck_together() -> None:
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(400):
        score = vary(electronic_pattern(rng, 8.0), rng, 8.0)
        if set(score.roles) >= {"kick", "snare", "tom_low"} and _beside(score, "snare", "kick") > 0.4:
            seen.add("kick and snare" if _beside(score, "snare", "tom_low") < 0.4 else "with a tom")
    assert seen == {"kick and snare", "with a tom"}


def test_nobody_strikes_side_stick_and_snare_at_once() -> None:
    rng = np.random.default_rng(5)
    sticks = 0
    for _ in range(200):
        score = vary(electronic_pattern(rng, 8.0), rng, 8.0)
        roles = np.array(score.roles)
        own, heads = score.times[roles == "side_stick"], score.times[np.isin(roles, ["snare", "rimshot"])]
        sticks += len(own)
        assert np.all(np.abs(own[:, None] - heads) >= 0.03)
    assert sticks > 100


def test_kick_and_snare_are_sometimes_struck_only_together() -> None:
    always = 0
    for seed in range(500):
        rng = np.random.default_rng(seed)
        score = vary(electronic_pattern(rng, 8.0), rng, 8.0)
        roles = np.array(score.roles)
        kicks, snares = (score.times[roles == role] for role in ("kick", "snare"))
        if len(kicks) >= 4 and len(snares) >= 4:
            apart = np.abs(kicks[:, None] - snares)
            always += bool(apart.min(axis=0).max() < 0.02 and apart.min(axis=1).max() < 0.02)
    assert always >= 8


def test_patterns_hold_the_given_tempo_and_fast_kicks() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        score = electronic_pattern(rng, 8.0, 0.4)
        assert score.beat == pytest.approx(0.4)
        place = score.times / 0.1
        in_sixteenths = np.abs(place - np.rint(place)) < 0.35  # rolls of trap are finer
        assert in_sixteenths.mean() > 0.7
    fastest = 0.0
    for _ in range(200):
        score = vary(electronic_pattern(rng, 8.0), rng, 8.0)
        kicks = score.times[[role == "kick" for role in score.roles]]
        fastest = max(fastest, float(np.mean(np.diff(kicks) < 0.11))) if len(kicks) > 20 else fastest
    assert fastest > 0.6, "two bass drums"


def test_crackle_and_rooms_keep_length_and_level() -> None:
    rng = np.random.default_rng(4)
    clicks = crackle(rng, 5 * RATE)
    assert len(clicks) == 5 * RATE
    assert np.max(np.abs(clicks)) == pytest.approx(1.0)
    assert np.mean(np.abs(clicks) > 0.1) < 0.02, "short"
    sound = rng.standard_normal(RATE).astype(np.float32)
    response = np.exp(-np.arange(RATE // 2) / 3000.0).astype(np.float32) * rng.standard_normal(RATE // 2)
    answer = in_room(sound, response.astype(np.float32))
    assert len(answer) == len(sound)
    assert rms(answer) == pytest.approx(rms(sound), rel=1e-3)


@pytest.mark.parametrize(("make", "low_hz"), [(hiss, 4000.0), (drone, 8000.0)])
def test_sustained_sounds_have_no_attacks_of_their_own(make, low_hz: float) -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        sound = make(electronic_pattern(rng, 4.0), [(48, 52, 55), (53, 57, 60)], rng, 4 * RATE)
        high = equalise(sound, RATE, *band_limits(low_hz, 18000.0, 48.0))
        levels = np.array([rms(part) for part in np.split(high, 400)])[10:-10]  # of 10 ms each
        assert levels.max() < max(2.5 * np.percentile(levels, 90), 0.01 * rms(sound))


def test_a_cut_off_leaves_nothing_above_it() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(RATE).astype(np.float32)
    for _ in range(10):
        spectrum = np.abs(np.fft.rfft(cut_off(noise, rng)))  # a bin for each Hz
        kept = spectrum > 0.03 * np.median(spectrum[1000:4000])
        highest = int(np.flatnonzero(kept)[-1])
        assert 4900 < highest < 18000
        assert kept[1000 : int(0.8 * highest)].mean() > 0.95


def test_both_hands_leave_the_time_for_some_fills() -> None:
    fills = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        score = vary(electronic_pattern(rng, 8.0), rng, 8.0)
        roles = np.array(score.roles)
        snares = score.times[roles == "snare"]
        hats = score.times[np.isin(roles, ["hihat_closed", "hihat_open", "ride"])]
        runs = [snares[i : i + 5] for i in range(len(snares) - 4)]
        fills += any(
            np.all((np.diff(run) > 0.08) & (np.diff(run) < 0.25))
            and not np.any((hats > run[0] - 0.04) & (hats < run[-1] + 0.04))
            for run in runs
            if len(hats) > 16
        )
    assert fills >= 8


@pytest.fixture(scope="module", params=[False, True], ids=["acoustic", "electronic"])
def kits(request: pytest.FixtureRequest) -> tuple[bool, list[dict[str, np.ndarray]]]:
    """Whether they are electronic, and the strokes of 60 kits: kicks are low sines, all other drums bursts of noise."""
    time = np.arange(RATE // 4) / RATE
    low = (np.sin(2 * np.pi * 55.0 * time) * np.exp(-8.0 * time)).astype(np.float32)
    noise = np.random.default_rng(0).standard_normal(len(time) + 1)
    bright = (np.diff(noise) * np.exp(-20.0 * time)).astype(np.float32)
    roles = [a.name for a in ARTICULATIONS if a.instrument != "tom"] + ["tom", "clap", PERCUSSION]
    maker = KitMaker(
        [
            Piece(role, "a", "a", request.param, np.ones(1), (OneShot(low if role == "kick" else bright, 0),), 100.0)
            for role in roles
        ]
    )
    strokes = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        kit = maker.make(rng, request.param)
        strokes.append({role: kit[role].stroke(1.0, rng)[0].samples for role in ("kick", "hihat_closed")})
    return request.param, strokes


def test_some_kicks_have_a_hihat_in_their_sound(kits) -> None:
    electronic, strokes = kits
    found = 0
    for kit in strokes:  # still bright when the click of a beater is over
        later = equalise(kit["kick"], RATE, *band_limits(6000.0, 16000.0, 48.0))[int(0.015 * RATE) : int(0.03 * RATE)]
        found += bool(rms(later) > 3e-3 * rms(kit["kick"]))
    assert (6 if electronic else 2) <= found <= 30


def test_some_hihats_of_drum_machines_rise_slowly(kits) -> None:
    electronic, strokes = kits
    levels = [(rms(kit["hihat_closed"][: RATE // 500]), rms(kit["hihat_closed"][: RATE // 20])) for kit in strokes]
    found = sum(first < 0.5 * later for first, later in levels)
    assert 3 <= found <= 20 if electronic else found == 0
