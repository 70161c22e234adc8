"""Inputs of live sound: an audio device, or a recording played at its own speed instead."""

import atexit
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Protocol

import numpy as np

from ..errors import DrumscribeError
from ..files import near_miss
from ..sound.audio import FOREIGN_SUFFIXES, SUFFIXES

_BLOCK_SECONDS = 0.005
_SILENT_SECONDS = 3.0
"""A device that is silent for so long is gone; some systems report it in no other way (by hand)."""
_CLOSE_TIMEOUT_S = 3.0
"""A device that does not stop within this time is left to itself, as those of a server that has died (by hand)."""
_INSTALL = (
    'needs PortAudio and its Python package: pip install "drumscribe[live]", and on Linux also the '
    "system's PortAudio (Debian, Ubuntu: apt install libportaudio2; Fedora: dnf install portaudio)"
)


class DeviceError(DrumscribeError):
    """An audio device is missing, or gone."""


class LiveInput(Protocol):
    """The interface of live inputs.

    Attributes
    ----------
    name : str
        Name to display.
    rate : int
        Samples per second.
    channels : int
        Number of channels.
    """

    name: str
    rate: int
    channels: int

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield sound as it arrives: ``(frames, channels) float32``, with no frames while there is none.

        Raises
        ------
        DeviceError
            If the device is gone.
        """
        ...


def _sounddevice() -> ModuleType:
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the package is installed, PortAudio is not
        raise DeviceError(f"live sound {_INSTALL}") from error
    return sounddevice


def list_inputs() -> list[str]:
    """List the input devices, a line each, with their numbers.

    Raises
    ------
    DeviceError
        If PortAudio is missing.
    """
    sounddevice = _sounddevice()
    return [
        f"{number}: {device['name']} ({device['max_input_channels']} channels, {device['default_samplerate']:.0f} Hz)"
        for number, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"]
    ]


@contextmanager
def open_device(wanted: str | None, rate: int | None, channels: Sequence[int] | None = None) -> Iterator["DeviceInput"]:
    """Open an audio device.

    Parameters
    ----------
    wanted : str | None
        Its number or a part of its name; None for the system's default.
    rate : int | None
        Samples per second; None for the device's default.
    channels : sequence of int or None
        Numbers of the channels to listen to, the first being 1; None for the first two.

    Yields
    ------
    DeviceInput
        The open device.

    Raises
    ------
    DeviceError
        If PortAudio is missing, or the device is missing or does not open.
    """
    sounddevice = _sounddevice()
    device = int(wanted) if wanted is not None and wanted.isdecimal() else wanted
    try:
        found = sounddevice.query_devices(device, "input")
        numbers = list(channels or range(1, 1 + min(2, found["max_input_channels"])))
        if max(numbers) > found["max_input_channels"]:
            raise DeviceError(f"{found['name']}: has {found['max_input_channels']} channels, but not {max(numbers)}")
        device_input = DeviceInput(found["name"], int(rate or found["default_samplerate"]), numbers)
        stream = sounddevice.InputStream(
            samplerate=device_input.rate,
            device=device,
            channels=max(numbers),
            blocksize=round(_BLOCK_SECONDS * device_input.rate),
            dtype="float32",
            latency="low",
            callback=device_input.take,
            finished_callback=device_input.end,
        )
        stream.start()
    except (ValueError, sounddevice.PortAudioError) as error:
        what = "no input device" if device is None else f"input device {device}"
        raise DeviceError(f"{what}: {error}: see drumscribe live --list") from error
    try:
        yield device_input
    finally:
        if not ends_within(_CLOSE_TIMEOUT_S, lambda: (stream.abort(), stream.close())):
            atexit.unregister(sounddevice._exit_handler)  # noqa: SLF001 (it would wait for good, too)


@contextmanager
def open_source(
    wanted: str | None, rate: int | None = None, channels: Sequence[int] | None = None
) -> Iterator[LiveInput]:
    """Open an audio device, or a recording in place of one.

    Parameters
    ----------
    wanted : str | None
        The number or a part of the name of a device, or the path of a recording; None for the system's default.
    rate : int | None
        Samples per second of a device; None for its default.
    channels : sequence of int or None
        Numbers of the channels of a device to listen to, the first being 1; None for the first two.

    Yields
    ------
    LiveInput
        The open device, or the recording.

    Raises
    ------
    DeviceError
        If PortAudio is missing, the device or the recording is missing or does not open, or channels are given of a
        recording.
    AudioError
        If the recording cannot be read.
    """
    path = None if wanted is None else Path(wanted)
    if path is None or not path.is_file():
        if path is not None and path.suffix.lower() in SUFFIXES | FOREIGN_SUFFIXES:
            raise DeviceError(f"{wanted}: no such recording{near_miss(path)}")
        with open_device(wanted, rate, channels) as device:
            yield device
        return
    if channels is not None:
        raise DeviceError(f"{wanted}: --channels is for devices: of a recording, all are listened to")
    yield RecordingInput(path)


def check_rate(source: LiveInput) -> None:
    """Check that an engine can listen to an input at its rate.

    Parameters
    ----------
    source : LiveInput
        The input.

    Raises
    ------
    DeviceError
        If its rate is too low or too high, as that of a headset for phone calls.
    """
    from ..stream.engine import RATES

    lowest, highest = RATES
    if not lowest <= source.rate <= highest:
        raise DeviceError(
            f"{source.name}: its sample rate is {source.rate} Hz, but {lowest} to {highest} Hz are needed: "
            "give another that it has, as --rate 48000, or another device"
        )


def ends_within(seconds: float, end: Callable[[], object]) -> bool:
    """End something in a thread; leave the thread alone if that takes too long.

    Parameters
    ----------
    seconds : float
        How long it may take.
    end : callable
        Called to end it.

    Returns
    -------
    bool
        Whether it has ended in time, well or not.
    """

    def run() -> None:
        with suppress(Exception):  # a device that is gone cannot be stopped
            end()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


class DeviceInput:
    """Blocks from the callback of a device; the callback itself only copies.

    Parameters
    ----------
    name : str
        Name to display.
    rate : int
        Samples per second.
    numbers : sequence of int
        Numbers of the channels to listen to, the first being 1.
    """

    def __init__(self, name: str, rate: int, numbers: Sequence[int]) -> None:
        self.name, self.rate, self.channels = name, rate, len(numbers)
        self._columns = [number - 1 for number in numbers]
        self._queue: queue.SimpleQueue[np.ndarray | None] = queue.SimpleQueue()

    def take(self, block: np.ndarray, *_: object) -> None:
        """Take a block from the device, and copy it.

        Parameters
        ----------
        block : np.ndarray
            ``(frames, channels) float32``, the device's channels up to the last one to listen to.
        *_ : object
            Time and status of the callback.
        """
        self._queue.put(block[:, self._columns])  # a copy

    def end(self) -> None:
        """Take the end of the stream from the device."""
        self._queue.put(None)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the blocks; see `LiveInput`."""
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
        raise DeviceError(f"{self.name}: the device is gone")


class RecordingInput:
    """A recording, played at its own speed.

    Parameters
    ----------
    path : Path
        The recording.
    speed : float, default 1.0
        Factor of its own speed.

    Raises
    ------
    AudioError
        If it cannot be read.
    """

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        from ..sound.audio import load, probe
        from ..stream.engine import RATES

        info = probe(path)
        self.name, self.channels, self._speed = path.name, 1, speed
        self.rate = min(max(info.rate, RATES[0]), RATES[1])
        self._samples = load(path, self.rate)[:, None]

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the blocks, up to the end of the recording; see `LiveInput`."""
        size = round(_BLOCK_SECONDS * self.rate)
        began = time.monotonic()
        for start in range(0, len(self._samples), size):
            block = self._samples[start : start + size]
            due = began + (start + len(block)) / self.rate / self._speed
            time.sleep(max(0.0, due - time.monotonic()))
            yield block
