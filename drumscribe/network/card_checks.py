"""Check that a network can be run as its card describes it: a card may come from anyone."""

from ..music.drums import ARTICULATION_BY_NAME, INSTRUMENTS
from .model_card import ModelInfo

_FURTHEST_OF_WINDOWS = 1000
"""Maximum number of frames that a model of windows may look ahead (by hand)."""


def check_card(info: ModelInfo) -> None:
    """Check that a network can be run as its card describes it.

    Parameters
    ----------
    info : ModelInfo
        The card.

    Raises
    ------
    ValueError
        If a value is impossible; other faults may raise a TypeError.
    """
    _check_spectrogram(info)
    _check_frames(info)
    _check_columns(info)
    _check_decisions(info)
    _check_texts(info)


def _check_spectrogram(info: ModelInfo) -> None:
    s = info.spectrogram
    _check_whole(s.rate, s.hop, s.window, s.bands)
    if not (s.rate >= 1000 and 1 <= s.hop <= s.window <= 65_536 and 1 <= s.bands <= 4096 and s.hop >= s.rate // 1000):
        raise ValueError("spectrogram")
    if not 0 <= s.fmin < s.fmax <= s.rate / 2 or (s.scale == "log" and s.fmin <= 0):
        raise ValueError("fmin or fmax")


def _check_frames(info: ModelInfo) -> None:
    """Check how many frames the network takes, and for how many it waits."""
    _check_whole(info.context, info.chunk, info.embedding)
    least = 1 if info.look_aheads or info.window else 2 * info.context + 1  # a sliding window must move
    if not (least <= info.chunk <= 65_536 and info.context <= 16_384 and info.embedding <= 4096):
        raise ValueError("context, chunk or embedding")
    if info.window is not None and not (0 <= info.window.before < info.chunk and abs(info.window.level) < 1e3):
        raise ValueError("window")
    frames = [at.frames for at in info.look_aheads]
    furthest = info.context if info.window is None else _FURTHEST_OF_WINDOWS
    if frames != sorted(set(frames)) or not all(0 <= number <= furthest for number in frames):
        raise ValueError("look_aheads")


def _check_columns(info: ModelInfo) -> None:
    own = info.own_notes
    if not all(0 <= note <= 127 and len(name) < 100 for name, note in own.items()):
        raise ValueError("notes")
    instruments, articulations = info.columns.instruments, info.columns.articulations
    if not instruments:
        raise ValueError("columns")
    for names, known in ((instruments, INSTRUMENTS), (articulations, ARTICULATION_BY_NAME)):
        if not set(names) <= {*known, *own} or len(set(names)) < len(names):
            raise ValueError("columns")


def _check_decisions(info: ModelInfo) -> None:
    """Check the weights and thresholds, for each look-ahead."""
    count = len(info.columns.instruments)
    deciding = [(info.weights, info.thresholds), *((at.weights, at.thresholds) for at in info.look_aheads)]
    for weights, thresholds in deciding:
        if not len(weights) == len(thresholds) == count or not all(0 <= t <= 1 for t in thresholds):
            raise ValueError("weights or thresholds")
        _check_table(weights, "weights")
    if info.dynamics and len(info.dynamics) != count:
        raise ValueError("dynamics")
    _check_table(info.dynamics, "dynamics")
    if not 0 <= info.percussion < 1:
        raise ValueError("percussion")


def _check_texts(info: ModelInfo) -> None:
    texts = (info.name, info.version, info.description, info.licence, info.credits, info.fingerprint, info.quantisation)
    if not all(isinstance(text, str) and len(text) < 10_000 for text in texts):
        raise ValueError("texts")


def _check_whole(*numbers: int) -> None:
    if not all(type(number) is int for number in numbers) or not all(0 <= number <= 1_000_000 for number in numbers):
        raise ValueError("numbers")


def _check_table(rows: tuple[tuple[float, ...], ...], name: str) -> None:
    """Check that rows are of one length, and that no number exceeds all that training gives."""
    if len({len(row) for row in rows}) > 1 or not all(abs(weight) < 1e6 for row in rows for weight in row):
        raise ValueError(name)
