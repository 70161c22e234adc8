"""A small model made from end to end: rendered, trained, killed, resumed, converted, and transcribed with."""

import csv
import os
import signal
from dataclasses import replace
from pathlib import Path
from threading import Timer

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import beat, write_audio
from killing import assert_equal_checkpoints, fit_and_kill

pytest.importorskip("tensorflow")

from drumscribe.training import make
from drumscribe.training.cli import main
from drumscribe.training.data.sources import RATE
from drumscribe.training.decisions.passages import read_corpus
from drumscribe.training.decisions.velocities import learn_dynamics
from drumscribe.training.experiment import COLUMNS, Experiment, LiveSettings, read_experiment
from drumscribe.training.features.batches import Batches, Library, SlidingLibrary, read_library
from drumscribe.training.features.targets import TargetMaker
from drumscribe.training.learning.checkpoints import load_seed, save_checkpoint, save_seed
from drumscribe.training.learning.fit import build_trainee
from drumscribe.training.learning.growth import begin_with
from drumscribe.training.rendering.clips import ROLES, Studio
from drumscribe.training.rendering.corpus import CorpusPlan, render_corpora, shard_paths

from drumscribe import transcribe
from drumscribe.errors import DrumscribeError
from drumscribe.finetune.background import load_background
from drumscribe.hearing.decisions import Judge
from drumscribe.hearing.velocities import NUMBERS
from drumscribe.network.answers import Answers
from drumscribe.network.classifier import Classifier
from drumscribe.network.model_file import load_model_info, write_model
from drumscribe.sound.spectrogram import compute_spectrogram
from drumscribe.stream.listener import Attention, Listener

pytestmark = pytest.mark.slow

TOML = """
[corpus]
clips = 6
dry_clips = 2
validation_clips = 4

[network]
filters = [4, 4]
width = 8
taps = 3
dilations = [1, 2]

[fit]
steps = 60
cooldown = 20
warmup = 5
clips = 2
frames = 60
half = false
checkpoint_seconds = 0.0
"""
_KINDS = (
    ("kick", "hit", 60.0),
    ("snare", "hit", 200.0),
    ("snare", "rimshot", 400.0),
    ("sidestick", "hit", 900.0),
    ("hh_closed", "hit", 7000.0),
    ("hh_open", "hit", 6000.0),
    ("hh_pedal", "hit", 5000.0),
    ("tom", "hit", 100.0),
    ("crash", "hit", 4000.0),
    ("ride", "hit", 3500.0),
    ("ride", "bell", 3000.0),
    ("clap", "hit", 1500.0),
    ("perc", "tambourine", 8000.0),
)
_ATTACK = 0.002


def stroke(hz: float) -> np.ndarray:
    """A decaying tone that begins with its peak, 2 ms into the recording."""
    t = np.arange(int(0.09 * RATE)) / RATE
    return np.concatenate([np.zeros(round(_ATTACK * RATE)), np.cos(2 * np.pi * hz * t) * np.exp(-70 * t)])


