"""Learning curves, drawn from a log."""

import json
from pathlib import Path

from .logs import LINES

CURVES = "curves.png"
_LABELS = {"loss": "training", "val_loss": "held out", "val_f": "mean"}
_WIDTH, _HEIGHT, _DPI = 8.0, 3.2, 100


def draw_curves(folder: Path) -> Path | None:
    """Draw the losses and F of a run over its steps.

    Parameters
    ----------
    folder : Path
        The folder of its log.

    Returns
    -------
    Path | None
        The picture; None if nothing has been logged.
    """
    from matplotlib.figure import Figure

    if not (folder / LINES).exists():
        return None
    rows = [json.loads(line) for line in (folder / LINES).read_text(encoding="utf-8").splitlines()]
    if not rows:
        return None
    figure = Figure((_WIDTH, _HEIGHT), dpi=_DPI, layout="constrained")
    losses, measures = figure.subplots(1, 2)
    for axis, names in ((losses, ("loss", "val_loss")), (measures, _measures(rows))):
        for name in names:
            points = [(row["step"], row[name]) for row in rows if name in row]
            if points:
                axis.plot(*zip(*points, strict=True), label=_LABELS.get(name, name.removeprefix("val_f_")))
        axis.set_xlabel("steps")
        axis.grid(alpha=0.3)
    losses.set(title="loss", ylim=(0, None))
    measures.set(title="F on held-out sound", ylim=(0, 1.02))
    for axis in (losses, measures):
        if axis.lines:
            axis.legend(fontsize="small")
    figure.savefig(folder / CURVES)
    return folder / CURVES


def _measures(rows: list[dict]) -> list[str]:
    return sorted({name for row in rows for name in row if name.startswith("val_f")})
