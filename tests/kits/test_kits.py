"""Kit files: small, whole, bound to their model, and harmless whoever made them."""

import io
import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drumscribe import Transcriber
from drumscribe.finetune.background import load_background, place_of, write_background
from drumscribe.finetune.learners import open_learner
from drumscribe.kits import library
from drumscribe.kits.features import feature_count
from drumscribe.kits.kit import MAX_BYTES, Closeness, Kit, KitError, Sound, check_name, read_kit, write_kit
from drumscribe.network.model_file import load_model_info, model_file

INFO = load_model_info()
SIZE = feature_count(INFO)
SOUNDS = (Sound("kick", 36, 10, 0.9, 0.8, ("tom",)), Sound("stomp", 35, 4, 0.7, 1.0))


def make_kit(**changes) -> Kit:
    rng = np.random.default_rng(1)
    numbers = [rng.random(SIZE, np.float32) + 0.5 for _ in range(2)]
    weights = rng.standard_normal((len(SOUNDS), SIZE + 2)).astype(np.float32)
    texts = "2026-11-25 with drumscribe 0.1.0", "takes", "base 0.2.0", INFO.fingerprint
    return replace(Kit("gärage", False, *texts, SOUNDS, *numbers, weights), **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_kit(make_kit(), tmp_path / "a.kit")
    return tmp_path / "a.kit"


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(library, "folder", lambda: tmp_path / "kits")
    return tmp_path / "kits"


def rewritten(path: Path, change=None, numbers: bytes | None = None) -> Path:
    """The file with its card changed by a function, or with other numbers."""
    with zipfile.ZipFile(path) as archive:
        card, old = json.loads(archive.read("kit.json")), archive.read("numbers.f32")
    if change is not None:
        change(card)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kit.json", json.dumps(card))
        archive.writestr("numbers.f32", old if numbers is None else numbers)
    return path


def assert_refused(path: Path, *words: str) -> None:
    with pytest.raises(KitError) as caught:
        read_kit(path)
    message = str(caught.value)
    assert "\n" not in message and message.isprintable() and len(message) < 500
    for word in (path.name, *words):
        assert word in message


def test_a_kit_is_read_as_it_was_written(path: Path) -> None:
    kit, found = make_kit(), read_kit(path)
    assert found == kit
    for name in ("mean", "scale", "weights"):
        np.testing.assert_array_equal(getattr(found, name), getattr(kit, name))
    assert path.stat().st_size < MAX_BYTES / 10
    assert [p.name for p in path.parent.iterdir()] == ["a.kit"]


def test_a_kit_of_an_older_version_promises_nothing(path: Path) -> None:
    def forget(card: dict) -> None:
        del card["promised"], card["close"]

    found = read_kit(rewritten(path, forget))
    assert (found.promised, found.close) == (None, ())
    assert found.sounds == SOUNDS


def test_what_a_kit_promises_is_written_with_it(tmp_path: Path) -> None:
    kit = make_kit(promised=0.71, close=(Closeness("kick", "stomp", 0.12),))
    write_kit(kit, tmp_path / "b.kit")
    assert read_kit(tmp_path / "b.kit") == kit


def test_a_kit_of_another_model_is_refused_with_the_way_out() -> None:
    with pytest.raises(KitError, match=r"was made for the model .*finetune.*--model"):
        make_kit(fingerprint="0123456789abcdef").check_model(INFO)
    make_kit().check_model(INFO)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_kit_that_breaks_off_is_refused(path: Path, kept: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert_refused(path, "drumscribe finetune")


def test_a_kit_with_a_wrong_byte_is_refused(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert_refused(path, "damaged")


def test_what_is_no_kit_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "x.kit"
    for content in (b"RIFF....WAVE", b"\x80\x04.", b"PK\x05\x06" + 18 * b"\0"):
        other.write_bytes(content)
        assert_refused(other)
    assert_refused(tmp_path / "none.kit", "no such kit")
    assert_refused(tmp_path, tmp_path.name)


def test_nothing_that_is_pickled_is_ever_run(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self):
            return (Path(tmp_path / "harmed").touch, ())

    other = tmp_path / "x.kit"
    np.savez(tmp_path / "x.npz", weights=np.array([Harm()], object))
    other.write_bytes((tmp_path / "x.npz").read_bytes())
    assert_refused(other)
    other.write_bytes(pickle.dumps(Harm()))
    assert_refused(other)
    rewritten_card = io.BytesIO()
    with zipfile.ZipFile(rewritten_card, "w") as archive:
        archive.writestr("kit.json", pickle.dumps(Harm()))
        archive.writestr("numbers.f32", b"")
    other.write_bytes(rewritten_card.getvalue())
    assert_refused(other, "damaged")
    assert not (tmp_path / "harmed").exists()


def test_a_kit_that_unpacks_to_more_than_fits_is_refused(path: Path) -> None:
    assert_refused(rewritten(path, numbers=bytes(40 * MAX_BYTES)), "larger")
    assert path.stat().st_size < MAX_BYTES, "and it would have looked small"


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path: Path) -> None:
    (tmp_path / "x.kit").write_bytes(bytes(MAX_BYTES + 1))
    assert_refused(tmp_path / "x.kit", "larger")


@pytest.mark.parametrize(
    "change",
    [
        lambda card: card.update(format=99),
        lambda card: card.pop("only"),
        lambda card: card.update(only="yes"),
        lambda card: card.update(name="../../etc/passwd"),
        lambda card: card.update(name="\x1b[2J"),
        lambda card: card.update(source="\x1b]0;x\x07"),
        lambda card: card.update(features=10**12),
        lambda card: card.update(features=-1),
        lambda card: card.update(features=[1]),
        lambda card: card.update(sounds=[]),
        lambda card: card.update(sounds="kick"),
        lambda card: card["sounds"].append(card["sounds"][0]),
        lambda card: card["sounds"][0].update(note=128),
        lambda card: card["sounds"][0].update(note=36.5),
        lambda card: card["sounds"][0].update(name="a\nb"),
        lambda card: card["sounds"][0].update(name="x" * 1000),
        lambda card: card["sounds"][0].update(precision=2),
        lambda card: card["sounds"][0].update(mistaken_for=[3]),
        lambda card: card["sounds"][0].update(unheard_of=1),
        lambda card: card.update(promised=2),
        lambda card: card.update(promised="much"),
        lambda card: card.update(close=[{"sound": "kick", "other": "bell", "share": 0.5}]),
        lambda card: card.update(close=[{"sound": "kick", "other": "stomp", "share": 7}]),
        lambda card: card.update(close=3),
        lambda card: card.update(sounds=card["sounds"] * 100),
    ],
)
def test_a_kit_that_cannot_be_is_refused(path: Path, change) -> None:
    assert_refused(rewritten(path, change))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_numbers_that_cannot_be_are_refused(path: Path, value: float) -> None:
    kit = make_kit()
    numbers = np.concatenate([kit.mean, kit.scale, kit.weights.ravel()])
    numbers[-3] = value
    assert_refused(rewritten(path, numbers=numbers.astype("<f4").tobytes()), "damaged")
    assert_refused(rewritten(path, numbers=numbers[:-1].astype("<f4").tobytes()), "damaged")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\tb", "x" * 41, " a", "-a", "a:b"])
def test_names_that_could_be_paths_are_refused(name: str, home: Path) -> None:
    with pytest.raises(KitError, match="cannot be a name"):
        check_name(name)
    with pytest.raises(KitError):
        library.load(name)


def test_kits_are_found_by_name_and_by_path(path: Path, home: Path) -> None:
    with pytest.raises(KitError, match="none yet"):
        library.load("garage")
    write_kit(make_kit(), library.place_of("garage"))
    assert library.load("garage") == library.load(path) == make_kit()
    assert library.kit_files() == [home / "garage.kit"]
    with pytest.raises(KitError, match="no kit 'cellar': your kits: garage"):
        library.load("cellar")


def test_silence_has_no_moments_and_no_hits() -> None:
    moments = open_learner(model_file()).gather(np.zeros(44100, np.float32))
    assert moments.numbers.shape == (0, SIZE)
    assert Transcriber(kit=make_kit()).transcribe_array(np.zeros(44100, np.float32), 44100).hits == ()


def test_the_shipped_background_is_that_of_the_shipped_model() -> None:
    background = load_background(model_file(), INFO)
    assert background is not None
    assert place_of(model_file()).stat().st_size < 1_000_000
    assert len(background.moments) >= 1500
    silent = (background.moments.struck == 0).all(axis=1)
    assert 300 < silent.sum() < len(silent) - 300


def test_a_background_of_another_model_is_not_used(tmp_path: Path) -> None:
    background = load_background(model_file(), INFO)
    model = tmp_path / "base.int8.tflite"
    assert load_background(model, INFO) is None
    write_background(background, place_of(model))
    np.testing.assert_array_equal(load_background(model, INFO).moments.features, background.moments.features)
    assert load_background(model, replace(INFO, fingerprint="0" * 16)) is None
    place_of(model).write_bytes(b"PK damaged")
    assert load_background(model, INFO) is None
