"""A transcription as a small picture for notebooks: a lane for each articulation, in SVG."""

from collections.abc import Iterator
from html import escape

from ..music.transcription import Transcription
from .palette import colour_of, lanes_of

_WIDTH, _LABELS, _LANE = 720, 90, 16
"""Sizes in pixels: width of the lanes, width of their names, height of a lane."""
_MAX_BARS = 200
"""Maximum number of bar lines; more would hide the hits, so none are drawn."""


def to_html(transcription: Transcription) -> str:
    """Draw the lanes of a transcription below a one-line summary.

    Parameters
    ----------
    transcription : Transcription
        The transcription.

    Returns
    -------
    str
        HTML with an SVG, without references to other files.
    """
    return f"<div><code>{escape(repr(transcription))}</code><br>{_svg(transcription)}</div>"


def _svg(transcription: Transcription) -> str:
    names = lanes_of(transcription)
    height = _LANE * max(1, len(names))
    parts = [f'<path d="{_bars(transcription, height)}" stroke="#999" stroke-opacity=".5" fill="none"/>']
    for number, name in enumerate(reversed(names)):
        middle = _LANE * number + _LANE // 2
        label = escape(name.replace("_", " "))
        parts.append(f'<text x="{_LABELS - 8}" y="{middle + 4}" text-anchor="end" fill="currentColor">{label}</text>')
        strokes = "".join(_strokes(transcription, name, middle))
        parts.append(f'<path d="{strokes}" stroke="{colour_of(name)}" stroke-width="2" fill="none"/>')
    size = f'width="{_LABELS + _WIDTH}" height="{height}" viewBox="0 0 {_LABELS + _WIDTH} {height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">{"".join(parts)}</svg>'
    )


def _strokes(transcription: Transcription, name: str, middle: int) -> Iterator[str]:
    """Yield a vertical line for each pixel with a hit, as tall as the loudest hit there."""
    loudest: dict[float, int] = {}
    for hit in transcription.hits:
        if hit.articulation == name:
            x = _x(hit.time, transcription)
            loudest[x] = max(hit.velocity, loudest.get(x, 0))
    for x, velocity in loudest.items():
        half = round(1 + (_LANE / 2 - 2) * velocity / 127, 1)
        yield f"M{x:g} {middle - half:g}v{2 * half:g}"


def _bars(transcription: Transcription, height: int) -> str:
    rhythm = transcription.rhythm
    if rhythm is None or rhythm.tempo_map is None:
        return ""
    times = rhythm.tempo_map.downbeats(transcription.duration)
    return "".join(f"M{_x(time, transcription):g} 0v{height}" for time in times) if len(times) <= _MAX_BARS else ""


def _x(time: float, transcription: Transcription) -> float:
    """Return the horizontal position of a time, to half a pixel."""
    return _LABELS + round(2 * _WIDTH * time / max(transcription.duration, 1e-3)) / 2
