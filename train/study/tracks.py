"""Accuracy of stroke classifiers on real recordings, in which strokes overlap and onsets are unknown.

There are two kinds of answers: at detected onsets, and at labelled ones. The accuracy of a perfect classifier, with any
number of answers at an onset or with one, shows how much is lost before it is asked.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from drumscribe.errors import DrumscribeError
from drumscribe.evaluate.annotations import Event, Track, read_events
from drumscribe.evaluate.matching import MICRO
from drumscribe.evaluate.scores import score
from drumscribe.music.drums import FIVE_CLASSES, articulations_of
from drumscribe.sound.audio import load
from drumscribe.sound.spectrogram import SpectrogramSettings

from ..data.sources import RATE
from ..decisions.predictors import WindowPredictor, find_onsets
from ..experiment import Experiment, InputSettings
from ..features.windows import cut_window
from .cells import Cell
from .records import TrackRecord
from .training import Laboratory

SETS = {"MDB Drums, drum stems": ("mdb/drums", "mdb/subclass"), "E-GMD": ("egmd/audio", "egmd/labels")}
"""Sets of recordings by name: their folders of sound and of references, below that of the bench."""
DETECTED, LABELLED = "detected", "labelled"
ALL_RIGHT, ONE_RIGHT, PASSAGES = "all answers right", "one answer, right", "shipped model"
REFERENCES = (ALL_RIGHT, ONE_RIGHT, PASSAGES)
_NEAR = 0.05
"""Seconds within which an answer counts, as in the literature."""
_TOGETHER = 0.02
"""Seconds within which labels are of one window."""


@dataclass(frozen=True)
class Recording:
    """A recording and its reference.

    Attributes
    ----------
    path : Path
        The sound file.
    samples : np.ndarray
        ``(samples,) float32`` at 44,100 Hz.
    reference : tuple[Event, ...]
        The strokes.
    onsets : dict[str, np.ndarray]
        Samples of the onsets, `DETECTED` and `LABELLED`.
    """

    path: Path
    samples: np.ndarray
    reference: tuple[Event, ...]
    onsets: dict[str, np.ndarray]

    def track(self, estimate: list[Event]) -> Track:
        """Pair the reference with an estimate, for scoring."""
        return Track(self.path.stem, self.reference, tuple(sorted(estimate, key=lambda event: event.time)))


def check_bench(bench: Path) -> None:
    """Check that every set is there.

    Raises
    ------
    DrumscribeError
        If there are no recordings, or one has no reference.
    """
    for name in SETS:
        _recordings(bench, name)


@lru_cache(maxsize=len(SETS))
def _recordings(bench: Path, name: str) -> tuple[Recording, ...]:
    audio, labels = (bench / folder for folder in SETS[name])
    paths = sorted(audio.glob("*.flac"))
    if not paths:
        raise DrumscribeError(f"{audio}: no recordings there; --bench names the folder above {SETS[name][0]}")
    return tuple(_read(path, labels) for path in paths)


def _read(path: Path, labels: Path) -> Recording:
    references = [p for p in labels.iterdir() if p.stem.removesuffix("_subclass") == path.stem]
    if not references:
        raise DrumscribeError(f"{path}: no reference in {labels}")
    samples, reference = load(path, RATE), read_events(references[0])
    times = np.array([event.time for event in reference if event.instrument in FIVE_CLASSES])
    times = times[np.diff(times, prepend=-1.0) > _TOGETHER]
    labelled = np.rint(times * RATE).astype(int)
    return Recording(path, samples, reference, {DETECTED: np.asarray(find_onsets(samples)), LABELLED: labelled})


def measure_cell(laboratory: Laboratory, bench: Path, cell: Cell) -> tuple[TrackRecord, ...]:
    """Measure a cell on each set, at each kind of onsets.

    Parameters
    ----------
    laboratory : Laboratory
        Trains cells.
    bench : Path
        The folder of recordings.
    cell : Cell
        The cell.

    Returns
    -------
    tuple[TrackRecord, ...]
        The records.
    """
    predictor = laboratory.predictor(cell)
    settings = predictor.experiment.spectrogram, predictor.experiment.input
    records = []
    for name in SETS:
        for at in (DETECTED, LABELLED):
            found = _transcribe(predictor, _recordings(bench, name), at, _windows(bench, name, at, *settings))
            records.append(_record(laboratory.digest(cell), name, at, found))
    return tuple(records)


def measure_references(bench: Path) -> tuple[TrackRecord, ...]:
    """Measure the upper limits of classifiers, and the shipped model."""
    from drumscribe.transcriber import Transcriber

    transcriber = Transcriber()
    records = []
    for name in SETS:
        recordings = _recordings(bench, name)
        for at in (DETECTED, LABELLED):
            records.append(_record(ALL_RIGHT, name, at, [_best(r, at, several=True) for r in recordings]))
            records.append(_record(ONE_RIGHT, name, at, [_best(r, at, several=False) for r in recordings]))
        hits = [(r, transcriber.transcribe_file(r.path).hits) for r in recordings]
        found = [r.track([Event(hit.time, hit.articulation) for hit in heard]) for r, heard in hits]
        records.append(_record(PASSAGES, name, "", found))
    return tuple(records)


@lru_cache(maxsize=2 * len(SETS))
def _windows(bench: Path, name: str, at: str, spectrogram: SpectrogramSettings, window: InputSettings) -> np.ndarray:
    """Return ``(onsets, frames, bands) float16``, of one recording of a set after the other."""
    experiment = Experiment("windows", spectrogram=spectrogram, input=window)
    windows = [cut_window(r.samples, int(i), experiment) for r in _recordings(bench, name) for i in r.onsets[at]]
    return np.stack(windows).astype(np.float16)


def _transcribe(
    predictor: WindowPredictor, recordings: tuple[Recording, ...], at: str, windows: np.ndarray
) -> list[Track]:
    """Classify the windows; none of several allowed classes is reported below one half."""
    decided = predictor.formulation.decide(predictor.predict(windows))
    classes = predictor.experiment.samples.classes
    ends = np.cumsum([len(recording.onsets[at]) for recording in recordings])[:-1]
    return [
        recording.track([_event(recording.onsets[at][i] / RATE, classes[j]) for i, j in np.argwhere(of_one)])
        for recording, of_one in zip(recordings, np.split(decided, ends), strict=True)
    ]


def _best(recording: Recording, at: str, several: bool) -> Track:
    """Return the answers of a perfect classifier: all classes of an onset, or one of them."""
    times = recording.onsets[at] / RATE
    chosen: dict[tuple, Event] = {}
    for event in recording.reference if len(times) else ():
        nearest = int(np.argmin(np.abs(times - event.time)))
        if event.instrument in FIVE_CLASSES and abs(times[nearest] - event.time) <= _NEAR:
            answer = (nearest, event.instrument) if several else (nearest,)
            chosen.setdefault(answer, _event(times[nearest], event.instrument))
    return recording.track(list(chosen.values()))


def _record(system: str, name: str, at: str, tracks: list[Track]) -> TrackRecord:
    scores = score(tracks, _NEAR, FIVE_CLASSES)
    return TrackRecord(system, name, at, scores.row(MICRO).f, tuple(scores.row(c).f for c in FIVE_CLASSES))


def _event(time: float, instrument: str) -> Event:
    return Event(float(time), articulations_of(instrument)[0].name, exact=False)
