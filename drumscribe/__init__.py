"""Turn recordings of drums into MIDI."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .api import transcribe
from .errors import DrumscribeError
from .music.transcription import Hit, Transcription
from .version import VERSION

if TYPE_CHECKING:
    from .transcribe_options import TranscribeOptions
    from .transcriber import Transcriber

__all__ = ["DrumscribeError", "Hit", "TranscribeOptions", "Transcriber", "Transcription", "transcribe"]
__version__ = VERSION


def __getattr__(name: str) -> Any:
    """Load the transcriber, and TFLite with it, on first use."""
    if name == "Transcriber":
        return import_module(".transcriber", __name__).Transcriber
    if name == "TranscribeOptions":
        return import_module(".transcribe_options", __name__).TranscribeOptions
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, and no others."""
    return sorted([*__all__, "__version__"])
