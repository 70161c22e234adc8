"""Plots of a recording and its transcription: spectrogram, lanes of hits, beats and bars.

Long recordings take several pages of equal length, drawn one after the other while the recording is read. Needs
matplotlib.
"""

import math
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DrumscribeError
from ..files import check_output, written_whole
from ..music.transcription import Transcription
from ..sound.spectrogram import Spectrogram, SpectrogramSettings
from .palette import colour_of, lanes_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_SECONDS, ROWS = 8.0, 4
"""Maximum length of a row in seconds, and maximum number of rows on a page (by hand)."""
SUFFIXES = (".png", ".pdf", ".svg")
_SHORTEST_SECONDS = 1.0  # of a plot (by hand)
_MARGIN = 0.006  # share of a row at both ends: room for a hit at its very beginning


class PlotError(DrumscribeError):
    """A plot cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Section:
    """The part of a recording to draw.

    Attributes
    ----------
    start : float
        In seconds.
    end : float
        In seconds.
    """

    start: float
    end: float

    @classmethod
    def of(cls, recording: str | Path, start: float | None = None, end: float | None = None) -> "Section":
        """Return the part of a recording between two times.

        Parameters
        ----------
        recording : str or Path
            The file.
        start, end : float, optional
            In seconds; the start and the end of the recording if not given.

        Returns
        -------
        Section
            The part, within the recording.

        Raises
        ------
        AudioError
            If the recording cannot be read.
        PlotError
            If the part is empty.
        """
        from ..sound.audio import probe

        duration = probe(recording).duration
        begin, stop = start or 0.0, duration if end is None else min(end, duration)
        if (start, end) != (None, None) and begin >= stop:
            raise PlotError(f"{recording}: nothing is from {begin:g} to {stop:g} s; it lasts {duration:.1f} s")
        return cls(begin, stop)


def write_plot(
    recording: str | Path,
    transcription: Transcription,
    path: str | Path,
    section: Section | None = None,
    settle: Callable[[list[Path]], list[Path]] = list,
) -> list[Path]:
    """Draw a recording and its transcription.

    Parameters
    ----------
    recording : str or Path
        The file.
    transcription : Transcription
        Its hits and rhythm.
    path : str or Path
        A .png, .pdf or .svg file. If there are several pages, a .pdf holds all of them; for the other formats they are
        numbered: song-1.png, song-2.png ...
    section : Section, optional
        The part to draw (default: the whole recording).
    settle : callable, optional
        Takes the paths of the pages before any is written, and returns those to write to.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    PlotError
        If matplotlib is missing, or a picture cannot be written.
    """
    path = Path(path)
    check_output(path, SUFFIXES, recording)
    try:
        from matplotlib.figure import Figure  # noqa: F401
    except ImportError as error:
        raise PlotError('plots need matplotlib: pip install "drumscribe[plot]"') from error

    section = section or Section.of(recording)
    pages = max(1, math.ceil(round(section.end - section.start, 3) / (ROWS * ROW_SECONDS)))
    rows = max(1, math.ceil(round((section.end - section.start) / pages, 3) / ROW_SECONDS))
    stream = _rows(recording, section, pages * rows)
    name = os.fsencode(Path(recording).name).decode(errors="replace")
    view = _View(name, transcription)
    figures = (_draw_page(list(islice(stream, rows)), view, number, pages) for number in range(1, pages + 1))
    if path.suffix.lower() == ".pdf":
        return _write_pdf(figures, settle([path])[0])
    width = len(str(pages))
    numbered = [path.with_name(f"{path.stem}-{number:0{width}}{path.suffix}") for number in range(1, pages + 1)]
    return _write_pages(figures, settle(numbered if pages > 1 else [path]))


def _write_pdf(figures: "Iterable[Figure]", path: Path) -> list[Path]:
    """Write all pages to one file."""
    from matplotlib.backends.backend_pdf import PdfPages

    with _written(path) as temporary, PdfPages(temporary) as pdf:
        for figure in figures:
            pdf.savefig(figure)
    return [path]


def _write_pages(figures: "Iterable[Figure]", paths: list[Path]) -> list[Path]:
    """Write a file for each page."""
    for figure, each in zip(figures, paths, strict=True):
        with _written(each) as temporary:
            figure.savefig(temporary, format=each.suffix[1:].lower())
    return paths


@contextmanager
def _written(path: Path) -> Iterator[Path]:
    """Write a picture atomically; turn a failure into one line."""
    try:
        with written_whole(path) as temporary, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in letters that the font lacks
            yield temporary
    except OSError as error:
        raise PlotError(f"{path}: cannot be written: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class _Row:
    """The spectrogram of some seconds: ``(frames, bands) float32``, and its start and end in seconds."""

    start: float
    end: float
    frames: np.ndarray


class _View:
    """A transcription as arrays that can be cut into rows."""

    def __init__(self, name: str, transcription: Transcription) -> None:
        self.title = name if transcription.rhythm is None else f"{name}: {transcription.rhythm}"
        self.lanes = lanes_of(transcription)
        lane = {name: i for i, name in enumerate(self.lanes)}
        self.times = np.array([hit.time for hit in transcription.hits])
        self.lane = np.array([lane[hit.articulation] for hit in transcription.hits], int)
        self.loudness = np.array([hit.velocity for hit in transcription.hits]) / 127
        tempo_map = transcription.rhythm.tempo_map if transcription.rhythm is not None else None
        self.beats = np.zeros(0) if tempo_map is None else tempo_map.beats(transcription.duration)
        self.bars = np.zeros(0) if tempo_map is None else tempo_map.downbeats(transcription.duration)


def _rows(recording: str | Path, section: Section, count: int) -> Iterator[_Row]:
    """Yield the spectrogram in this many rows of equal length."""
    from ..sound.audio import read_blocks

    settings = SpectrogramSettings()
    spectrogram = Spectrogram(settings)

    def stream() -> Iterator[np.ndarray]:
        for block in read_blocks(recording, settings.rate):
            yield spectrogram.push(block)
        yield spectrogram.flush()

    blocks, pending = stream(), np.zeros((0, settings.bands), np.float32)
    shortest = _SHORTEST_SECONDS * settings.frame_rate
    first, last = section.start * settings.frame_rate, section.end * settings.frame_rate
    bounds = np.ceil(np.linspace(first, max(first + shortest, last), count + 1)).astype(int).tolist()
    at = 0  # the frame that `pending` begins with
    for begin, end in pairwise(bounds):
        while at + len(pending) < end and (frames := next(blocks, None)) is not None:
            pending = np.concatenate([pending, frames])
            skipped = min(len(pending), max(0, begin - at))
            at, pending = at + skipped, pending[skipped:]
        yield _Row(begin / settings.frame_rate, end / settings.frame_rate, pending[: end - begin])
        at, pending = end, pending[end - begin :]


def _draw_page(rows: list[_Row], view: _View, number: int, pages: int) -> "Figure":
    from matplotlib.figure import Figure

    lane_height = 0.25 + 0.16 * len(view.lanes)
    figure = Figure(figsize=(12, 0.6 + len(rows) * (1.5 + lane_height)), dpi=100, layout="constrained")
    title = view.title if pages == 1 else f"{view.title} (page {number} of {pages})"
    figure.suptitle(title, parse_math=False)
    axes = figure.subplots(2 * len(rows), 1, squeeze=False, height_ratios=[1.5, lane_height] * len(rows))[:, 0]
    for i, row in enumerate(rows):
        _draw_row(axes[2 * i], axes[2 * i + 1], row, view)
    axes[-1].set_xlabel("seconds")
    return figure


def _draw_row(top: "Axes", bottom: "Axes", row: _Row, view: _View) -> None:
    """Draw one row: the spectrogram on the `top` axes, the lanes on the `bottom` ones."""
    bands = row.frames.shape[1]
    margin = _MARGIN * (row.end - row.start)
    limits = (row.start - margin, row.end + margin)
    top.imshow(
        row.frames.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        interpolation="nearest",  # exact frames, in files of half the size
        extent=(row.start, row.end, 0, bands),
        vmin=0.1,
        vmax=1,
    )
    top.set(ylabel="mel bands", yticks=(), xticks=(), xlim=limits)
    own = (view.times >= row.start) & (view.times < row.end)
    half = 0.06 + 0.4 * view.loudness[own]
    colours = [colour_of(view.lanes[lane]) for lane in view.lane[own]]
    bottom.vlines(view.times[own], view.lane[own] - half, view.lane[own] + half, color=colours, linewidth=2.5)
    for axis, colour, share in ((top, "white", 0.5), (bottom, "black", 0.25)):
        for times, width in ((view.beats, 0.5), (view.bars, 1.5)):
            for time in times[(times >= row.start) & (times < row.end)]:
                axis.axvline(time, color=colour, linewidth=width, alpha=share, zorder=0 if axis is bottom else 2)
    for number in np.flatnonzero((view.bars >= row.start) & (view.bars < row.end)):
        top.annotate(
            f"bar {number + 1}",
            (view.bars[number], bands),
            (3, -3),
            textcoords="offset points",
            va="top",
            color="white",
            fontsize=9,
        )
    bottom.set(xlim=limits, ylim=(-0.6, max(1, len(view.lanes)) - 0.4), yticks=range(len(view.lanes)))
    bottom.set_yticklabels([name.replace("_", " ") for name in view.lanes], fontsize=8, parse_math=False)
    bottom.grid(axis="y", alpha=0.3)
