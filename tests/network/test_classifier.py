"""Model files tell how to run them, wrong ones are refused in one line, and frames may come in any blocks."""

import json
import zipfile
from dataclasses import MISSING, fields, replace
from pathlib import Path

import numpy as np
import pytest
from conftest import beat

from drumscribe.errors import ModelError
from drumscribe.music.drums import ARTICULATION_BY_NAME, INSTRUMENTS
from drumscribe.network.answers import Answers
from drumscribe.network.classifier import Classifier
from drumscribe.network.model_card import Columns, ModelInfo
from drumscribe.network.model_file import load_model_info, model_file, write_model
from drumscribe.sound.spectrogram import SpectrogramSettings, compute_spectrogram

INFO = ModelInfo(
    name="küche",
    version="1.2.3",
    description="for a test",
    licence="MIT",
    credits="a, b",
    spectrogram=SpectrogramSettings(bands=40, fmin=30.0),
    columns=Columns(("kick", "snare"), ("rimshot",)),
    weights=((0.0, 1.0), (0.5, -1.0)),
    thresholds=(0.25, 0.5),
    context=10,
    chunk=100,
    embedding=4,
    fingerprint="0123456789abcdef",
    quantisation="int8",
)
CARD = "drumscribe.json"
KINDS = ("float32", "float16", "dynamic", "int8")


def shipped(kind: str) -> Path:
    return model_file().with_name(f"base.{kind}.tflite")


def network_of(path: Path) -> bytes:
    """The flatbuffer of a model file, without the archive at its end."""
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(CARD).header_offset
    return path.read_bytes()[:start]


def with_card(path: Path, card: object) -> Path:
    path.write_bytes(b"TFL3")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(CARD, json.dumps(card))
    return path


def card_of(path: Path) -> dict:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(CARD))


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return compute_spectrogram(beat(45.0), load_model_info().spectrogram)


def run(classifier: Classifier, frames: np.ndarray, block: int) -> Answers:
    answers = [classifier.push(frames[i : i + block]) for i in range(0, len(frames), block)]
    return Answers.concat([*answers, classifier.flush()])


def matrix(answers: Answers) -> np.ndarray:
    """All that a network says of instruments and articulations."""
    return np.hstack([answers.activations, answers.articulations, answers.velocities])


