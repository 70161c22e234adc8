"""A kit from a corrected transcription: the moments of a take, with labels from a MIDI, JSON or text file."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..formats.events import read_text
from ..formats.json_file import read_json
from ..formats.midi.reading import read_note_ons
from ..hearing.decisions import nearest
from ..hearing.passages import Moments
from ..kits.kit import KitError
from ..music.drums import ARTICULATION_BY_NAME, ARTICULATION_BY_NOTE
from ..sound.audio import load
from ..sound.levels import raise_quiet
from .background import Background
from .conclusion import Lesson, conclude
from .examples import examples_of, label
from .learners import Learner
from .naming import Naming
from .samples import MIN_SAMPLES, SoundSamples
from .strokes import Sample, cut
from .trial import Task, Trial

# By hand.
_FOLDS = 5
_FOLD_S = 4.0
"""Seconds of a take that belong to one fold."""
_MATCH_WINDOW_S = 0.05
"""Maximum distance between a label and its moment: labels are written by hand."""
_FOUND_SHARE = 0.5
"""Minimum share of the labels that have a moment, in labels of the same recording."""
_ALONE_S = 0.08
"""Strokes that are closer than this are struck together."""
_TOO_RARE = f"fewer than {MIN_SAMPLES} strokes: left to the model"


@dataclass(frozen=True, eq=False)
class Take:
    """A recording and its labelled strokes.

    Attributes
    ----------
    name : str
        Of the file.
    sound : np.ndarray
        ``(samples,) float32``, mono, at the model's rate.
    rate : int
        Samples per second.
    moments : Moments
        Those of the recording, with features.
    times : np.ndarray
        ``(strokes,) float64``, in seconds, in order.
    names : np.ndarray
        ``(strokes,) object``, the sound of each.
    """

    name: str
    sound: np.ndarray
    rate: int
    moments: Moments
    times: np.ndarray
    names: np.ndarray

    def label(self, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Label the moments by the strokes of some sounds: see `examples.label`.

        Parameters
        ----------
        names : sequence of str
            The sounds.

        Returns
        -------
        np.ndarray
            ``(moments, sounds) float32``, whether each is struck.
        np.ndarray
            ``(moments, sounds) int``, the stroke, or -1.
        """
        which = np.array([list(names).index(name) if name in names else -1 for name in self.names], int)
        return label(self.moments, self.times, which, np.arange(len(which)), len(names), _MATCH_WINDOW_S)

    def samples(self, names: Sequence[str], alone: bool = False) -> list[SoundSamples]:
        """Cut out the strokes of some sounds.

        Parameters
        ----------
        names : sequence of str
            The sounds.
        alone : bool
            Whether those that are struck together with others are refused.

        Returns
        -------
        list of SoundSamples
            Those of each sound.
        """
        sounds = {name: SoundSamples(name) for name in names}
        attacks = self._attacks()
        for time, name in zip(attacks.tolist(), self.names, strict=True):
            if name not in sounds:
                continue
            origin, later = f"{self.name} at {time:.2f} s", attacks[attacks > time + _ALONE_S]
            end = round(later.min() * self.rate) if len(later) else len(self.sound)
            if alone and (np.abs(attacks - time) < _ALONE_S).sum() > 1:
                sounds[name].refused.append((origin, "struck together with another"))
            elif (shot := cut(self.sound, self.rate, round(time * self.rate), end)) is not None:
                sounds[name].kept.append(Sample(origin, shot))
        return list(sounds.values())

    def sounds(self, known: Collection[str] = ()) -> tuple[list[str], list[str]]:
        """Sort the sounds that are struck by whether they can be learned.

        Parameters
        ----------
        known : collection of str
            Sounds that there are samples of already, which need no more.

        Returns
        -------
        list of str
            Those with at least `samples.MIN_SAMPLES` strokes, or known; in the vocabulary's order, and then in that of
            the alphabet.
        list of str
            Those with fewer.
        """
        counts = Counter(self.names.tolist())
        order = [*ARTICULATION_BY_NAME, *sorted(set(counts) - set(ARTICULATION_BY_NAME))]
        found = [name for name in order if name in counts]
        enough = [name for name in found if counts[name] >= MIN_SAMPLES or name in known]
        return enough, [name for name in found if name not in enough]

    def _attacks(self) -> np.ndarray:
        """``(strokes,)``, the moment of each, in seconds; as it is labelled where none is near."""
        near = self.moments.times[nearest(self.moments.times, self.times)]
        return np.where(np.abs(near - self.times) <= _MATCH_WINDOW_S, near, self.times)


