"""The engine as a plugin host calls it: prepared, then block after block; see `Engine`."""

import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..sound.mixing import StreamMixer
from .events import Overrun, StreamHit
from .parameters import Parameters
from .processor import Analysis
from .resampling import RATES
from .worker import Worker

if TYPE_CHECKING:
    from ..kits.kit import Kit

Layout = Literal["planar", "interleaved"]

MOST_CHANNELS = 64
"""Maximum number of channels: more than most interfaces have."""
LARGEST_BLOCK = 16384
"""Maximum number of frames in a block: more than any host uses."""
_PIECE_S = 0.01
"""Seconds that the thread hears at a time, so that its hits come out soon; by hand."""
_QUEUE_S = (0.1, 60.0)
"""Range of the queue's length; by hand."""


class Engine:
    """Listens to a stream, block by block, and reports hits in the host's own time.

    With a thread of its own, `process` only puts the block into a queue and takes out the hits that were found by now:
    it waits for nothing, and allocates nothing but the list that it returns. Without one, it listens before it returns,
    which gives the same hits, each in the first call in which it can be known. Engines share nothing.

    Parameters
    ----------
    model : str, Path or None
        Path to a model file, the name of a bundled model (``"live"``), or None for the default for streams.
    kit : Kit or None
        A player's own sounds to recognise, too, learned for that model (`kits.library.load`).
    threaded : bool
        Whether to listen in a thread of its own, as in real time, or in the caller's, as offline.
    queue_seconds : float
        Maximum duration of sound that waits for the thread, 0.1 to 60; sound that comes while the queue is full is
        lost, and reported.

    Attributes
    ----------
    offline : bool
        Whether `process` waits until a block is heard, thread or not: for a host that renders faster than real time,
        which loses nothing then. It can be changed at any time between two blocks.

    Raises
    ------
    ModelError
        If the model cannot be used.
    KitError
        If the kit was made for another model.
    ValueError
        If `queue_seconds` is out of its range.

    Examples
    --------
    >>> engine = Engine(threaded=False)
    >>> engine.prepare(48000, 512, 2)
    >>> engine.process(np.zeros((2, 512), np.float32))
    []
    >>> engine.parameters["sensitivity_hihat"] = 0.7
    >>> engine.flush()
    []
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        kit: "Kit | None" = None,
        threaded: bool = True,
        queue_seconds: float = 4.0,
    ) -> None:
        if not _QUEUE_S[0] <= queue_seconds <= _QUEUE_S[1]:
            raise ValueError(f"a queue of {queue_seconds} s: it holds from {_QUEUE_S[0]:g} to {_QUEUE_S[1]:g}")
        self._model, self._kit, self._analysis = model, kit, Analysis(model, kit)
        self._threaded, self._queue_seconds = threaded, queue_seconds
        self._parameters = Parameters(self._analysis.parameters)
        self._worker: Worker | None = None
        self._ending: weakref.finalize | None = None
        self._prepared = False
        self.offline = False

    @property
    def parameters(self) -> Parameters:
        """The parameters, which can be changed at any time between two blocks; see `parameters.Parameters`."""
        return self._parameters

    @property
    def model(self) -> str:
        """The name and version of the model that listens."""
        return f"{self._analysis.info.name} {self._analysis.info.version}"

    @property
    def instruments(self) -> tuple[str, ...]:
        """The instruments that it hears."""
        return self._analysis.instruments

    @property
    def kit(self) -> str | None:
        """The name of the kit that is recognised, if there is one."""
        return None if self._kit is None else self._kit.name

    @property
    def notes(self) -> dict[str, int]:
        """The MIDI note of each articulation that it may report."""
        return self._analysis.notes

    @property
    def look_aheads(self) -> tuple[float, ...]:
        """The look-aheads that the model, or the kit, was made for, in ms; the parameter means the nearest of them."""
        return self._analysis.look_aheads

    @property
    def latency_samples(self) -> int:
        """Maximum number of samples from an attack to its report: resampler, window, look-ahead and second look.

        Most hits come about 20 ms earlier. The time that the thread takes to listen, if there is one, comes on top.
        """
        self._check_prepared()
        return self._analysis.latency(self._parameters)

    def prepare(self, sample_rate: int, max_block_size: int, channels: int, layout: Layout = "planar") -> None:
        """Be ready for a stream: all memory is taken, all code compiled and run once. A stream before it is forgotten.

        Parameters
        ----------
        sample_rate : int
            The host's rate in Hz, 22050 to 192000.
        max_block_size : int
            Maximum number of frames in a block, 1 to 16384.
        channels : int
            Number of channels, 1 to 64, which are averaged; the second one turned if it is the negative of the first.
        layout : str
            Of blocks: ``"planar"``, ``(channels, frames)``, or ``"interleaved"``, ``(frames, channels)`` or
            ``(frames * channels,)``. Of one channel, ``(frames,)`` is either.

        Raises
        ------
        ValueError
            For a value out of its range.
        """
        for name, value, allowed in (
            ("sample_rate", sample_rate, range(RATES[0], RATES[1] + 1)),
            ("max_block_size", max_block_size, range(1, LARGEST_BLOCK + 1)),
            ("channels", channels, range(1, MOST_CHANNELS + 1)),
        ):
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}: must be a whole number from {allowed[0]} to {allowed[-1]}")
        if layout not in ("planar", "interleaved"):
            raise ValueError(f"layout is {layout!r}: must be 'planar' or 'interleaved'")
        self.close()
        self._rate, self._channels, self._layout = int(sample_rate), channels, layout
        self._mono = np.zeros(max_block_size, np.float32)
        self._mixer = StreamMixer()
        self._analysis.prepare(self._rate, self._parameters)
        self._parameters.changed = False
        self._prepared = True
        if self._threaded:
            capacity = max(round(self._queue_seconds * self._rate), 2 * max_block_size)
            self._worker = Worker(self._analysis, capacity, round(_PIECE_S * self._rate))
            self._ending = weakref.finalize(self, self._worker.stop)

    def process(self, block: np.ndarray) -> list[StreamHit]:
        """Take the next block.

        Parameters
        ----------
        block : np.ndarray
            Channels and layout as given to `prepare`; float32, full scale at 1.0, or int16. Its size may change from
            call to call.

        Returns
        -------
        list of StreamHit
            The hits that are known by now.

        Raises
        ------
        TypeError, ValueError
            For a block of another kind, shape or size.
        RuntimeError
            Before `prepare`, or if the thread has failed.
        """
        self._check_prepared()
        samples = self._mix(block)
        if self._parameters.changed:
            self._parameters.changed = False
            values = dict(self._parameters)
            if self._worker is None:
                self._analysis.set(values)
            else:
                self._worker.set(values)
        if self._worker is None:
            return self._analysis.push(samples)
        return self._worker.hear(samples) if self.offline else self._worker.push(samples)

    def flush(self) -> list[StreamHit]:
        """End the stream, as if silence followed; then a new stream begins.

        With a thread this waits until all of the queue has been heard.

        Returns
        -------
        list of StreamHit
            The hits that were still to come.
        """
        self._check_prepared()
        self._mixer.reset()
        if self._worker is not None:
            return self._worker.flush()
        hits = self._analysis.flush()
        self._analysis.restart(0)
        return hits

    def reset(self) -> None:
        """Forget the stream, and begin a new one: its first sample is number 0. Parameters stay."""
        self._check_prepared()
        self._mixer.reset()
        if self._worker is not None:
            self._worker.reset()
        else:
            self._analysis.restart(0)

    def take_overruns(self) -> list[Overrun]:
        """Report the sound that was lost since the last call because the queue was full.

        Returns
        -------
        list of Overrun
            Gap by gap; an open gap comes later.
        """
        return [] if self._worker is None else self._worker.take_overruns()

    def set_latency(self, seconds: float) -> None:
        """Set the look-ahead to the longest with which hits are reported within some time, or the shortest.

        Parameters
        ----------
        seconds : float
            What `latency_samples` may be at most, at the rate that the engine is prepared for, or else at any.
        """
        self._parameters["look_ahead"] = self._analysis.look_ahead_within(seconds)

    def state(self) -> bytes:
        """Save all parameters, to be restored in another session.

        Returns
        -------
        bytes
            For `restore`.
        """
        return self._parameters.save()

    def restore(self, state: bytes) -> None:
        """Set the parameters that were saved: all of them, or none if something is wrong.

        Parameters
        ----------
        state : bytes
            As `state` gives it.

        Raises
        ------
        StateError
            If it is not a state, or not one for this version and model.
        """
        self._parameters.restore(state)

    def close(self) -> None:
        """End the thread. The engine can be prepared again."""
        if self._ending is not None and not self._ending():
            self._analysis = Analysis(self._model, self._kit)  # a thread that hangs keeps the other
        self._worker, self._ending, self._prepared = None, None, False

    def _check_prepared(self) -> None:
        if not self._prepared:
            raise RuntimeError("the engine is not prepared: call prepare first")

    def _mix(self, block: np.ndarray) -> np.ndarray:
        """A block as mono float32, in the memory that `prepare` took."""
        if block.dtype != np.float32 and block.dtype != np.int16:
            raise TypeError(f"blocks are float32 or int16, not {block.dtype}")
        channels = self._split(block)
        count = len(channels[0])
        if count > len(self._mono):
            raise ValueError(f"a block of {count} frames; the engine is prepared for {len(self._mono)} at most")
        mono = self._mono[:count]
        if len(channels) == 1:
            mono[:] = channels[0]
        else:
            with np.errstate(over="ignore", invalid="ignore"):  # values that are no sound are taken out later
                self._mixer.mix(channels[0], channels[1], mono)
                for channel in channels[2:]:
                    np.add(mono, channel, out=mono, dtype=np.float32)
        scale = len(channels) * (1.0 if block.dtype == np.float32 else 32768.0)
        if scale != 1.0:
            np.multiply(mono, np.float32(1.0 / scale), out=mono)
        return mono

    def _split(self, block: np.ndarray) -> tuple[np.ndarray, ...]:
        """Views of the channels."""
        wanted = self._channels
        if block.ndim == 1 and wanted == 1:
            return (block,)
        if self._layout == "planar" and block.ndim == 2 and len(block) == wanted:
            return tuple(block)
        if self._layout == "interleaved" and block.ndim == 2 and block.shape[1] == wanted:
            return tuple(block.T)
        if self._layout == "interleaved" and block.ndim == 1 and len(block) % wanted == 0:
            return tuple(block[channel::wanted] for channel in range(wanted))
        raise ValueError(f"a {self._layout} block of {wanted} channels cannot have the shape {block.shape}")
