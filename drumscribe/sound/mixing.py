"""Mixing of channels into one: their mean, in which channels of opposite polarity do not cancel.

A channel that is nearly the negative of the others, as after a miswired cable or a button that was pressed, is added
with its sign turned. Channels that are unlike or alike, as in any ordinary stereo, are added as they are, to the bit.
"""

import numpy as np

CHUNK = 1 << 15
"""Frames about which one decision is made, 0.7 s at 44.1 kHz (by hand)."""
# By hand.
_TURN, _TURN_BACK = -0.6, -0.1
"""Correlation with the other channels below which a channel is turned, and above which it is turned back."""
_MEMORY = 0.5
"""Weight of the previous chunks in the correlation, relative to the latest one."""
_SILENT_POWER = 1e-10
"""Mean square, relative to full scale, below which a chunk decides nothing."""
_FADE = 512
"""Frames in which a channel is turned."""


class Mixer:
    """Mixes a stream of channels, chunk by chunk.

    Parameters
    ----------
    channels : int
        Number of channels.
    """

    def __init__(self, channels: int) -> None:
        self._signs = np.ones(channels, np.float32)
        self._sums = np.zeros((channels, 3))

    def mix(self, frames: np.ndarray) -> np.ndarray:
        """Mix the next chunk; results depend on where chunks begin, so take them of one length.

        Parameters
        ----------
        frames : np.ndarray
            ``(frames, channels)``, float32 or float64.

        Returns
        -------
        np.ndarray
            ``(frames,)`` of the same type, the mean of the channels.
        """
        if frames.shape[1] == 1:
            return frames[:, 0].copy()
        channels = np.ascontiguousarray(frames.T)
        mono = channels[0].copy()
        for channel in range(1, len(channels)):
            own = channels[channel]
            before = self._signs[channel]
            sign = self._decide(channel, mono, own)
            mono += own if sign == before == 1.0 else own * _gain(before, sign, len(own)).astype(own.dtype)
        mono /= mono.dtype.type(frames.shape[1])
        return mono

    def _decide(self, channel: int, others: np.ndarray, own: np.ndarray) -> np.float32:
        """Choose the sign of a channel for this chunk."""
        latest = np.array([np.dot(others, others), np.dot(own, own), np.dot(others, own)], np.float64)
        if min(latest[:2]) > _SILENT_POWER * len(own):
            self._sums[channel] = _MEMORY * self._sums[channel] + latest
            power, own_power, shared = self._sums[channel]
            correlation = shared / np.sqrt(power * own_power)
            if correlation < _TURN:
                self._signs[channel] = -1.0
            elif correlation > _TURN_BACK:
                self._signs[channel] = 1.0
        return self._signs[channel]


def _gain(before: np.float32, after: np.float32, count: int) -> np.ndarray:
    gain = np.full(count, after)
    if before != after:
        fade = min(_FADE, count)
        gain[:fade] = np.linspace(before, after, fade)
    return gain


def mix_down(samples: np.ndarray) -> np.ndarray:
    """Mix sound in memory.

    Parameters
    ----------
    samples : np.ndarray
        ``(samples,)`` or ``(samples, channels)``, float.

    Returns
    -------
    np.ndarray
        ``(samples,) float32``.
    """
    if samples.ndim == 1:
        return samples.astype(np.float32)
    mixer = Mixer(samples.shape[1])
    chunks = (samples[start : start + CHUNK].astype(np.float32) for start in range(0, len(samples), CHUNK))
    return np.concatenate([np.empty(0, np.float32), *map(mixer.mix, chunks)])


class StreamMixer:
    """Mixes two channels of a stream without waiting: what was heard until a chunk began decides about its polarity.

    Nothing is allocated but numbers.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self._sign, self._place = 1.0, 0
        self._sums, self._latest = np.zeros(3), np.zeros(3)

    def mix(self, left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
        """Add the next frames, with the sign of the right ones turned if need be.

        Parameters
        ----------
        left, right : np.ndarray
            ``(frames,)`` each.
        out : np.ndarray
            ``(frames,) float32``, where the sum is put.
        """
        start = 0
        while start < len(out):
            end = min(len(out), start + _STREAM_CHUNK - self._place)
            own = slice(start, end)
            operation = np.add if self._sign > 0 else np.subtract
            operation(left[own], right[own], out=out[own], dtype=np.float32)
            self._latest += _powers(left[own], right[own])
            self._place += end - start
            start = end
            if self._place == _STREAM_CHUNK:
                self._decide()

    def _decide(self) -> None:
        full_scale = self._latest[:2].min() / _STREAM_CHUNK
        if np.isfinite(self._latest).all() and full_scale > _SILENT_POWER:
            self._sums = _MEMORY * self._sums + self._latest
            correlation = self._sums[2] / np.sqrt(self._sums[0] * self._sums[1])
            self._sign = -1.0 if correlation < _TURN else 1.0 if correlation > _TURN_BACK else self._sign
        self._latest[:], self._place = 0.0, 0


_STREAM_CHUNK = 2048
"""Frames about which one decision is made in a stream, 46 ms at 44.1 kHz (by hand)."""


def _powers(left: np.ndarray, right: np.ndarray) -> tuple[float, float, float]:
    with np.errstate(over="ignore", invalid="ignore"):
        return (
            float(np.einsum("i,i->", left, left, dtype=np.float64)),
            float(np.einsum("i,i->", right, right, dtype=np.float64)),
            float(np.einsum("i,i->", left, right, dtype=np.float64)),
        )