def write_table(path: Path, rows: list[dict]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def write_groove(path: Path, notes: tuple[int, ...]) -> None:
    """Four bars at 120 BPM, a stroke on every eighth, one drum after the other."""
    import pretty_midi

    midi = pretty_midi.PrettyMIDI(initial_tempo=120.0)
    drums = pretty_midi.Instrument(0, is_drum=True)
    for i in range(32):
        drums.notes.append(pretty_midi.Note(60 + i, notes[i % len(notes)], i * 0.25, i * 0.25 + 0.1))
    midi.instruments.append(drums)
    midi.write(str(path))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A folder of training data in the layout of the real one."""
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for instrument, articulation, hz in _KINDS:
        name = f"{instrument}-{articulation}.flac"
        write_audio(folder / "oneshots" / name, stroke(hz).astype(np.float32))
        for split in ("train", "validation"):
            for kind in ("acoustic", "electronic"):
                kit = f"{split}-{kind}"
                rows.append({"file": name, "split": split, "family": kit, "kit": kit, "instrument": instrument})
                rows[-1] |= {"articulation": articulation, "layer": 1.0, "onset_s": _ATTACK, "kind": kind}
    write_table(folder / "oneshots" / "manifest.csv", rows)
    (folder / "grooves").mkdir()
    grooves = []
    for split, notes in (("train", (36, 42, 38, 46)), ("validation", (36, 51, 38, 45, 49))):
        write_groove(folder / "grooves" / f"{split}.mid", notes)
        grooves.append({"style": "rock", "beat_type": "beat", "time_signature": "4-4", "split": split})
        grooves[-1]["midi_filename"] = f"{split}.mid"
    write_table(folder / "grooves" / "info.csv", grooves)
    t = np.arange(RATE) / RATE
    note = (0.5 * np.sin(2 * np.pi * 110 * t) * np.exp(-3 * t)).astype(np.float32)
    for name in (
        "karoryfer-growlybass/bass-a2",
        "karoryfer-shinyguitar/chord-a2",
        "karoryfer-emilyguitar/guitar-a2",
        "freepats-hang-D-minor/hang-a3",
        "belofilms-guitar-strums/strum",
        "sonic-pi-music/loop",
    ):
        write_audio(folder / "backing" / f"{name}.flac", note)
    return folder


@pytest.fixture(scope="module")
def places(data: Path, tmp_path_factory) -> make.Places:
    models = tmp_path_factory.mktemp("models")
    return make.Places(data, tmp_path_factory.mktemp("cache"), models)


@pytest.fixture(scope="module")
def toml(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("experiment") / "tiny.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


@pytest.fixture(scope="module", autouse=True)
def no_synthesizers():
    """Instruments come from the data alone, whatever programs the machine has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")
        yield


@pytest.fixture(scope="module")
def experiment(toml: Path, places: make.Places) -> Experiment:
    experiment = read_experiment(toml)
    make.render(experiment, places, 1, report=lambda line: None)
    return experiment


@pytest.fixture(scope="module")
def trained(experiment: Experiment, places: make.Places) -> make.Places:
    make.train(experiment, places, report=lambda line: None)
    return places


def command(name: str, toml: Path, places: make.Places) -> list[str]:
    options = ["--data", str(places.data), "--cache", str(places.cache), "--models", str(places.models)]
    return [name, str(toml), *options]


def test_a_clip_is_the_same_to_the_bit_for_the_same_seed(data: Path, tmp_path: Path) -> None:
    first, second = (Studio(data, tmp_path, "train") for _ in range(2))
    for index in range(4):
        clip, again = first.clip(7, index, 3.0), second.clip(7, index, 3.0)
        np.testing.assert_array_equal(clip.sound, again.sound)
        np.testing.assert_array_equal(clip.times, again.times)
    assert not np.array_equal(first.clip(7, 0, 3.0).sound, first.clip(8, 0, 3.0).sound)


def test_another_process_renders_the_same_clips(experiment: Experiment, places: make.Places, tmp_path: Path) -> None:
    plan = experiment.training()[0]
    library = read_library(shard_paths(plan, places.cache))
    studio = Studio(places.data, tmp_path, plan.split)
    for index in (0, 3):
        clip = studio.clip(plan.seed, index)
        frames = compute_spectrogram(clip.sound, experiment.spectrogram).astype(np.float16)
        np.testing.assert_array_equal(library.frames[index], frames)
        np.testing.assert_array_equal(library.times[index], clip.times)
        np.testing.assert_array_equal(library.roles[index], clip.roles)


def test_dry_drums_are_trained_on_beside_produced_recordings(experiment: Experiment, places: make.Places) -> None:
    produced, dry = (read_library(shard_paths(plan, places.cache)) for plan in experiment.training())
    assert (len(produced), len(dry)) == (6, 2)
    both = read_corpus(experiment.training(), places.cache)
    np.testing.assert_array_equal(both.frames[-2:], dry.frames)
    np.testing.assert_array_equal(both.times[-1], dry.times[-1])


def test_what_is_rendered_is_not_rendered_again(experiment: Experiment, places: make.Places) -> None:
    plan = experiment.training()[0]
    assert list(render_corpora([plan], places.data, places.cache, experiment.spectrogram)) == []


def test_training_walks_through_a_corpus_and_waits_for_what_is_not_rendered(
    experiment: Experiment, places: make.Places, tmp_path: Path
) -> None:
    rendered = dict(np.load(shard_paths(experiment.training()[0], places.cache)[0]))
    paths = [tmp_path / f"{i}.npz" for i in range(8)]

    def write(numbers: range) -> None:
        for number in numbers:
            temporary = tmp_path / "shard.tmp"
            with temporary.open("wb") as file:
                np.savez(file, **rendered | {"frames": np.full_like(rendered["frames"], number)})
            temporary.replace(paths[number])

    write(range(4))
    library = SlidingLibrary([paths], 0.25, first=100, last=200)

    def drawn_from(step: int) -> list[int]:
        return [int(shard.frames[0, 0, 0]) for shard in library.at(step)]

    assert drawn_from(100) == [0, 1]
    assert drawn_from(133) == [2, 3]
    Timer(0.2, write, [range(4, 8)]).start()
    assert drawn_from(200) == [6, 7]


def test_labels_are_at_the_attacks(data: Path, tmp_path: Path) -> None:
    studio = Studio(data, tmp_path, "train")
    seen = 0
    for index in range(3):
        clip = studio.dry_clip(3, index, 6.0)
        for time_of_hit in clip.times:
            at = round(float(time_of_hit) * RATE)
            around = np.abs(clip.sound[max(0, at - 200) : at + 200])
            attack = max(0, at - 200) + int(np.argmax(around > 0.5 * around.max()))
            assert abs(attack / RATE - time_of_hit) < 0.001
            seen += 1
    assert seen > 40


def test_labels_name_what_is_played_and_how_hard(data: Path, tmp_path: Path) -> None:
    clip = Studio(data, tmp_path, "train").dry_clip(3, 0, 6.0)
    played = [ROLES[role] for role in clip.roles]
    cycle = ["kick", "hihat_closed", "snare", "hihat_open"] * 10
    start = cycle.index(played[0])
    assert played == cycle[start : start + len(played)]
    assert (clip.velocities > 59 / 127).all()
    assert (clip.velocities < 92 / 127).all()


def test_targets_peak_at_the_hits(experiment: Experiment) -> None:
    maker = TargetMaker(COLUMNS, 100.0)
    times, roles = np.array([0.5, 0.5, 0.804]), np.array([ROLES.index(r) for r in ("kick", "rimshot", "percussion")])
    answers = maker.make(times, roles, np.array([0.9, 0.4, 0.5]), 40, 60)
    kick, snare = COLUMNS.instruments.index("kick"), COLUMNS.instruments.index("snare")
    rimshot = len(COLUMNS.instruments) + COLUMNS.articulations.index("rimshot")
    velocities = len(COLUMNS) - len(COLUMNS.instruments)
    for column in (kick, snare, rimshot):
        assert answers[10, column] == 1.0
        assert 0 < answers[11, column] < 1
        assert not answers[14:, column].any()
    assert answers[10, velocities + kick] == pytest.approx(0.9)
    assert answers[10, velocities + snare] == pytest.approx(0.4)
    assert np.argmax(answers[:, len(COLUMNS)]) == 40, "percussion outside the vocabulary has a column of its own"
    assert not answers[30:, : len(COLUMNS)].any()


def test_batches_depend_on_seed_and_step_alone(experiment: Experiment, places: make.Places) -> None:
    library = read_library(shard_paths(experiment.training()[0], places.cache))
    targets = TargetMaker(COLUMNS, experiment.spectrogram.frame_rate)
    one, same, other = (Batches(library, targets, seed, 2, 60) for seed in (1, 1, 2))
    one.batch(4)
    np.testing.assert_array_equal(one.batch(5).frames, same.batch(5).frames)
    np.testing.assert_array_equal(one.batch(5).answers, same.batch(5).answers)
    assert not np.array_equal(one.batch(5).frames, other.batch(5).frames)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no way to kill without a word")
def test_training_that_was_killed_goes_on_to_the_same_weights(experiment, toml, trained, tmp_path: Path) -> None:
    places = replace(trained, models=tmp_path / "models", cache=tmp_path)
    places.models.mkdir()
    for plan in (*experiment.training(), *experiment.validation()):
        plan.folder(places.cache).symlink_to(plan.folder(trained.cache))
    checkpoint = places.run(experiment) / "checkpoint.npz"
    step = fit_and_kill(command("fit", toml, places), checkpoint)
    assert 0 < step < experiment.fit.steps
    make.train(experiment, places, report=lambda line: None)
    assert_equal_checkpoints(checkpoint, trained.run(experiment) / "checkpoint.npz")


def test_training_goes_on_from_the_shipped_checkpoint(experiment, trained, tmp_path: Path) -> None:
    places = replace(trained, cache=tmp_path)
    for plan in experiment.training():
        plan.folder(tmp_path).symlink_to(plan.folder(trained.cache))
    longer = replace(experiment, fit=replace(experiment.fit, steps=experiment.fit.steps + 2))
    lines: list[str] = []
    make.train(longer, places, lines.append)
    assert any("going on from" in line for line in lines)
    with np.load(places.run(longer) / "checkpoint.npz") as arrays:
        assert int(arrays["step"]) == experiment.fit.steps + 2


def test_a_release_is_models_of_each_kind_that_agree_and_transcribe(experiment, trained, tmp_path: Path) -> None:
    lines: list[str] = []
    make.release(experiment, trained, lines.append)
    assert any(line.startswith("mean deviation") for line in lines)
    path = write_audio(tmp_path / "take.wav", beat())
    frames = compute_spectrogram(beat(), experiment.spectrogram)
    embedded, fingerprints = [], set()
    for kind in make.SHIPPED:
        model = trained.models / f"tiny.{kind}.tflite"
        info = load_model_info(model)
        assert len(info.dynamics) == len(info.columns.instruments)
        assert 0.0 < info.percussion < 1.0
        assert (info.name, info.quantisation, info.columns) == ("tiny", kind, COLUMNS)
        assert info.context == 5, "frames on each side: two 2-D convolutions, and dilations of 1 and 2"
        assert transcribe(path, model=model).duration == 2.0
        answers, both = (Classifier(model, wanted)(frames) for wanted in (False, True))
        np.testing.assert_array_equal(both.activations, answers.activations)
        embedded.append(both.embedding)
        fingerprints.add(info.fingerprint)
    assert len(fingerprints) == 1, "they are of one network"
    assert embedded[0].shape == (len(frames), 8)
    for other, bound in zip(embedded[1:], (0.02, 0.2, 0.2), strict=True):
        np.testing.assert_allclose(other, embedded[0], atol=bound * embedded[0].max())
    assert (trained.models / "tiny.json").exists()
    background = load_background(trained.models / "tiny.int8.tflite", info)
    assert background is not None and len(background.moments.odds) > 20
    assert background.moments.struck.max() == 1 and np.isfinite(background.moments.features).all()


def test_weights_of_evidence_are_averaged_with_those_of_an_earlier_model(experiment, trained, tmp_path: Path) -> None:
    places = replace(trained, models=tmp_path)
    model, earlier = tmp_path / "tiny.int8.tflite", tmp_path / "before.tflite"
    make.release(experiment, places, lambda line: None)
    learned = load_model_info(model)
    nothing = tuple((0.0,) * len(row) for row in learned.weights)
    write_model(b"a network", replace(learned, weights=nothing, version="0.0.1"), earlier)
    make.release(experiment, places, lambda line: None, earlier)
    np.testing.assert_allclose(load_model_info(model).weights, np.array(learned.weights) / 2.0)
    assert "0.0.1" in (tmp_path / "tiny.json").read_text()
    live = replace(experiment, live=LiveSettings(60, (0, 2, 5), clips=2))
    with pytest.raises(DrumscribeError, match="only models of whole recordings"):
        make.release(live, places, lambda line: None, earlier)


def test_a_wider_network_begins_by_answering_as_the_one_it_grows_from(experiment, trained) -> None:
    seed = trained.seed(experiment)
    known = build_trainee(experiment)
    load_seed(known, seed)
    settings = replace(experiment.network, filters=tuple(2 * n + 1 for n in experiment.network.filters), width=13)
    grown = build_trainee(replace(experiment, network=settings))
    begin_with(grown, seed)
    frames = np.random.default_rng(1).random((2, 80, experiment.spectrogram.bands), np.float32)
    np.testing.assert_allclose(grown.predict_on_batch(frames), known.predict_on_batch(frames), atol=1e-6)
    narrower = build_trainee(replace(experiment, network=replace(experiment.network, width=3)))
    with pytest.raises(DrumscribeError, match="of another network"):
        begin_with(narrower, seed)


def test_a_model_for_streams_begins_with_another_and_decides_for_each_look_ahead(experiment, trained) -> None:
    fit = replace(experiment.fit, steps=4, start="tiny", frames=60, counted=20)
    live = replace(experiment, name="live", fit=fit, live=LiveSettings(60, (0, 2, 5), clips=2))
    lines: list[str] = []
    make.train(live, trained, lines.append)
    assert any("beginning with the weights of" in line and "tiny" in line for line in lines)
    make.release(live, trained, lines.append)
    assert [path.name for path in trained.models.glob("live.*.tflite")] == ["live.int8.tflite"]
    model = trained.models / "live.int8.tflite"
    info = load_model_info(model)
    assert [look_ahead.frames for look_ahead in info.look_aheads] == [0, 2, 5]
    assert info.chunk == 60
    with pytest.raises(DrumscribeError, match=r"live\.int8\.tflite: is for live streams"):
        Classifier(model)
    judge = Judge(info.look_aheads[1].weights, np.array(info.look_aheads[1].thresholds))
    listener = Listener(model)
    hits = [*listener.push(beat(), Attention(2, judge)), *listener.flush(Attention(2, judge))]
    assert all(0.0 <= hit.time < 2.0 for hit in hits)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("speed = 3", "unknown key speed"),
        ("[fit]\nstep = 3", "unknown key fit.step"),
        ("[fit]\nsteps = 'many'", "fit.steps is 'many'"),
        ("[fit]\nrate = 'fast'", "fit.rate is 'fast'"),
        ("fit = 3", "should be a table: [fit]"),
        ("[network]\nfilters = 3", "network.filters"),
        ("[network]\nfilters = ['a']", "network.filters"),
        ("[fit", "not valid TOML"),
        ("name = 3", "name is 3"),
        ("[live]\nlook_aheads = [3, 1]", "must rise"),
        ("[live]\nwindow = 20", "less than live.window"),
    ],
)
def test_a_wrong_experiment_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DrumscribeError) as caught:
        read_experiment(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_experiment_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DrumscribeError, match="no such experiment"):
        read_experiment(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "words"), [("render", "--data"), ("fit", "drumscribe-train render"), ("release", "drumscribe-train fit")]
)
def test_what_is_missing_is_told_in_one_line(toml: Path, tmp_path: Path, name: str, words: str) -> None:
    places = make.Places(tmp_path / "data", tmp_path / "cache", tmp_path / "models")
    result = CliRunner().invoke(main, command(name, toml, places))
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert words in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_one_shots_that_cannot_play_everything_are_refused(data: Path, tmp_path: Path) -> None:
    text = (data / "oneshots" / "manifest.csv").read_text(encoding="utf-8")
    (tmp_path / "oneshots").mkdir()
    for path in (data / "oneshots").glob("*.flac"):
        os.link(path, tmp_path / "oneshots" / path.name)
    kept = [line for line in text.splitlines() if not line.startswith("crash")]
    (tmp_path / "oneshots" / "manifest.csv").write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(DrumscribeError, match="no one-shots for crash"):
        Studio(tmp_path, tmp_path / "cache", "train")


