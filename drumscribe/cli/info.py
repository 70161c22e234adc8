"""`drumscribe info`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..music.drums import articulations_of
from ..network.bundled import bundled_models
from .group import print_any_name
from .options.listening import complete_model
from .options.paths import NamedPath
from .sections import command as sectioned

if TYPE_CHECKING:
    from ..network.model_card import ModelInfo


@sectioned("info")
@click.argument("model", required=False, type=NamedPath(path_type=Path), shell_complete=complete_model)
def command(model: Path | None) -> None:
    """Show a model, and list the models and kits.

    The card of a model says what it detects, its settings, and where it comes from. MODEL is the name of a bundled
    model or a model file. Without MODEL, it shows the default model, and the names of all models and of your kits.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..kits.library import kit_files
    from ..network.model_file import load_model_info

    table = Table.grid(padding=(0, 2))
    for name, text in card_rows(load_model_info(model)):
        table.add_row(Text(name, style="bold"), Text(text))
    print_any_name()
    Console().print(table)
    if model is None:
        click.echo(f"bundled models: {', '.join(bundled_models())}")
        click.echo(f"your kits: {', '.join(path.stem for path in kit_files()) or 'none yet (drumscribe finetune)'}")


def card_rows(info: "ModelInfo") -> list[tuple[str, str]]:
    """Return what a model file says of itself, most interesting facts first.

    Parameters
    ----------
    info : ModelInfo
        Of the model.

    Returns
    -------
    list of tuple of str
        Names and texts.
    """
    settings = info.spectrogram
    detected = zip(info.columns.instruments, info.thresholds, strict=True)
    return [
        ("model", f"{info.name} {info.version}, {info.quantisation}"),
        ("description", info.description),
        ("licence", info.licence),
        ("credits", info.credits),
        ("instruments", "\n".join(_instrument(name, threshold, info) for name, threshold in detected)),
        (
            "spectrogram",
            f"{settings.rate} Hz, {settings.bands} {settings.scale} bands "
            f"from {settings.fmin:g} to {settings.fmax:g} Hz, "
            f"window {settings.window}, hop {settings.hop} samples ({1000 / settings.frame_rate:g} ms)",
        ),
        _reach(info),
        ("embedding", f"{info.embedding} numbers for each frame" if info.embedding else "none"),
    ]


def _reach(info: "ModelInfo") -> tuple[str, str]:
    """What an answer depends on."""
    seconds = info.context / info.spectrogram.frame_rate
    if info.window is None:
        return "context", f"{info.context} frames ({seconds:.2f} s) on each side, {info.chunk} frames at once"
    return "window", f"{info.chunk} frames around an onset, {info.context} ({seconds:.2f} s) of them after it"


def _instrument(name: str, threshold: float, info: "ModelInfo") -> str:
    told = [a.name for a in articulations_of(name) if a.name in info.columns.articulations]
    return f"{name}, from {threshold:.2f}" + (f": {', '.join(told)}" if told else "")
