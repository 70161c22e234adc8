"""The least of an LV2 host: loads a plug-in, runs it block by block, and keeps the notes that it plays."""

import ctypes
import struct
import time
from pathlib import Path

import numpy as np

PORTS = {
    "in_left": 0,
    "in_right": 1,
    "out_left": 2,
    "out_right": 3,
    "control": 4,
    "notes": 5,
    "enabled": 6,
    "freewheel": 7,
    "sensitivity_snare": 9,
    "retrigger": 14,
    "look_ahead": 15,
    "note_length": 16,
    "margin": 17,
    "latency": 18,
    "level": 19,
    "hit_kick": 20,
    "status": 27,
    "late": 28,
    "lost": 29,
    "beat": 30,
}
ATOM, TIME = "http://lv2plug.in/ns/ext/atom#", "http://lv2plug.in/ns/ext/time#"
DEFAULTS = {6: 1.0, **dict.fromkeys(range(8, 14), 0.5), 14: 30.0, 15: 50.0, 16: 50.0, 17: 40.0}
STARTING, LISTENING, RESTARTING, MISSING, REFUSING = range(5)
STATE = "http://lv2plug.in/ns/ext/state#interface"
BLOCK = 512
_NOTES_BYTES = 65536
_PORTS = max(PORTS.values()) + 1

_MAP = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_char_p)
_STORE = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_uint32,
    ctypes.POINTER(ctypes.c_char),
    ctypes.c_size_t,
    ctypes.c_uint32,
    ctypes.c_uint32,
)
_RETRIEVE = ctypes.CFUNCTYPE(
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_uint32,
    ctypes.POINTER(ctypes.c_size_t),
    ctypes.POINTER(ctypes.c_uint32),
    ctypes.POINTER(ctypes.c_uint32),
)


class _Feature(ctypes.Structure):
    _fields_ = (("uri", ctypes.c_char_p), ("data", ctypes.c_void_p))


class _UridMap(ctypes.Structure):
    _fields_ = (("handle", ctypes.c_void_p), ("map", _MAP))


_FEATURES = ctypes.POINTER(ctypes.POINTER(_Feature))


class _Descriptor(ctypes.Structure):
    _fields_ = (
        ("uri", ctypes.c_char_p),
        (
            "instantiate",
            ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_double, ctypes.c_char_p, _FEATURES),
        ),
        ("connect_port", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)),
        ("activate", ctypes.c_void_p),
        ("run", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)),
        ("deactivate", ctypes.c_void_p),
        ("cleanup", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
        ("extension_data", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p)),
    )


class _State(ctypes.Structure):
    _fields_ = (
        (
            "save",
            ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, _STORE, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p),
        ),
        (
            "restore",
            ctypes.CFUNCTYPE(
                ctypes.c_int, ctypes.c_void_p, _RETRIEVE, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p
            ),
        ),
    )