def test_a_folder_without_accompaniment_is_refused(data: Path, tmp_path: Path) -> None:
    for name in ("oneshots", "grooves"):
        (tmp_path / name).symlink_to(data / name)
    (tmp_path / "backing").mkdir()
    with pytest.raises(DrumscribeError, match="lacks notes of a bass, notes of a guitar, strums, recordings"):
        Studio(tmp_path, tmp_path / "cache", "train")


def test_a_plan_keeps_corpora_apart(tmp_path: Path) -> None:
    plans = [CorpusPlan(kind, split, 1, 2) for kind in ("produced", "dry") for split in ("train", "validation")]
    assert len({plan.folder(tmp_path) for plan in plans}) == 4


def test_what_levels_tell_of_velocities_is_learned():
    rng, kick = np.random.default_rng(1), COLUMNS.instruments.index("kick")
    clips, strokes = 4, 12
    times = [np.arange(strokes) * 0.5 + 0.3 for _ in range(clips)]
    velocities = [rng.uniform(0.2, 0.9, strokes) for _ in range(clips)]
    frames, answers = np.zeros((clips, 700, 80), np.float32), np.zeros((clips, 700, len(COLUMNS)), np.float16)
    for clip in range(clips):
        at = np.rint(times[clip] * 100).astype(int)
        answers[clip, at, kick] = 0.9
        answers[clip, :, len(COLUMNS) - len(COLUMNS.instruments) :] = 0.5  # the network says nothing
        frames[clip, at] = rng.uniform(0.3, 0.6)  # how loud the clip is
        frames[clip, at, :10] += 0.4 * velocities[clip][:, None]  # the lows tell
    roles = tuple(np.full(strokes, ROLES.index("kick")) for _ in range(clips))
    library = Library(frames, tuple(times), roles, tuple(velocities))
    weights = np.array(learn_dynamics([Answers.of_output(a, COLUMNS) for a in answers], library, COLUMNS, 100.0))
    assert weights.shape == (len(COLUMNS.instruments), NUMBERS)
    assert weights[kick, 2:4].sum() == pytest.approx(2.5, rel=0.02)
    assert np.abs(weights[kick, 4:]).max() < 0.05
    assert not weights[kick + 1 :].any()


