"""A recording and its transcription as pictures: spectrogram, lanes of hits, beats and bars.

Long recordings take several pages, which share the time evenly, and are drawn one after the other while the recording
is read. Needs matplotlib.
"""

import math
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import numpy as np

from .drums import ARTICULATION_BY_NAME, ARTICULATIONS, INSTRUMENTS
from .errors import DrumscribeError
from .files import check_output, written_whole
from .hits import Transcription
from .spectrogram import Spectrogram, SpectrogramSettings

ROW_SECONDS, ROWS = 8.0, 4
"""The length of a row, and the rows on a page, at most."""
SUFFIXES = (".png", ".pdf", ".svg")
_COLOURS = dict(zip(INSTRUMENTS, ("#c0392b", "#2471a3", "#7d3c98", "#b7950b", "#1e8449", "#d35400"), strict=True))
_OWN_COLOUR = "#34495e"
_MARGIN = 0.006  # of a row, at both ends: room for a hit at its very beginning


class PlotError(DrumscribeError):
    """A picture that cannot be drawn."""


def write_plot(recording: str | Path, transcription: Transcription, path: str | Path) -> list[Path]:
    """Draw a recording and its transcription.

    Parameters
    ----------
    path : a .png, .pdf or .svg file. Where one page is not enough, the pages are numbered: song-1.png, song-2.png ...

    Returns
    -------
    The files written.

    Raises
    ------
    AudioError : where the recording cannot be read.
    PlotError : where matplotlib is missing, or a picture cannot be written.
    """
    path = Path(path)
    check_output(path, SUFFIXES, recording)
    try:
        from matplotlib.figure import Figure  # noqa: F401
    except ImportError as error:
        raise PlotError("plots need matplotlib: pip install 'drumscribe[plot]'") from error
    from .audio import probe

    duration = probe(recording).duration
    pages = max(1, math.ceil(round(duration, 3) / (ROWS * ROW_SECONDS)))
    rows = max(1, math.ceil(round(duration / pages, 3) / ROW_SECONDS))
    stream = _rows(recording, duration, pages * rows)
    name = os.fsencode(Path(recording).name).decode(errors="replace")
    view = _View(name, transcription)
    return [_write_page(list(islice(stream, rows)), view, path, number, pages) for number in range(1, pages + 1)]


@dataclass(frozen=True, slots=True)
class _Row:
    """The frames of some seconds: ``(frames, bands) float32``, and when they begin and end."""

    start: float
    end: float
    frames: np.ndarray


class _View:
    """What of the transcription is drawn, as arrays that can be cut."""

    def __init__(self, name: str, transcription: Transcription) -> None:
        self.title = name if transcription.rhythm is None else f"{name}: {transcription.rhythm}"
        played = {hit.articulation for hit in transcription.hits}
        known = [a.name for a in ARTICULATIONS if a.name in played]
        self.lanes = [*known, *sorted(played - set(known))]
        lane = {name: i for i, name in enumerate(self.lanes)}
        self.times = np.array([hit.time for hit in transcription.hits])
        self.lane = np.array([lane[hit.articulation] for hit in transcription.hits], int)
        self.loudness = np.array([hit.velocity for hit in transcription.hits]) / 127
        tempo_map = transcription.rhythm.tempo_map if transcription.rhythm is not None else None
        self.beats = np.zeros(0) if tempo_map is None else tempo_map.beats(transcription.duration)
        self.bars = np.zeros(0) if tempo_map is None else tempo_map.downbeats(transcription.duration)


def _rows(recording: str | Path, duration: float, count: int) -> Iterator[_Row]:
    """The spectrogram in so many rows of one length."""
    from .audio import read_blocks

    settings = SpectrogramSettings()
    spectrogram = Spectrogram(settings)

    def stream() -> Iterator[np.ndarray]:
        for block in read_blocks(recording, settings.rate):
            yield spectrogram.push(block)
        yield spectrogram.flush()

    blocks, pending = stream(), np.zeros((0, settings.bands), np.float32)
    bounds = np.ceil(np.linspace(0.0, max(1.0, duration * settings.frame_rate), count + 1)).astype(int).tolist()
    for begin, end in pairwise(bounds):
        while len(pending) < end - begin and (frames := next(blocks, None)) is not None:
            pending = np.concatenate([pending, frames])
        yield _Row(begin / settings.frame_rate, end / settings.frame_rate, pending[: end - begin])
        pending = pending[end - begin :]


def _write_page(rows: list[_Row], view: _View, path: Path, number: int, pages: int) -> Path:
    from matplotlib.figure import Figure

    if pages > 1:
        path = path.with_name(f"{path.stem}-{number:0{len(str(pages))}}{path.suffix}")
    lane_height = 0.25 + 0.16 * len(view.lanes)
    figure = Figure(figsize=(12, 0.6 + len(rows) * (1.5 + lane_height)), dpi=100, layout="constrained")
    title = view.title if pages == 1 else f"{view.title} (page {number} of {pages})"
    figure.suptitle(title, parse_math=False)
    axes = figure.subplots(2 * len(rows), 1, squeeze=False, height_ratios=[1.5, lane_height] * len(rows))[:, 0]
    for i, row in enumerate(rows):
        _draw_row(axes[2 * i], axes[2 * i + 1], row, view)
    axes[-1].set_xlabel("seconds")
    try:
        with written_whole(path) as temporary, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # a name in letters that the font lacks
            figure.savefig(temporary, format=path.suffix[1:].lower())
    except OSError as error:
        raise PlotError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def _colour(articulation: str) -> str:
    """Each instrument has one; sounds of a player's own share one."""
    known = ARTICULATION_BY_NAME.get(articulation)
    return _OWN_COLOUR if known is None else _COLOURS[known.instrument]


def _draw_row(top, bottom, row: _Row, view: _View) -> None:
    """One row: `top` has the spectrogram and `bottom` the lanes."""
    bands = row.frames.shape[1]
    margin = _MARGIN * (row.end - row.start)
    limits = (row.start - margin, row.end + margin)
    top.imshow(
        row.frames.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        interpolation="nearest",  # frames as they are, in files of half the size
        extent=(row.start, row.end, 0, bands),
        vmin=0.1,
        vmax=1,
    )
    top.set(ylabel="mel bands", yticks=(), xticks=(), xlim=limits)
    own = (view.times >= row.start) & (view.times < row.end)
    half = 0.06 + 0.4 * view.loudness[own]
    colours = [_colour(view.lanes[lane]) for lane in view.lane[own]]
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
