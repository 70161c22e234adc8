"""Pictures of scores, engraved by verovio: SVG, PNG and PDF. Needs the extra `score`."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import DrumscribeError
from ...files import written_whole
from ...music.transcription import Transcription
from .musicxml import ScoreOptions, write_musicxml

SUFFIXES = (".svg", ".png", ".pdf")
"""Suffixes of the pictures."""
_LAYOUT = {
    "pageWidth": 2100,  # A4, in tenths of a millimetre
    "pageHeight": 2970,
    "pageMarginTop": 120,
    "pageMarginBottom": 120,
    "pageMarginLeft": 120,
    "pageMarginRight": 120,
    "scale": 40,  # percent; by hand
    "header": "auto",
    "footer": "none",
    "xmlIdSeed": 1,  # the same picture each time
}
"""Options of verovio."""
_PNG_SCALE = 2.5
"""Pixels per unit of the SVG: below this, stems are lost between two of them (by hand)."""
_PLAIN_SIGNS = str.maketrans({"\ueca5": "\u2669", "\ueca7": "\u266a", "\uecb7": "."})
"""Signs of music in running text, and those of common fonts to write instead."""


class ScoreError(DrumscribeError):
    """A score cannot be engraved."""


def engrave(
    transcription: Transcription,
    path: Path,
    options: ScoreOptions | None = None,
    settle: Callable[[list[Path]], list[Path]] = list,
) -> list[Path]:
    """Write a score as pictures.

    Parameters
    ----------
    transcription : Transcription
        The transcription to write.
    path : Path
        A .pdf file, which has all pages, or a .svg or .png file; if it needs several pages, they are numbered:
        song-1.png, song-2.png ...
    options : ScoreOptions, optional
        Options of the score.
    settle : Callable, optional
        Takes the paths of the pages before any is written, and returns those to write to.

    Returns
    -------
    list[Path]
        The files.

    Raises
    ------
    RhythmError
        If it is played in free time.
    ScoreError
        If a library is missing, or a file cannot be written.
    """
    try:
        return _write_pages(_pages(transcription, path, options), path, settle)
    except ImportError as error:
        raise ScoreError(f'pictures of scores need {error.name}: pip install "drumscribe[score]"') from error
    except OSError as error:
        raise ScoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def _pages(transcription: Transcription, path: Path, options: ScoreOptions | None) -> list[str]:
    """Engrave a score, each page as SVG."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    tools = verovio.toolkit()
    tools.setOptions(_LAYOUT)
    tools.loadData(_musicxml(transcription, options))
    if not tools.getPageCount():
        raise ScoreError(f"{path}: verovio cannot engrave this score: write a .musicxml file instead")
    pages = [tools.renderToSVG(page) for page in range(1, tools.getPageCount() + 1)]
    return [page.translate(_PLAIN_SIGNS) for page in pages]


def _musicxml(transcription: Transcription, options: ScoreOptions | None) -> str:
    text = io.StringIO()
    write_musicxml(transcription, text, options)
    return text.getvalue()


def _write_pages(pages: Sequence[str], path: Path, settle: Callable[[list[Path]], list[Path]]) -> list[Path]:
    if path.suffix.lower() == ".pdf":
        (place,) = settle([path])
        with written_whole(place) as temporary:
            temporary.write_bytes(_pdf(pages))
        return [place]
    numbered = [path.with_stem(f"{path.stem}-{i}") for i in range(1, len(pages) + 1)]
    paths = settle([path] if len(pages) == 1 else numbered)
    for page, at in zip(pages, paths, strict=True):
        content = page.encode() if path.suffix.lower() == ".svg" else _png(page)
        with written_whole(at) as temporary:
            temporary.write_bytes(content)
    return paths


def _png(page: str) -> bytes:
    import cairosvg

    return cairosvg.svg2png(bytestring=page.encode(), background_color="white", scale=_PNG_SCALE)


def _pdf(pages: Sequence[str]) -> bytes:
    import cairosvg
    import pypdf

    document, out = pypdf.PdfWriter(), io.BytesIO()
    for page in pages:
        document.append(io.BytesIO(cairosvg.svg2pdf(bytestring=page.encode())))
    document.write(out)
    return out.getvalue()
