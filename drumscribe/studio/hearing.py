"""Make the draft of a recording, with all candidates, so that the page can change sensitivities without a new run.

The confidence of a candidate does not depend on the sensitivity: the hits at a sensitivity are the candidates whose
confidence reaches the adjusted threshold. So a recording is transcribed once with default options, and once at the
highest sensitivity, for the candidates below the thresholds. Memory does not grow with the length of the recording, as
it would if the answers of the network were kept. A kit decides differently (a recognised sound hides hits of the
model), so a draft with a kit keeps hits only, and another sensitivity transcribes the recording again.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ..errors import AudioError, RhythmError
from ..music.tempo_map import Meter
from ..music.transcription import Hit, Transcription
from ..runtime import native_chatter_dropped
from .documents import TIE, columns_of, data_of_rhythm

if TYPE_CHECKING:
    from ..kits.kit import Kit
    from ..network.model_card import ModelInfo
    from ..transcriber import Transcriber

FORMAT = 3


@dataclass(frozen=True, slots=True)
class Request:
    """How a recording is to be transcribed.

    Attributes
    ----------
    model : str or None
        Name of a bundled model, or a file; the default if None.
    kit : str or None
        A kit's name, or a file.
    percussion : bool
        Whether percussion outside the vocabulary is reported.
    sensitivity : tuple of (str, float)
        Pairs of an instrument, or one of the player's own sounds, and its sensitivity, 0 to 1; used with a kit only.
    tempo : float or None
        Approximate tempo in quarters per minute.
    tempo_range : tuple of float or None
        Slowest and fastest tempo, in quarters per minute.
    meter : str or None
        The time signature, such as ``"6/8"``.
    """

    model: str | None = None
    kit: str | None = None
    percussion: bool = False
    sensitivity: tuple[tuple[str, float], ...] = ()
    tempo: float | None = None
    tempo_range: tuple[float, float] | None = None
    meter: str | None = None

    def rhythm(self) -> Any:
        """Return the rhythm options.

        Raises
        ------
        RhythmError
            For invalid values.
        """
        from ..rhythm import RhythmOptions

        try:
            meter = None if not self.meter else Meter.parse(self.meter)
        except ValueError as error:
            raise RhythmError(f"meter: {error}") from error
        return RhythmOptions(self.tempo, self.tempo_range, meter)


def stamp_of(path: Path) -> str | None:
    """Return the size of a file in bytes and its last change in nanoseconds, which tell whether it has changed.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str or None
        Both numbers; None if the file cannot be found.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    return f"{status.st_size} {status.st_mtime_ns}"


def fingerprint_of(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    AudioError
        If it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(file)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror or error}") from error


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def key_of(sha: str, request: Request) -> str:
    """Return the key of a draft in the cache, from the sound, the model, the kit and the options.

    Parameters
    ----------
    sha : str
        SHA-256 of the recording.
    request : Request
        How it is transcribed.

    Returns
    -------
    str
        A text that differs whenever the draft may differ.
    """
    from ..network.model_file import load_model_info

    info = load_model_info(request.model)
    kit = None if request.kit is None else fingerprint_of(_kit_file(request.kit))
    facts = [FORMAT, sha, info.name, info.version, info.fingerprint, info.quantisation, kit]
    return hashlib.sha256(json.dumps([*facts, asdict(request)]).encode()).hexdigest()[:32]


def _kit_file(kit: str) -> Path:
    from ..kits.library import existing

    return existing(kit)


class Hearer:
    """Transcribes recordings, and keeps the last transcribers, because loading them takes a second."""

    def __init__(self) -> None:
        self._made: tuple[str, tuple[Transcriber, ...]] | None = None

    def prepare(self) -> None:
        """Load the default model and all compiled code before the first recording comes.

        It transcribes a beat: with silence, the code for hits and rhythm would not be loaded.
        """
        time = np.arange(10 * 44100) / 44100
        beat = np.random.default_rng(0).standard_normal(len(time)) * np.exp(-20.0 * (time % 0.5))
        for transcriber in self._transcribers(Request()):
            transcriber.transcribe_array((0.2 * beat).astype(np.float32), 44100)

    def hear(self, path: Path, request: Request, progress: Callable[[float], None]) -> dict:
        """Make the draft of a recording.

        Parameters
        ----------
        path : Path
            The recording.
        request : Request
            How to transcribe it.
        progress : callable
            Called with the number of seconds that are done.

        Returns
        -------
        dict
            Data for `documents`.
        """
        first, *rest = self._transcribers(request)
        passes = 1 + len(rest)
        heard = first.transcribe_file(path, lambda seconds: progress(seconds / passes))
        duration, candidates = heard.duration, list(heard.hits)
        thresholds = _thresholds(first.info)
        for eager in rest:
            more = eager.transcribe_file(path, lambda seconds: progress((duration + seconds) / passes))
            candidates += [hit for hit in more.hits if hit.confidence < thresholds.get(hit.instrument, 0.0) - TIE]
        return {
            "format": FORMAT,
            "duration": duration,
            "model": heard.model,
            "kit": request.kit and _kit_file(request.kit).stem,
            "thresholds": thresholds if rest else None,
            "rhythm": data_of_rhythm(heard.rhythm),
            **columns_of(candidates),
        }

    def _transcribers(self, request: Request) -> "tuple[Transcriber, ...]":
        """Return the transcribers of a request; without a kit there is a second one, for the candidates below the
        thresholds."""
        setup = key_of("", request)  # a kit or a model may have been replaced by another of its name
        if self._made is None or self._made[0] != setup:
            from ..kits.library import load
            from ..transcriber import TranscribeOptions, Transcriber

            kit = None if request.kit is None else load(request.kit)
            options = TranscribeOptions(0.5, request.sensitivity, request.percussion, request.rhythm())
            wanted = [options] if kit else [options, replace(options, sensitivity=1.0)]
            with native_chatter_dropped():
                self._made = setup, tuple(Transcriber(request.model, one, kit) for one in wanted)
        return self._made[1]


def own_sounds(kit: "Kit") -> tuple[str, ...]:
    """List the sounds of a kit that are outside the vocabulary."""
    return tuple(sound.name for sound in kit.sounds if not sound.known)


def _thresholds(info: "ModelInfo") -> dict[str, float]:
    from ..transcriber import TranscribeOptions

    values = TranscribeOptions().thresholds(info)
    return {name: float(value) for name, value in zip(info.columns.instruments, values, strict=True)}


def find_rhythm(hits: tuple[Hit, ...], duration: float, request: Request) -> dict | None:
    """Find the rhythm of hits again.

    Parameters
    ----------
    hits : tuple of Hit
        In order of time.
    duration : float
        Length of the recording, in seconds.
    request : Request
        The rhythm options.

    Returns
    -------
    dict or None
        Data for `documents`.
    """
    from ..rhythm import analyse_rhythm

    return data_of_rhythm(analyse_rhythm(Transcription(hits, duration), request.rhythm()))
