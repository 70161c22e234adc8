"""Turn recordings of drums into MIDI."""

from importlib import import_module

from .errors import DrumscribeError
from .hits import Hit, Transcription

__all__ = ["DrumscribeError", "Hit", "TranscribeOptions", "Transcriber", "Transcription", "transcribe"]
__version__ = "0.1.0"


def __getattr__(name: str):
    """Load the transcriber, and numba and TFLite with it, only when it is asked for."""
    if name in ("TranscribeOptions", "Transcriber", "transcribe"):
        return getattr(import_module(".transcriber", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
