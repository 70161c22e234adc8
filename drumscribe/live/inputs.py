"""Where live sound comes from: an audio device, or a recording played at its own speed in its place."""

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import DrumscribeError

_BLOCK_SECONDS = 0.005
_SILENT_SECONDS = 3.0
"""A device that gives nothing for so long has gone; some systems say it in no other way."""
_INSTALL = (
    "needs PortAudio and its Python package: pip install 'drumscribe[live]', and on Linux also the system's PortAudio "
    "(Debian, Ubuntu: apt install libportaudio2; Fedora: dnf install portaudio)"
)


class DeviceError(DrumscribeError):
    """A device that is not there, or not any more."""


class LiveInput(Protocol):
    """Sound as it comes.

    Attributes
    ----------
    name : for people.
    rate : samples per second.
    channels : 1 or 2.
    """

    name: str
    rate: int
    channels: int

    def blocks(self) -> Iterator[np.ndarray]:
        """``(frames, channels) float32``, each when it is there, or ``(0, channels)`` where nothing is yet.

        Raises
        ------
        DeviceError : when the device has gone.
        """
        ...


def _sounddevice():
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the package is there, PortAudio is not
        raise DeviceError(f"live sound {_INSTALL}") from error
    return sounddevice


def list_inputs() -> list[str]:
    """A line for each input device, with its number.

    Raises
    ------
    DeviceError : without PortAudio.
    """
    sounddevice = _sounddevice()
    return [
        f"{number}: {device['name']} ({device['max_input_channels']} channels, {device['default_samplerate']:.0f} Hz)"
        for number, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"]
    ]


@contextmanager
def open_device(wanted: str | None, rate: int | None) -> Iterator["DeviceInput"]:
    """An audio device, by its number or a part of its name; the system's own where none is named.

    Raises
    ------
    DeviceError : without PortAudio, and for a device that is not there or does not open.
    """
    sounddevice = _sounddevice()
    device = int(wanted) if wanted is not None and wanted.isdecimal() else wanted
    try:
        found = sounddevice.query_devices(device, "input")
        device_input = DeviceInput(
            found["name"], int(rate or found["default_samplerate"]), min(2, found["max_input_channels"])
        )
        with sounddevice.InputStream(
            samplerate=device_input.rate,
            device=device,
            channels=device_input.channels,
            blocksize=round(_BLOCK_SECONDS * device_input.rate),
            dtype="float32",
            latency="low",
            callback=device_input.take,
            finished_callback=device_input.end,
        ):
            yield device_input
    except (ValueError, sounddevice.PortAudioError) as error:
        what = "no input device" if device is None else f"input device {device}"
        raise DeviceError(f"{what}: {error}; drumscribe live --list shows what there is") from error


class DeviceInput:
    """What the callback of a device gives, as blocks: the callback itself only copies."""

    def __init__(self, name: str, rate: int, channels: int) -> None:
        self.name, self.rate, self.channels = name, rate, channels
        self._queue: queue.SimpleQueue[np.ndarray | None] = queue.SimpleQueue()

    def take(self, block: np.ndarray, *_) -> None:
        """For the device: a block, which is copied."""
        self._queue.put(block.copy())

    def end(self) -> None:
        """For the device: there will be no more."""
        self._queue.put(None)

    def blocks(self) -> Iterator[np.ndarray]:
        """See `LiveInput`."""
        last = time.monotonic()
        while time.monotonic() - last < _SILENT_SECONDS:
            try:
                block = self._queue.get(timeout=0.05)
            except queue.Empty:
                yield np.zeros((0, self.channels), np.float32)
                continue
            if block is None:
                break
            last = time.monotonic()
            yield block
        raise DeviceError(f"{self.name}: the device has gone")


class RecordingInput:
    """A recording, played at its own speed.

    Raises
    ------
    AudioError : where it cannot be read.
    """

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        from ..audio import load, probe

        info = probe(path)
        self.name, self.channels, self._speed = path.name, 1, speed
        self.rate = min(max(info.rate, 22050), 192000)
        self._samples = load(path, self.rate)[:, None]

    def blocks(self) -> Iterator[np.ndarray]:
        """See `LiveInput`; ends with the recording."""
        size = round(_BLOCK_SECONDS * self.rate)
        began = time.monotonic()
        for start in range(0, len(self._samples), size):
            block = self._samples[start : start + size]
            due = began + (start + len(block)) / self.rate / self._speed
            time.sleep(max(0.0, due - time.monotonic()))
            yield block