class Host:
    """A plug-in at work; `notes` are (frame, status, note, velocity), `properties` what it has told by name."""

    def __init__(self, bundle: Path, rate: int, block: int = BLOCK) -> None:
        self._uris: list[str] = []
        self._block = block
        self.rate, self.frames = rate, 0
        self.notes: list[tuple[int, int, int, int]] = []
        self.properties: dict[str, str] = {}
        library = ctypes.CDLL(str(bundle / "drumscribe.so"))
        library.lv2_descriptor.restype = ctypes.POINTER(_Descriptor)
        self._plugin = library.lv2_descriptor(0).contents
        self._map = _UridMap(None, _MAP(lambda _, uri: self.urid(uri.decode())))
        data = ctypes.cast(ctypes.pointer(self._map), ctypes.c_void_p)
        feature = _Feature(b"http://lv2plug.in/ns/ext/urid#map", data)
        self._features = (ctypes.POINTER(_Feature) * 2)(ctypes.pointer(feature), None)
        self._kept = feature
        self._handle = self._plugin.instantiate(
            ctypes.addressof(self._plugin), float(rate), f"{bundle}/".encode(), self._features
        )
        assert self._handle
        self._audio = np.zeros((4, block), np.float32)
        self._controls = np.zeros(_PORTS, np.float32)
        for number, value in DEFAULTS.items():
            self._controls[number] = value
        self._messages = ctypes.create_string_buffer(4096)
        self._out = ctypes.create_string_buffer(_NOTES_BYTES)
        for number in range(_PORTS):
            data = self._controls[number:].ctypes.data
            if number < 4:
                data = self._audio[number].ctypes.data
            elif number < 6:
                data = ctypes.addressof((self._messages, self._out)[number - 4])
            self._plugin.connect_port(self._handle, number, data)

    def close(self) -> None:
        self._plugin.cleanup(self._handle)

    def urid(self, uri: str) -> int:
        if uri not in self._uris:
            self._uris.append(uri)
        return self._uris.index(uri) + 1

    def __getitem__(self, port: str) -> float:
        return float(self._controls[PORTS[port]])

    def __setitem__(self, port: str, value: float) -> None:
        self._controls[PORTS[port]] = value

    def choose(self, name: str, value: str) -> None:
        """Send a path with the next block, as a host does that loads a file."""
        text = value.encode() + b"\0"
        prop = struct.pack("<II", self.urid("http://lv2plug.in/ns/ext/patch#property"), 0)
        prop += struct.pack("<IIII", 4, self.urid("http://lv2plug.in/ns/ext/atom#URID"), self.urid(name), 0)
        prop += struct.pack("<II", self.urid("http://lv2plug.in/ns/ext/patch#value"), 0)
        prop += struct.pack("<II", len(text), self.urid("http://lv2plug.in/ns/ext/atom#Path"))
        prop += text + bytes(-len(text) % 8)
        body = struct.pack("<II", 0, self.urid("http://lv2plug.in/ns/ext/patch#Set")) + prop
        self._send(struct.pack("<qII", 0, len(body), self.urid("http://lv2plug.in/ns/ext/atom#Object")) + body)

    def place(self, frame: int, **facts: float) -> None:
        """Tell with the next block where the song is from one of its frames on, by floats of the time extension."""
        body = struct.pack("<II", 0, self.urid(TIME + "Position"))
        for name, value in facts.items():
            body += struct.pack("<IIII", self.urid(TIME + name), 0, 4, self.urid(ATOM + "Float"))
            body += struct.pack("<fI", value, 0)
        self._send(struct.pack("<qII", frame, len(body), self.urid(ATOM + "Object")) + body)

    def _send(self, events: bytes) -> None:
        head = struct.pack("<IIII", 8 + len(events), self.urid("http://lv2plug.in/ns/ext/atom#Sequence"), 0, 0)
        self._messages[: len(head) + len(events)] = head + events

    def run(self, sound: np.ndarray) -> np.ndarray:
        """Play ``(frames, 2)`` of sound; what comes out."""
        given = []
        for start in range(0, len(sound), self._block):
            block = sound[start : start + self._block]
            self._audio[:2, : len(block)] = block.T
            struct.pack_into("<II", self._out, 0, _NOTES_BYTES - 8, 0)
            self._plugin.run(self._handle, len(block))
            self._send(b"")
            self._read()
            given.append(self._audio[2:, : len(block)].T.copy())
            self.frames += len(block)
        return np.concatenate(given)

    def run_until(self, status: int, patience: float = 120.0) -> None:
        """Play silence, about at its own speed, until the plug-in has a status."""
        deadline = time.monotonic() + patience
        while self["status"] != status:
            assert time.monotonic() < deadline, f"the status is {self['status']}"
            self.run(np.zeros((self._block, 2), np.float32))
            time.sleep(self._block / self.rate)

    def _read(self) -> None:
        size = struct.unpack_from("<I", self._out, 0)[0]
        at, end = 16, 8 + size
        while at < end:
            frame, length, kind = struct.unpack_from("<qII", self._out, at)
            body = self._out[at + 16 : at + 16 + length]
            if kind == self.urid("http://lv2plug.in/ns/ext/midi#MidiEvent"):
                self.notes.append((self.frames + frame, *body))
            else:
                self._read_property(body)
            at += 16 + length + -length % 8

    def _read_property(self, body: bytes) -> None:
        """An object with the number of a property, and its text."""
        name = struct.unpack_from("<I", body, 24)[0]
        size = struct.unpack_from("<I", body, 40)[0]
        self.properties[self._uris[name - 1]] = body[48 : 48 + size].rstrip(b"\0").decode()

    def _state(self) -> _State:
        return ctypes.cast(self._plugin.extension_data(STATE.encode()), ctypes.POINTER(_State)).contents

    def save(self) -> dict[str, tuple[bytes, str]]:
        """The state by property: its bytes and type."""
        saved: dict[str, tuple[bytes, str]] = {}

        def store(_, key, value, size, kind, flags) -> int:
            saved[self._uris[key - 1]] = (value[:size], self._uris[kind - 1])
            return 0

        assert self._state().save(self._handle, _STORE(store), None, 0, None) == 0
        return saved

    def restore(self, saved: dict[str, tuple[bytes, str]]) -> None:
        buffers = {self.urid(key): (ctypes.create_string_buffer(v, len(v)), kind) for key, (v, kind) in saved.items()}

        def retrieve(_, key, size, kind, flags) -> int | None:
            if key not in buffers:
                return None
            buffer, name = buffers[key]
            size[0], kind[0], flags[0] = len(buffer), self.urid(name), 0
            return ctypes.addressof(buffer)

        assert self._state().restore(self._handle, _RETRIEVE(retrieve), None, 0, None) == 0
