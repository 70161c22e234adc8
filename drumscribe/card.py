"""The card of a model, for people to read."""

from .classifier import ModelInfo
from .drums import articulations_of


def card_rows(info: ModelInfo) -> list[tuple[str, str]]:
    """What a model file says of itself, as names and texts in the order of interest."""
    settings = info.spectrogram
    seconds = info.context / settings.frame_rate
    heard = zip(info.columns.instruments, info.thresholds, strict=True)
    return [
        ("model", f"{info.name} {info.version}, {info.quantisation}"),
        ("description", info.description),
        ("licence", info.licence),
        ("credits", info.credits),
        ("instruments", "\n".join(_instrument(name, threshold, info) for name, threshold in heard)),
        (
            "spectrogram",
            f"{settings.rate} Hz, {settings.bands} mel bands from {settings.fmin:g} to {settings.fmax:g} Hz, "
            f"window {settings.window}, hop {settings.hop} samples ({1000 / settings.frame_rate:g} ms)",
        ),
        ("context", f"{info.context} frames ({seconds:.2f} s) on each side, {info.chunk} frames at once"),
        ("embedding", f"{info.embedding} numbers for each frame" if info.embedding else "none"),
    ]


def _instrument(name: str, threshold: float, info: ModelInfo) -> str:
    told = [a.name for a in articulations_of(name) if a.name in info.columns.articulations]
    return f"{name}, from {threshold:.2f}" + (f": {', '.join(told)}" if told else "")