def read_labels(path: Path, notes: Mapping[str, int]) -> list[tuple[float, str]]:
    """Read the strokes of a file of labels.

    Parameters
    ----------
    path : Path
        A MIDI or JSON file, or text in any of the layouts of `formats.events`.
    notes : mapping of str to int
        MIDI notes of the player's own sounds, by name; notes that are neither theirs nor of the vocabulary are left
        out, and so are sounds of text that are not of the vocabulary.

    Returns
    -------
    list of (float, str)
        Their times, in seconds, and their sounds.

    Raises
    ------
    LabelError
        If the file cannot be read.
    KitError
        For a file of another kind.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        return [(hit.time, hit.articulation) for hit in read_json(path).hits]
    if suffix in (".txt", ".csv"):
        return [(event.time, event.articulation) for event in read_text(path) if event.articulation is not None]
    if suffix not in (".mid", ".midi"):
        raise KitError(f"{path}: labels are read from .mid, .json, .csv and .txt files")
    own = {note: name for name, note in notes.items()}
    found = []
    for time, note, _ in read_note_ons(path):
        name = own.get(note) or (ARTICULATION_BY_NOTE[note].name if note in ARTICULATION_BY_NOTE else None)
        if name is not None:
            found.append((time, name))
    return found


def read_take(take: Path, labels: Path, learner: Learner, notes: Mapping[str, int]) -> Take:
    """Hear a recording, and read its labels.

    Parameters
    ----------
    take : Path
        The recording.
    labels : Path
        A file of its strokes: see `read_labels`.
    learner : Learner
        Hears for the model that a kit is for.
    notes : mapping of str to int
        MIDI notes of the player's own sounds, by name.

    Returns
    -------
    Take
        The recording.

    Raises
    ------
    AudioError, LabelError
        If a file cannot be read.
    KitError
        If labels and recording do not belong together.
    """
    rate, strokes = learner.info.spectrogram.rate, sorted(read_labels(labels, notes))
    if not strokes:
        raise KitError(f"{labels}: names no stroke of a sound to learn from")
    sound = load(take, rate)
    moments = learner.gather(sound if learner.info.look_aheads else raise_quiet(sound))  # a stream keeps its level
    times, names = np.array([time for time, _ in strokes]), np.array([name for _, name in strokes], object)
    heard = Take(take.name, sound, rate, moments, times, names)
    found = (heard.label(list(set(names)))[1] >= 0).sum()
    if found < _FOUND_SHARE * len(times):
        raise KitError(
            f"{labels}: only {found} of its {len(times)} strokes have an attack near them in {take.name}: "
            "is it of this recording, and not shifted?"
        )
    return heard


def learn_from_take(take: Take, learner: Learner, background: Background | None, naming: Naming) -> Lesson:
    """Learn a kit from a recording and its labels.

    Sounds with fewer strokes than `samples.MIN_SAMPLES` are left to the model.

    Parameters
    ----------
    take : Take
        The recording.
    learner : Learner
        Hears for the model that the kit is for.
    background : Background or None
        The moments that are bundled with that model.
    naming : Naming
        The names of the kit and its sounds.

    Returns
    -------
    Lesson
        The kit, and how well it will do.

    Raises
    ------
    KitError
        If there are too few strokes.
    """
    names, rare = take.sounds()
    if not names:
        raise KitError(f"{take.name}: at least {MIN_SAMPLES} strokes of a sound are needed to learn from")
    samples = tuple(take.samples(names))
    folds = (take.moments.times / _FOLD_S).astype(int) % _FOLDS
    task = Task(naming, learner.info, background)
    played = examples_of(take.moments, take.label(names)[0], folds, names, task.info, background, naming.only)
    lesson = conclude(Trial.of(played, take.moments.odds, names, task), samples, task)
    return replace(lesson, samples=(*samples, *(_too_rare(take, SoundSamples(name)) for name in rare)))


def samples_of_take(take: Take, known: Collection[str]) -> tuple[list[SoundSamples], list[SoundSamples]]:
    """Cut samples out of a recording, to learn from with others.

    Parameters
    ----------
    take : Take
        The recording.
    known : collection of str
        Sounds that there are samples of already.

    Returns
    -------
    list of SoundSamples
        The strokes of each sound that are struck alone.
    list of SoundSamples
        The sounds with too few strokes to learn, all refused.

    Raises
    ------
    KitError
        If there are too few of every sound.
    """
    names, rare = take.sounds(known)
    cut_out = take.samples(names, alone=True)
    samples = [sound for sound in cut_out if len(sound.kept) >= MIN_SAMPLES or sound.name in known]
    if not samples:
        raise KitError(
            f"{take.name}: at least {MIN_SAMPLES} strokes of a sound, struck alone, are needed to learn from"
        )
    left = [*map(SoundSamples, rare), *(sound for sound in cut_out if sound not in samples)]
    return samples, [_too_rare(take, sound) for sound in left]


def _too_rare(take: Take, sound: SoundSamples) -> SoundSamples:
    return SoundSamples(sound.name, [], [*sound.refused, (take.name, _TOO_RARE)])