def assert_refused(path: Path, *words: str, opened=load_model_info) -> None:
    with pytest.raises(ModelError) as caught:
        opened(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in (path.name, *words):
        assert word in message


def test_a_card_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_model(b"a network", INFO, tmp_path / "m.tflite")
    assert load_model_info(tmp_path / "m.tflite") == INFO
    assert (tmp_path / "m.tflite").read_bytes().startswith(b"a network")
    assert [path.name for path in tmp_path.iterdir()] == ["m.tflite"]


def test_the_same_model_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a.tflite", "b.tflite"):
        write_model(b"a network", INFO, tmp_path / name)
    assert (tmp_path / "a.tflite").read_bytes() == (tmp_path / "b.tflite").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_models_speak_the_vocabulary(kind: str) -> None:
    info = load_model_info(shipped(kind))
    assert info.quantisation == kind
    assert info.columns.instruments == INSTRUMENTS
    assert all(name in ARTICULATION_BY_NAME for name in info.columns.articulations)
    assert len(info.thresholds) == len(INSTRUMENTS)
    assert all(0.0 < threshold < 1.0 for threshold in info.thresholds)
    assert info.licence == "MIT"


def test_the_kinds_of_the_shipped_model_differ_in_precision_only() -> None:
    infos = [replace(load_model_info(shipped(kind)), quantisation="") for kind in KINDS]
    assert all(info == infos[0] for info in infos)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.tflite", "no such model file", "bundled model of that name (base, live")


def test_models_that_come_along_have_names(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_model_info("base") == load_model_info()
    assert load_model_info("base.float32").quantisation == "float32"
    assert load_model_info("live").look_aheads
    write_model(network_of(model_file()), replace(load_model_info(), name="mine"), tmp_path / "live")
    assert load_model_info("live").name == "mine", "a file of one's own goes before"
    with pytest.raises(ModelError, match="no such model file"):
        load_model_info("huge")


@pytest.mark.parametrize("content", [b"", b"TFL3 but nothing else", b"PK\x03\x04 half an archive"])
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(content)
    assert_refused(path, "not a drumscribe model")
    assert_refused(path, "not a drumscribe model", opened=Classifier)


@pytest.mark.parametrize("name", [None, "base", "tiny"])
def test_a_folder_that_is_called_like_a_model_does_not_hide_it(tmp_path: Path, monkeypatch, name: str | None) -> None:
    (tmp_path / (name or "base")).mkdir()
    monkeypatch.chdir(tmp_path)
    assert Classifier(name).info.name == (name or "base")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    assert_refused(tmp_path, "a folder")


def test_an_archive_without_a_card_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("other.json", "{}")
    assert_refused(tmp_path / "x.zip", "not a drumscribe model")


@pytest.mark.parametrize("card", [{"format": 99}, {}, [1, 2], None])
def test_another_format_is_refused(tmp_path: Path, card: object) -> None:
    assert_refused(with_card(tmp_path / "x.tflite", card), "another version of drumscribe")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("columns", None),
        ("columns", {"instruments": ["kick"]}),
        ("spectrogram", {"rate": 44100, "unheard_of": 1}),
        ("spectrogram", []),
        ("thresholds", ["high"]),
        ("thresholds", 0.5),
        ("dynamics", [0.5]),
    ],
)
def test_a_damaged_card_is_refused(tmp_path: Path, key: str, value: object) -> None:
    write_model(b"a network", INFO, tmp_path / "m.tflite")
    card = {**card_of(tmp_path / "m.tflite"), key: value}
    assert_refused(with_card(tmp_path / "x.tflite", card), "damaged")


@pytest.mark.parametrize("key", [field.name for field in fields(ModelInfo) if field.default is MISSING])
def test_a_card_that_lacks_something_is_refused(tmp_path: Path, key: str) -> None:
    write_model(b"a network", INFO, tmp_path / "m.tflite")
    card = card_of(tmp_path / "m.tflite")
    del card[key]
    assert_refused(with_card(tmp_path / "x.tflite", card), "damaged", key)


def test_a_network_that_is_none_is_refused(tmp_path: Path) -> None:
    write_model(b"a network", INFO, tmp_path / "m.tflite")
    assert_refused(tmp_path / "m.tflite", "cannot run the model", opened=Classifier)


def test_a_network_of_another_shape_than_its_card_says_is_refused(tmp_path: Path) -> None:
    info = load_model_info()
    path = tmp_path / "m.tflite"
    write_model(network_of(model_file()), replace(info, chunk=info.chunk // 2), path)
    assert_refused(path, "its card says", opened=Classifier)
    columns = Columns(info.columns.instruments, info.columns.articulations[:-1])
    write_model(network_of(model_file()), replace(info, columns=columns), path)
    assert_refused(path, "its card says", opened=Classifier)


@pytest.mark.parametrize("block", [1000, 4096, 7])
def test_answers_do_not_depend_on_the_blocks(frames: np.ndarray, block: int) -> None:
    classifier = Classifier()
    whole, columns = classifier(frames), classifier.info.columns
    assert whole.activations.shape == whole.velocities.shape == (len(frames), len(columns.instruments))
    assert whole.articulations.shape == (len(frames), len(columns.articulations))
    np.testing.assert_array_equal(matrix(run(classifier, frames, block)), matrix(whole))


def test_an_answer_depends_on_its_context_only(frames: np.ndarray) -> None:
    classifier = Classifier(shipped("float32"))
    context = classifier.info.context
    whole = matrix(classifier(frames))
    part = matrix(classifier(frames[500:1500]))
    np.testing.assert_allclose(part[context:-context], whole[500 + context : 1500 - context], atol=1e-5)


@pytest.mark.parametrize("count", [0, 1, 50])
def test_fewer_frames_than_the_context_have_an_answer_each(frames: np.ndarray, count: int) -> None:
    classifier = Classifier()
    answers = run(classifier, frames[:count], 20)
    assert len(answers) == count
    silence_after = np.concatenate([frames[:count], np.zeros((2 * classifier.info.context, frames.shape[1]))])
    longer = classifier(silence_after.astype(np.float32))[:count]
    np.testing.assert_array_equal(matrix(answers), matrix(longer))


def test_embedding_and_percussion_come_beside_the_same_answers_when_asked_for(frames: np.ndarray) -> None:
    plain, full = Classifier(), Classifier(with_embedding=True, with_percussion=True)
    answers, both = run(plain, frames, 1000), run(full, frames, 777)
    np.testing.assert_array_equal(matrix(both), matrix(answers))
    assert answers.embedding is None and answers.percussion is None
    assert both.embedding.shape == (len(frames), plain.info.embedding)
    assert both.embedding.std() > 0.0
    assert both.percussion.shape == (len(frames),)


def test_answers_are_cut_and_joined_by_frames(frames: np.ndarray) -> None:
    whole = Classifier(with_embedding=True)(frames[:300])
    parts = [whole[:100], whole[100:], whole[300:]]
    assert [len(part) for part in parts] == [100, 200, 0]
    joined = Answers.concat(parts)
    np.testing.assert_array_equal(matrix(joined), matrix(whole))
    np.testing.assert_array_equal(joined.embedding, whole.embedding)
    assert joined.percussion is None


def test_embeddings_of_quantised_models_are_much_the_same(frames: np.ndarray) -> None:
    exact, coarse = (Classifier(shipped(kind), True)(frames).embedding for kind in ("float32", "int8"))
    assert np.corrcoef(exact.ravel(), coarse.ravel())[0, 1] > 0.99


def test_a_model_without_embedding_is_refused_only_where_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    write_model(b"a network", replace(INFO, embedding=0), path)
    assert_refused(path, "gives no embedding", opened=lambda path: Classifier(path, with_embedding=True))


def test_answers_are_between_zero_and_one(frames: np.ndarray) -> None:
    answers = matrix(Classifier()(frames))
    assert answers.min() >= 0.0
    assert answers.max() <= 1.0


@pytest.mark.parametrize(("kind", "bound"), [("float16", 0.005), ("dynamic", 0.005), ("int8", 0.02)])
def test_quantised_models_answer_as_the_float_one(frames: np.ndarray, kind: str, bound: float) -> None:
    expected, answers = (matrix(Classifier(shipped(k))(frames)) for k in ("float32", kind))
    assert np.abs(answers - expected).mean() < bound
