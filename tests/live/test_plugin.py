"""The LV2 plug-in plays what the engine hears, each note so long after its attack as it says, whatever happens."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import beat, write_audio
from jack import jack_server, needs
from lv2_host import BLOCK, LISTENING, MISSING, REFUSING, RESTARTING, Host

from drumscribe.cli import main
from drumscribe.live import plugin
from drumscribe.network.model_file import DEFAULT_LIVE, model_file
from drumscribe.sound.audio import load
from drumscribe.stream import Engine

RATE = 48000
ROCK = Path(__file__).parents[2] / "examples" / "songs" / "rock.ogg"
HEADERS = ("/usr/include/lv2/core/lv2.h", "/usr/local/include/lv2/core/lv2.h", "/opt/homebrew/include/lv2/core/lv2.h")

pytestmark = pytest.mark.skipif(
    not (shutil.which("make") and shutil.which("cc") and any(Path(header).exists() for header in HEADERS)),
    reason="the plug-in is not built here: there is no compiler, or lv2-dev is missing",
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return plugin.install(tmp_path_factory.mktemp("lv2"))


@pytest.fixture
def host(bundle: Path) -> Iterator[Host]:
    host = Host(bundle, RATE)
    yield host
    host.close()


def stereo(sound: np.ndarray) -> np.ndarray:
    return np.stack([sound, 0.5 * sound], axis=1)


def followed_by_silence(sound: np.ndarray) -> np.ndarray:
    return np.concatenate([sound, np.zeros((RATE // 2, 2), np.float32)])


def hear(sound: np.ndarray, **parameters: float) -> set[tuple[int, int, int]]:
    """Sample, note and velocity of what the engine finds, without a plug-in."""
    engine = Engine(threaded=False)
    engine.parameters.update(parameters)
    engine.prepare(RATE, BLOCK, 2, "interleaved")
    blocks = [np.ascontiguousarray(sound[start : start + BLOCK]) for start in range(0, len(sound), BLOCK)]
    hits = [hit for block in blocks for hit in engine.process(block)]
    return {(hit.sample, hit.note, hit.velocity) for hit in hits}


def note_ons(host: Host, delay: int) -> set[tuple[int, int, int]]:
    return {(frame - delay, note, velocity) for frame, status, note, velocity in host.notes if status == 0x99}


def test_offline_every_hit_is_a_note_at_its_latency_and_sound_goes_through(host: Host) -> None:
    sound = followed_by_silence(stereo(beat(6.0, RATE)))
    host["freewheel"] = 1.0
    out = host.run(sound)  # as fast as it goes, from the first sample on, while the engine is only starting
    delay = int(host["latency"])
    assert delay == 4630 + BLOCK + 0.04 * RATE
    np.testing.assert_array_equal(out[delay:], sound[:-delay])
    assert (out[:delay] == 0.0).all()
    assert note_ons(host, delay) == hear(sound)
    assert len(note_ons(host, delay)) >= 8
    assert (host["late"], host["lost"]) == (0.0, 0.0)
    assert host["level"] == -90.0
    offs = [frame for frame, status, note, _ in host.notes if (status, note) == (0x89, 38)]
    ons = [frame for frame, status, note, _ in host.notes if (status, note) == (0x99, 38)]
    assert [off - on for on, off in zip(ons, offs, strict=True)] == [0.05 * RATE] * len(ons)


def test_notes_stay_in_order_and_what_sounds_ends(host: Host) -> None:
    host["freewheel"], host["note_length"] = 1.0, 1000.0
    host.run(followed_by_silence(stereo(beat(4.0, RATE))))
    host["enabled"] = 0.0
    host.run(np.zeros((2 * RATE, 2), np.float32))
    frames = [frame for frame, *_ in host.notes]
    assert frames == sorted(frames)
    for note in {note for _, _, note, _ in host.notes}:
        kinds = [status for _, status, number, _ in host.notes if number == note]
        assert kinds == [0x99, 0x89] * (len(kinds) // 2)


def test_controls_are_those_of_the_engine(host: Host) -> None:
    sound = followed_by_silence(stereo(beat(4.0, RATE)))
    host["freewheel"] = 1.0
    host["sensitivity_snare"], host["look_ahead"] = 0.0, 100.0
    host.run(np.zeros((RATE, 2), np.float32))
    latency = int(host["latency"])
    assert latency == 4630 + 0.05 * RATE + BLOCK + 0.04 * RATE
    host.run(sound)
    less = {note for _, note, _ in note_ons(host, latency)}
    assert host["hit_kick"] >= 0.0
    host["enabled"] = 0.0
    host.run(np.zeros((RATE, 2), np.float32))
    before = len(host.notes)
    host.run(sound)
    assert len(host.notes) == before
    assert 36 in less


def test_the_engine_knows_where_the_hosts_song_is(host: Host) -> None:
    sound = followed_by_silence(stereo(beat(2.0, RATE)))  # its snares are at 0.75 and 1.75 s
    host["freewheel"] = 1.0
    host.run(np.zeros((BLOCK, 2), np.float32))
    assert host["beat"] == -1.0
    host.place(100, bar=2.0, barBeat=1.5, beatsPerBar=6.0, beatUnit=8.0, beatsPerMinute=180.0, speed=1.0)
    host.run(sound)  # quarters: (2 * 6 + 1.5) / 2 at frame 100, and 90 of them a minute
    last = max(frame for frame, status, note, _ in host.notes if (status, note) == (0x99, 38))
    attack = last - int(host["latency"]) - BLOCK - 100
    assert host["beat"] == pytest.approx(6.75 + attack / RATE * 1.5, abs=1e-4)
    assert attack / RATE == pytest.approx(1.75, abs=0.01)
    host.place(0, speed=0.0)
    host.run(sound)
    assert host["beat"] == -1.0


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_an_engine_that_is_started_again_is_told_anew_where_the_song_is(bundle: Path) -> None:
    before = children()
    host = Host(bundle, RATE)
    try:
        host.place(0, beat=0.0, beatsPerMinute=60.0, speed=1.0)
        host.run_until(LISTENING)
        (engine,) = children() - before
        os.kill(engine, signal.SIGKILL)
        host.run_until(RESTARTING)
        host.run_until(LISTENING)
        start, host["freewheel"] = host.frames, 1.0
        host.run(followed_by_silence(stereo(beat(1.0, RATE))))
        assert host["beat"] == pytest.approx(start / RATE + 0.75, abs=0.02)  # a quarter is a second
    finally:
        host.close()


def children() -> set[int]:
    """Processes that this one has started, and that run."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_an_engine_that_dies_is_started_again_and_the_gap_is_told(bundle: Path) -> None:
    before = children()
    host = Host(bundle, RATE)
    try:
        host["note_length"] = 1000.0
        host.run_until(LISTENING)
        lost = host["lost"]
        host["freewheel"] = 1.0
        host.run(stereo(beat(1.0, RATE)))
        host["freewheel"] = 0.0
        (engine,) = children() - before
        os.kill(engine, signal.SIGKILL)
        host.run_until(RESTARTING)
        assert "started again" in host.properties["urn:drumscribe:lv2#status"]
        host.run_until(LISTENING)
        assert host["lost"] > lost
        assert engine not in children()
        ons = [note for _, status, note, _ in host.notes if status == 0x99]
        offs = [note for _, status, note, _ in host.notes if status == 0x89]
        assert sorted(ons) == sorted(offs)  # nothing goes on sounding
        start = host.frames
        host["freewheel"] = 1.0
        host.run(followed_by_silence(stereo(beat(2.0, RATE))))
        snares = [frame - int(host["latency"]) for frame, status, note, _ in host.notes if (status, note) == (0x99, 38)]
        assert min(abs(frame - start - 0.75 * RATE) for frame in snares) < 0.01 * RATE
    finally:
        host.close()
    assert children() == before


