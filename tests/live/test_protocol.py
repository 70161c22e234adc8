"""A foreign client steers the engine by version 2 of the protocol, over a pipe and over sockets."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import beat

from drumscribe.live.pipes import Conversation
from drumscribe.live.protocol import LARGEST_MESSAGE, ProtocolError, command_message, sound_message
from drumscribe.stream import Engine

RATE = 48000
PATIENCE = 120.0  # seconds, for machines that do much else
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(threaded=False)


def talk(engine: Engine, *messages: bytes, channels: int = 1) -> list[dict]:
    """All the events of a conversation, in which the engine has its defaults at first."""
    engine.parameters.update({parameter.name: parameter.default for parameter in engine.parameters.ranges})
    sink = io.StringIO()
    source = io.BufferedReader(io.BytesIO(b"".join(messages)))
    try:
        Conversation(engine, RATE, channels, sink, 2).hold(source)
    except ProtocolError as error:
        assert json.loads(sink.getvalue().splitlines()[-1]) == {"event": "error", "message": str(error)}
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def sound_messages(sound: np.ndarray, size: int = 4800) -> list[bytes]:
    data = sound.astype("<f4")
    return [sound_message(data[start : start + size].tobytes()) for start in range(0, len(data), size)]


def of_kind(events: list[dict], *kinds: str) -> list[dict]:
    return [event for event in events if event["event"] in kinds]


def test_ready_says_all_that_a_client_can_use(engine: Engine) -> None:
    ready, end = talk(engine)
    assert end == {"event": "end", "frames": 0}
    assert ready["protocol"] == 2
    assert ready["look_aheads"] == list(engine.look_aheads)
    assert ready["notes"]["kick"] == 36
    assert ready["notes"]["hihat_open"] == 46
    assert "snare" in ready["notes"]
    assert "hihat" not in ready["notes"]
    assert ready["kit"] is None
    assert ready["limits"] == {"message": LARGEST_MESSAGE, "rate": [22050, 192000], "channels": [1, 64]}
    (retrigger,) = (parameter for parameter in ready["parameters"] if parameter["name"] == "retrigger")
    names = ("name", "minimum", "maximum", "default", "value", "unit")
    assert retrigger == dict(zip(names, ("retrigger", 20.0, 500.0, 30.0, 30.0, "ms"), strict=True))


def test_a_command_counts_from_the_frame_that_follows(engine: Engine) -> None:
    sound = beat(5.0, RATE)
    half = len(sound) // 2
    on, off = (command_message("set", parameters={"bypass": value}) for value in (1, 0))
    events = talk(engine, *sound_messages(sound[:half]), on, *sound_messages(sound[half:]), off)
    hits = of_kind(events, "hit")
    assert hits
    assert all(hit["sample"] < half for hit in hits)
    whole = of_kind(talk(engine, *sound_messages(sound)), "hit")
    assert hits == whole[: len(hits)]
    assert len(whole) > len(hits)


def test_a_latency_that_is_asked_for_is_kept_and_told(engine: Engine) -> None:
    events = talk(engine, command_message("latency", milliseconds=60))
    (told,) = of_kind(events, "parameters")
    assert told["latency"] <= 0.06 * RATE
    assert told["values"]["look_ahead"] == 10.0


def test_what_is_wrong_is_told_and_changes_nothing(engine: Engine) -> None:
    wrong = [
        (command_message("set", parameters={"retrigger": 100, "sensitivity_bell": 1}), "sensitivity_bell"),
        (command_message("set", parameters={"retrigger": 100, "bypass": 7}), "bypass is 7"),
        (command_message("set", parameters={"retrigger": "loud"}), "retrigger is 'loud'"),
        (command_message("set", parameters=[1]), "is a number"),
        (command_message("set"), "'parameters' is missing"),
        (command_message("latency", milliseconds=float("nan")), "milliseconds is nan"),
        (command_message("notes", seconds=-1), "seconds is -1"),
        (command_message("transport", tempo=0, beat=0, playing=True), "tempo is 0"),
        (command_message("dance"), "not a command: 'dance'"),
        (b"cmd \x05\0\0\0[1,2]", "not a command"),
        (b"cmd \x03\0\0\0\xff{}", "not a command"),
    ]
    events = talk(engine, *(message for message, _ in wrong), command_message("set", parameters={}))
    errors = of_kind(events, "error")
    assert len(errors) == len(wrong)
    for error, (_, words) in zip(errors, wrong, strict=True):
        assert words in error["message"]
    assert of_kind(events, "parameters")[-1]["values"]["retrigger"] == 30.0
    assert events[-1]["event"] == "end"


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"snd \xff\xff\xff\xff", b"snd \x10\0\0\0half", b"sn"])
def test_what_is_no_message_ends_it_with_an_error(engine: Engine, garbage: bytes) -> None:
    events = talk(engine, garbage)
    assert [event["event"] for event in events] == ["ready", "error"]


def test_notes_end_in_order_and_before_they_begin_again(engine: Engine) -> None:
    events = talk(engine, command_message("notes", seconds=0.6), *sound_messages(beat(4.0, RATE)))
    notes = of_kind(events, "hit", "note_off")
    for number in {note["note"] for note in notes}:
        of_it = [note for note in notes if note["note"] == number]
        assert [note["event"] for note in of_it] == ["hit", "note_off"] * (len(of_it) // 2)
        samples = [note["sample"] for note in of_it]
        assert samples == sorted(samples)
        assert max(off - on for on, off in zip(samples[::2], samples[1::2], strict=True)) == 0.6 * RATE
    assert of_kind(talk(engine, *sound_messages(beat(2.0, RATE))), "note_off") == []


def test_hits_have_the_beat_of_the_hosts_song(engine: Engine) -> None:
    play = command_message("transport", tempo=90, beat=8.0, playing=True)
    stop = command_message("transport", tempo=90, beat=8.0, playing=False)
    silence = np.zeros(RATE, np.float32)
    events = talk(engine, *sound_messages(silence), play, *sound_messages(beat(2.0, RATE)), *sound_messages(silence))
    hits = of_kind(events, "hit")
    assert hits
    for hit in hits:
        assert hit["beat"] == pytest.approx(8.0 + (hit["sample"] / RATE - 1.0) * 1.5, abs=1e-5)
    events = talk(engine, play, stop, *sound_messages(beat(2.0, RATE)))
    assert not any("beat" in hit for hit in of_kind(events, "hit"))


def test_a_hit_before_the_song_jumps_has_the_beat_it_was_played_at(engine: Engine) -> None:
    sound = beat(2.0, RATE)  # the first stroke is at 0.25 s, and is reported after the jump at 0.3 s
    first, jump = (command_message("transport", tempo=60, beat=beat, playing=True) for beat in (0.0, 100.0))
    cut = round(0.3 * RATE)
    events = talk(engine, first, *sound_messages(sound[:cut]), jump, *sound_messages(sound[cut:]))
    hits = of_kind(events, "hit")
    assert [hit["sample"] < cut for hit in hits].count(True) >= 1
    for hit in hits:
        start, since = (0.0, 0) if hit["sample"] < cut else (100.0, cut)
        assert hit["beat"] == pytest.approx(start + (hit["sample"] - since) / RATE, abs=1e-5)


def test_a_sync_comes_after_all_that_was_heard_before(engine: Engine) -> None:
    sound = beat(2.0, RATE)
    events = talk(engine, *sound_messages(sound), command_message("sync", id="x"), command_message("end"), b"ignored")
    at = next(i for i, event in enumerate(events) if event["event"] == "sync")
    assert events[at] == {"event": "sync", "id": "x", "sample": len(sound)}
    late = [hit["sample"] for hit in of_kind(events[at:], "hit")]
    assert all(sample + events[0]["latency"] > len(sound) for sample in late)


@pytest.mark.parametrize("command", ["reset", "flush"])
def test_a_new_stream_begins_at_number_0(engine: Engine, command: str) -> None:
    sound = beat(1.5, RATE)
    events = talk(engine, *sound_messages(sound), command_message(command), *sound_messages(sound))
    at = next(i for i, event in enumerate(events) if event["event"] == command)
    assert of_kind(events[at:], "hit") == of_kind(talk(engine, *sound_messages(sound)), "hit")
    assert events[-1]["frames"] == len(sound)


# Sockets


class Server:
    """`drumscribe serve` with sockets, in a process of its own."""

    def __init__(self, *options: str, **environment: str) -> None:
        command = [sys.executable, "-m", "drumscribe", "serve", *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **environment}
        )
        self.facts: dict = {}
        for _ in range(sum(option in ("--tcp", "--unix") for option in options)):
            self.facts |= json.loads(self.process.stderr.readline())

    def connect(self, **greeting: object) -> "Client":
        host, _, port = self.facts["tcp"].rpartition(":")
        return Client(socket.create_connection(("127.0.0.1" if host == "0.0.0.0" else host, int(port))), greeting)

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0
        self.process.stderr.close()


class Client:
    def __init__(self, connection: socket.socket, greeting: dict) -> None:
        self._socket = connection
        self._socket.settimeout(PATIENCE)
        self._lines = connection.makefile("rb")
        self.send(json.dumps({"protocol": 2, "rate": RATE, **greeting}).encode() + b"\n")
        self.first = self.next()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def next(self) -> dict | None:
        line = self._lines.readline()
        return json.loads(line) if line else None

    def hear(self, sound: np.ndarray) -> list[dict]:
        for message in sound_messages(sound):
            self.send(message)
        self.send(command_message("end"))
        return list(iter(self.next, None))

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server("--tcp", "127.0.0.1:0", "--unix", str(tmp_path / "socket"))
    yield server
    server.end()
    assert not (tmp_path / "socket").exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no sockets of the file system")
def test_clients_come_over_both_sockets_at_once_and_each_has_its_own_engine(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    wanted = of_kind(talk(engine, *sound_messages(beat(3.0, RATE))), "hit")
    stereo = server.connect(channels=2)
    assert (stereo.first["channels"], stereo.first["rate"]) == (2, RATE)
    other = socket.socket(socket.AF_UNIX)
    other.connect(str(tmp_path / "socket"))
    mono = Client(other, {})
    stereo.send(command_message("set", parameters={"bypass": 1}))
    assert stereo.next()["event"] == "parameters"
    assert of_kind(mono.hear(beat(3.0, RATE)), "hit") == wanted
    assert of_kind(stereo.hear(np.repeat(beat(2.0, RATE), 2)), "hit") == []
    assert (tmp_path / "socket").stat().st_mode & 0o077 == 0
    for client in (mono, stereo):
        client.close()


@pytest.mark.skipif(os.name == "nt", reason="ends a server by a signal")
def test_a_client_that_goes_or_talks_nonsense_disturbs_nobody(server: Server) -> None:
    nonsense = server.connect(protocol="no")
    assert nonsense.first["event"] == "error"
    assert nonsense.next() is None
    slow = server.connect(rate=8000)
    assert "rate is 8000" in slow.first["message"]
    slow.close()
    gone = server.connect()
    gone.send(sound_messages(beat(1.0, RATE))[0][:100])
    gone.close()
    client = server.connect()
    assert len(of_kind(client.hear(beat(2.0, RATE)), "hit")) >= 3
    nonsense.close()
    client.close()


@pytest.mark.skipif(os.name == "nt", reason="ends a server by a signal")
@pytest.mark.parametrize("given", ["", "a secret of mine"])
def test_other_machines_need_a_token(given: str) -> None:
    server = Server("--tcp", "0.0.0.0:0", DRUMSCRIBE_TOKEN=given)
    token = given or server.facts["token"]
    assert len(token) >= 16
    assert ("token" in server.facts) == (not given)
    for wrong in ({}, {"token": "guessed"}, {"token": 3}):
        client = server.connect(**wrong)
        assert "token is missing or wrong" in client.first["message"]
        client.close()
    client = server.connect(token=token)
    assert client.first["event"] == "ready"
    client.close()
    server.end()


def serve(*options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "drumscribe", "serve", *options]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)


def test_addresses_that_cannot_be_had_are_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = serve("--tcp", address)
    assert done.returncode == 2
    assert done.stderr.startswith(f"Error: {address}: cannot be listened at")
    file = tmp_path / "notes.txt"
    file.write_text("precious")
    done = serve("--unix", str(file))
    assert done.returncode == 2
    assert "give the socket another name" in done.stderr
    assert file.read_text() == "precious"
    assert "give --stdio, --tcp or --unix" in serve().stderr


# Examples


@pytest.mark.skipif(shutil.which("cc") is None or os.name == "nt", reason="there is no C compiler")
def test_the_client_in_c_talks_over_sockets(server: Server, tmp_path: Path) -> None:
    program = tmp_path / "client"
    source = [str(EXAMPLES / "stdio_client.c"), "-I", str(EXAMPLES / "plugin")]
    subprocess.run(["cc", "-Wall", "-Werror", "-o", str(program), *source, "-lm"], check=True)
    host, _, port = server.facts["tcp"].rpartition(":")
    outputs = []
    for where in ([host, port], [str(tmp_path / "socket")]):
        done = subprocess.run([str(program), *where], capture_output=True, text=True, timeout=PATIENCE, check=True)
        outputs.append([json.loads(line) for line in done.stdout.splitlines()])
    assert outputs[0] == outputs[1]
    assert len(of_kind(outputs[0], "hit")) >= 3
    assert len(of_kind(outputs[0], "note_off")) == len(of_kind(outputs[0], "hit"))


@pytest.mark.skipif(shutil.which("node") is None, reason="not installed: node")
def test_the_client_in_node_talks_over_tcp(server: Server) -> None:
    command = ["node", str(EXAMPLES / "socket_client.mjs"), server.facts["tcp"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    times = sorted({float(line.split()[0]) for line in done.stdout.splitlines()})
    assert times == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.011)
    t = np.arange(2 * 48000) % 24000 / 48000  # the client's test tone
    tone = 0.8 * np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-30 * t)))) * np.exp(-12 * t)
    engine = Engine(threaded=False)
    engine.prepare(48000, 480, 1)
    engine.set_latency(0.06)
    hits = [hit for part in tone.astype(np.float32).reshape(-1, 480) for hit in engine.process(part[None])]
    heard = [hit.at_rate(48000) for hit in [*hits, *engine.flush()]]
    assert [line.split()[1:] for line in done.stdout.splitlines()] == [[h.articulation, str(h.velocity)] for h in heard]


def test_the_client_in_python_steers() -> None:
    command = [sys.executable, str(EXAMPLES / "stdio_client.py"), str(EXAMPLES / "songs" / "rock.ogg")]
    options = ["--speed", "20", "--latency", "60", "--sensitivity", "kick=0.9"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert "snare" in done.stdout
    assert "'sensitivity_kick': 0.9" in done.stdout