def test_checkpoints_are_averaged(experiment, trained) -> None:
    network, step = make.trained(experiment, trained)
    places = replace(trained, cache=trained.cache.parent / "averaged", models=trained.models.parent / "averaged")
    places.models.mkdir()
    save_checkpoint(network, step, places.run(experiment))
    mine, optimiser = network.get_weights(), [variable.numpy() for variable in network.optimizer.variables]
    network.set_weights([weight + 2.0 for weight in mine])
    other = places.models / "other.checkpoint.npz"
    save_seed(network, step - 1, other)
    make.average(experiment, places, [other], lambda line: None)
    averaged, found = make.trained(experiment, places)
    assert found == step
    for weight, own in zip(averaged.get_weights(), mine, strict=True):
        np.testing.assert_allclose(weight, own + 1.0, atol=0.01)
    for variable, value in zip(averaged.optimizer.variables, optimiser, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    with pytest.raises(DrumscribeError, match="no such checkpoint"):
        make.average(experiment, places, [places.models / "none.npz"], lambda line: None)


def test_a_network_is_averaged_with_the_narrower_one_it_grew_from(experiment, trained) -> None:
    seed = trained.seed(experiment)
    wide = replace(experiment.network, filters=tuple(n + 3 for n in experiment.network.filters))
    grown = replace(experiment, name="grown", network=wide, fit=replace(experiment.fit, start="tiny"))
    network, known = build_trainee(grown), build_trainee(experiment)
    begin_with(network, seed)
    load_seed(known, seed)
    save_checkpoint(network, 1, trained.run(grown))
    with pytest.raises(DrumscribeError, match="of another network"):
        make.average(replace(grown, fit=experiment.fit), trained, [seed], lambda line: None)
    make.average(grown, trained, [seed], lambda line: None)
    averaged, _ = make.trained(grown, trained)
    frames = np.random.default_rng(1).random((2, 80, experiment.spectrogram.bands), np.float32)
    np.testing.assert_allclose(averaged.predict_on_batch(frames), known.predict_on_batch(frames), atol=1e-6)


def test_a_shipped_checkpoint_is_enough_to_release(experiment, trained, tmp_path: Path) -> None:
    network, step = make.trained(experiment, trained)
    elsewhere = replace(trained, cache=tmp_path, models=tmp_path)
    with pytest.raises(DrumscribeError, match="run drumscribe-train fit"):
        make.trained(experiment, elsewhere)
    save_seed(network, step, elsewhere.seed(experiment))
    shipped, found = make.trained(experiment, elsewhere)
    assert found == step
    for weight, own in zip(shipped.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_allclose(weight, own, atol=2e-3, rtol=2e-3)