def test_without_an_engine_there_is_silence_and_a_message(bundle: Path, monkeypatch) -> None:
    monkeypatch.setenv("DRUMSCRIBE_ENGINE", "/nowhere/drumscribe")
    host = Host(bundle, RATE)
    host.run_until(MISSING)
    sound = stereo(beat(1.0, RATE))
    out = host.run(followed_by_silence(sound))
    assert "pip install drumscribe" in host.properties["urn:drumscribe:lv2#status"]
    assert host.notes == []
    delay = int(host["latency"])
    np.testing.assert_array_equal(out[delay : delay + len(sound)], sound)
    host.close()


def test_a_kit_that_is_missing_is_told_and_the_state_is_kept(bundle: Path, tmp_path: Path) -> None:
    host, other = Host(bundle, RATE), Host(bundle, RATE)
    kit = str(tmp_path / "mine.kit")
    host.run_until(LISTENING)
    host.choose("urn:drumscribe:lv2#kit", kit)
    host.run_until(REFUSING)
    host.run(np.zeros((BLOCK, 2), np.float32))
    assert "see the kit" in host.properties["urn:drumscribe:lv2#status"]
    state = host.save()
    assert state["urn:drumscribe:lv2#kit"][0] == kit.encode() + b"\0"
    other.restore(state)
    other.run_until(REFUSING)
    assert other.save() == state
    host.choose("urn:drumscribe:lv2#kit", "")
    host.run_until(LISTENING)
    host.close()
    other.close()


