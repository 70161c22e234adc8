"""`drumscribe info`."""

import sys
from pathlib import Path

import click


@click.command("info")
@click.argument("model", required=False, type=click.Path(path_type=Path))
def command(model: Path | None) -> None:
    """Print the card of a model: what it hears, at which settings, and where it comes from.

    MODEL is a model file, or the name of one that comes with drumscribe; without it, the default.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..card import card_rows
    from ..classifier import load_model_info, shipped_models

    table = Table.grid(padding=(0, 2))
    for name, text in card_rows(load_model_info(model)):
        table.add_row(Text(name, style="bold"), Text(text))
    sys.stdout.reconfigure(errors="replace")  # credits may not be in the terminal's alphabet
    Console().print(table)
    if model is None:
        click.echo(f"models that come along: {', '.join(shipped_models())}")