def test_a_kit_and_a_model_that_the_host_chooses_are_heard(bundle: Path, host: Host, tmp_path: Path) -> None:
    kit, rng = tmp_path / "desk.kit", np.random.default_rng(1)
    ring = np.exp(-40 * np.arange(int(0.2 * RATE)) / RATE)
    knocks = {name: 2 * np.pi * hz * np.arange(len(ring)) / RATE for name, hz in (("dum", 140.0), ("tek", 900.0))}

    def knock(name: str) -> np.ndarray:
        return (0.4 * np.sin(knocks[name] * rng.uniform(0.97, 1.03)) * ring).astype(np.float32)

    for name in knocks:
        for take in range(5):
            quiet = np.zeros(RATE // 8, np.float32)
            sample = np.concatenate([quiet, knock(name), quiet])
            write_audio(tmp_path / "samples" / name / f"{take}.wav", sample, RATE)
    words = ["--live", "--only", "--note", "dum=35", "--samples", tmp_path / "samples", "--name", kit]
    made = CliRunner().invoke(main, ["finetune", *map(str, words)])
    assert made.exit_code == 0, made.output
    sound = np.zeros(3 * RATE, np.float32)
    for at in (0.5, 1.25, 2.0):
        sound[round(at * RATE) : round(at * RATE) + len(ring)] += knock("dum")
    host.run_until(LISTENING)
    host.choose("urn:drumscribe:lv2#kit", str(kit))
    host.run(np.zeros((BLOCK, 2), np.float32))
    host.choose("urn:drumscribe:lv2#model", str(model_file(DEFAULT_LIVE)))
    host.run_until(LISTENING)
    start, host["freewheel"] = host.frames, 1.0
    host.run(followed_by_silence(stereo(sound)))
    played = [
        frame - start - int(host["latency"]) for frame, status, note, _ in host.notes if (status, note) == (0x99, 35)
    ]
    assert np.array(played) / RATE == pytest.approx([0.5, 1.25, 2.0], abs=0.02)
    state = host.save()
    assert state["urn:drumscribe:lv2#kit"][0].decode().rstrip("\0") == str(kit)
    assert state["urn:drumscribe:lv2#model"][0].decode().rstrip("\0") == str(model_file(DEFAULT_LIVE))
    host["freewheel"] = 0.0
    host.choose("urn:drumscribe:lv2#model", "base")  # for recordings
    host.run_until(REFUSING)


def test_install_replaces_what_is_there_and_hosts_find_it(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    for _ in range(2):
        done = CliRunner().invoke(main, ["plugin", "install", "--folder", str(folder)])
        assert done.exit_code == 0, done.output
    names = {path.name for path in (folder / plugin.BUNDLE).iterdir()}
    assert names == {"drumscribe.so", "drumscribe.ttl", "manifest.ttl", "engine"}
    host = Host(folder / plugin.BUNDLE, RATE)
    host.run_until(LISTENING)
    host.close()


def test_without_tools_install_says_what_is_needed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(main, ["plugin", "install", "--folder", str(tmp_path / "lv2")])
    assert done.exit_code == 1
    assert "apt install build-essential lv2-dev" in done.output
    assert not (tmp_path / "lv2").exists()


@needs("lv2info", "lv2_validate", "sord_validate")
def test_its_description_is_valid(bundle: Path) -> None:
    files = [str(bundle / "manifest.ttl"), str(bundle / "drumscribe.ttl")]
    checked = subprocess.run(["lv2_validate", *files], capture_output=True, text=True, check=True)
    assert "0 errors" in checked.stdout + checked.stderr
    environment = {**os.environ, "LV2_PATH": str(bundle.parent)}
    command = ["lv2info", "urn:drumscribe:lv2"]
    info = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    assert "Has latency:       yes" in info
    assert str(bundle / "drumscribe.so") in info


# In a real host


@pytest.fixture
def jack(tmp_path: Path, monkeypatch) -> Iterator[None]:
    with jack_server(tmp_path, RATE, monkeypatch):  # in whole frames of the model, as offline
        yield


@pytest.mark.slow
@needs("jackd", "jack_lsp", "jalv", "pkg-config")
def test_in_jalv_every_note_of_a_recording_comes_at_its_latency(jack, bundle: Path, tmp_path: Path) -> None:
    player = tmp_path / "jack_player"
    source = Path(__file__).with_name("jack_player.c")
    if subprocess.run(["cc", "-o", str(player), str(source), "-ljack"], capture_output=True, check=False).returncode:
        pytest.skip("not installed: the headers of JACK")
    sound = load(ROCK, RATE)[: 20 * RATE]
    sound.astype("<f4").tofile(tmp_path / "rock.raw")
    environment = {**os.environ, "LV2_PATH": f"{bundle.parent}:/usr/lib/lv2"}
    log = tmp_path / "jalv.log"
    command = ["jalv", "-n", "plug", "urn:drumscribe:lv2"]
    with log.open("wb") as to:
        jalv = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=to, stderr=to, env=environment)
    try:
        deadline = time.monotonic() + 120.0
        while "listening" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.2)
        silence = np.zeros(RATE, np.float32)
        heard = hear(np.stack([np.concatenate([silence, sound, silence])] * 2, axis=1))
        wanted = {(sample - RATE, note, velocity) for sample, note, velocity in heard}
        command = [str(player), str(tmp_path / "rock.raw"), "plug", str(RATE)]
        for _ in range(3):
            played = subprocess.run(command, capture_output=True, text=True, check=False)
            assert played.returncode in (0, 3), "the player found no port of the plug-in"
            notes = [tuple(map(int, line.split())) for line in played.stdout.splitlines()]
            delay = 4630 + 960 + round(0.04 * RATE)
            found = {(frame - delay, note, velocity) for frame, status, note, velocity in notes if status == 0x99}
            if found == wanted:
                break
    finally:
        jalv.kill()
        jalv.wait()
        jalv.stdin.close()
    busy = not played.stderr.endswith("0 xruns\n") or os.getloadavg()[0] > (os.cpu_count() or 1)
    if found != wanted and busy:
        pytest.skip("this machine was too busy for JACK")
    assert found == wanted
    assert len(found) > 60
