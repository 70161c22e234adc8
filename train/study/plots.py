"""The pictures of the study. Dots are seeds, lines and bars their means."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..files import written_whole
from ..networks.formulations import FORMULATIONS
from .cells import FULL, NONE, Cell
from .results import Results
from .tracks import ALL_RIGHT, DETECTED, ONE_RIGHT, PASSAGES, SETS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = dict(zip(FORMULATIONS, ("#1f6fb4", "#d1495b", "#2e8b57"), strict=True))
_GREY = "#777777"


def write_plots(results: Results, folder: Path) -> None:
    """Draw all pictures, as PNG."""
    pictures = {
        "formulations": draw_grid,
        "families": draw_families,
        "windows": draw_lengths,
        "augmentation": draw_left_out,
        "confusions": draw_confusions,
    }
    if results.tracks:
        pictures["tracks"] = draw_tracks
    for name, draw in pictures.items():
        with written_whole(folder / f"{name}.png") as file:
            draw(results).savefig(file, format="png")


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=90, layout="constrained")


def draw_grid(results: Results) -> "Figure":
    """Accuracy against the number of samples, by family, formulation and augmentation."""
    plan = results.plan
    figure = _figure(9, 3.8)
    axes = figure.subplots(1, len(plan.families), sharey=True)
    for axis, family in zip(np.atleast_1d(axes), plan.families, strict=True):
        for i, formulation in enumerate(FORMULATIONS):
            for augment, style in ((NONE, ":"), (FULL, "-")):
                cells = [Cell(family, formulation, size, augment) for size in plan.per_class]
                accuracies = np.array([[r.single.accuracy for r in results.of(cell)] for cell in cells])
                sizes = np.array(plan.per_class) * 1.06 ** (i - 1)  # so that dots do not hide each other
                label = formulation if augment == FULL else f"{formulation}, not augmented"
                axis.plot(sizes, accuracies.mean(axis=1), style, color=_COLOURS[formulation], label=label)
                axis.plot(sizes, accuracies, ".", color=_COLOURS[formulation], alpha=1.0 if augment == FULL else 0.4)
        axis.set(title=family, xscale="log", xlabel="one-shots of each class to learn from")
        axis.set_xticks(plan.per_class, [str(size) for size in plan.per_class])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    figure.axes[0].set_ylabel("accuracy on held-out one-shots")
    figure.axes[-1].legend(fontsize=8)
    return figure


def draw_families(results: Results) -> "Figure":
    """Accuracy against what a window costs, by family; squares were trained for longer."""
    from matplotlib.ticker import NullFormatter

    plan = results.plan
    figure = _figure(7, 4.2)
    axis = figure.subplots()

    def draw(cell: Cell, colour: str, marker: str, label: str | None) -> tuple[float, float]:
        records = results.of(cell)
        accuracies, cost = [r.single.accuracy for r in records], records[0].multiply_adds / 1e6
        axis.plot([cost] * len(records), accuracies, ".", color=colour, alpha=0.4)
        axis.plot(cost, np.mean(accuracies), marker, color=colour, label=label)
        return cost, float(np.mean(accuracies))

    for i, family in enumerate((*plan.families, *plan.others)):
        for formulation in ("multi-class", "multi-label"):
            cell = replace(plan.reference(), family=family, formulation=formulation)
            place = draw(cell, _COLOURS[formulation], "o", None if i else formulation)
            if formulation == "multi-class":
                axis.annotate(family, place, (-5, 6), textcoords="offset points", fontsize=9, ha="right")
    longer = [family for family, augment in plan.patient if augment == FULL]
    for i, family in enumerate(longer):
        cell = plan.reference(family=family, patience=plan.patience)
        draw(cell, _GREY, "s", None if i else f"multi-class, {plan.patience} times as long")
    axis.set(xscale="log", xlabel="million multiply-adds for a window", ylabel="accuracy on held-out one-shots")
    axis.margins(x=0.12)
    ticks = [tick for tick in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0) if axis.get_xlim()[0] < tick < axis.get_xlim()[1]]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.grid(alpha=0.3)
    axis.legend(fontsize=9)
    return figure


def draw_lengths(results: Results) -> "Figure":
    """Accuracy and F of each class against how far the window reaches; F of recordings, where there was a bench."""
    plan = results.plan
    lengths = sorted({plan.reference().after_ms, *plan.after_ms})
    cells = [plan.reference(after_ms=length) for length in lengths]
    figure = _figure(9, 4)
    axis, *others = figure.subplots(1, 2 if results.tracks else 1, squeeze=False)[0]
    for i, name in enumerate(plan.base.samples.classes):
        axis.plot(lengths, [np.mean([r.single.f_measures[i] for r in results.of(cell)]) for cell in cells], label=name)
    _draw_seeds(
        axis, lengths, [[r.single.accuracy for r in results.of(cell)] for cell in cells], "k", "accuracy of all"
    )
    axis.set(title="held-out one-shots", ylabel="accuracy, and F of each class")
    for other in others:
        for name, colour in zip(SETS, _COLOURS.values(), strict=False):
            of_cells = [[r.micro_f for r in results.on_tracks(cell, name, DETECTED)] for cell in cells]
            _draw_seeds(other, lengths, of_cells, colour, name)
        other.set(title="recordings, at detected onsets", ylabel="micro F within 50 ms")
    for each in (axis, *others):
        each.set(xlabel="ms from the onset to the last frame")
        each.grid(alpha=0.3)
        each.legend(fontsize=8)
    return figure


def _draw_seeds(axis, x: list[float], values: list[list[float]], colour: str, label: str) -> None:
    axis.plot(x, [np.mean(of_one) for of_one in values], color=colour, linewidth=2, label=label)
    axis.plot(x, values, ".", color=colour)


def draw_left_out(results: Results) -> "Figure":
    """What accuracy loses without each augmentation, with intervals over held-out families."""
    plan = results.plan
    names = (NONE, *plan.left_out)
    changes = [results.difference(plan.reference(augment=name), plan.reference()) for name in names]
    order = np.argsort([change.change.mean for change in changes])[::-1]
    figure = _figure(6.5, 0.8 + 0.28 * len(names))
    axis = figure.subplots()
    for row, i in enumerate(order):
        change = changes[i]
        axis.barh(row, 100 * change.change.mean, color=_COLOURS["multi-class"], alpha=0.8)
        axis.plot([100 * change.low, 100 * change.high], [row, row], color="black", linewidth=1)
    axis.axvline(0.0, color="black", linewidth=0.8)
    axis.set_yticks(range(len(names)), ["all of them" if names[i] == NONE else names[i] for i in order])
    axis.set(xlabel="points of accuracy gained by leaving it out (line: 95 % over families)")
    axis.grid(axis="x", alpha=0.3)
    return figure


def draw_confusions(results: Results) -> "Figure":
    """Confusions by formulation, of the family that the single factors are varied in."""
    plan = results.plan
    classes = plan.base.samples.classes
    figure = _figure(9, 3.9)
    for axis, formulation in zip(figure.subplots(1, len(FORMULATIONS), sharey=True), FORMULATIONS, strict=True):
        counts = sum(
            np.array(r.single.confusion) for r in results.of(replace(plan.reference(), formulation=formulation))
        )
        shares = counts / counts.sum(axis=1, keepdims=True)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (i, j), share in np.ndenumerate(shares):
            if counts[i, j]:
                axis.text(
                    j, i, f"{100 * share:.0f}", ha="center", va="center", color="white" if share > 0.5 else "black"
                )
        axis.set(title=formulation, xlabel="taken for, %")
        axis.set_xticks(range(len(classes)), classes, rotation=45)
        axis.set_yticks(range(len(classes)), classes)
    return figure


def draw_tracks(results: Results) -> "Figure":
    """F on real recordings with and without augmentation, beside what could be reached."""
    plan = results.plan
    cells = [
        replace(plan.reference(), family=family, formulation=formulation)
        for family in plan.families
        for formulation in FORMULATIONS
    ]
    names = [f"{cell.family}, {cell.formulation}" for cell in cells] + [ONE_RIGHT, ALL_RIGHT, PASSAGES]
    figure = _figure(9, 4.2)
    axes = figure.subplots(1, len(SETS), sharey=True)
    for axis, recordings in zip(axes, SETS, strict=True):
        for offset, augment, colour in ((0.2, FULL, _COLOURS["multi-class"]), (-0.2, NONE, "#a9c7e3")):
            for row, cell in enumerate(cells):
                found = [r.micro_f for r in results.on_tracks(replace(cell, augment=augment), recordings, DETECTED)]
                label = "augmented" if augment == FULL else "not augmented"
                axis.barh(row + offset, np.mean(found), 0.36, color=colour, label=None if row else label)
                axis.plot(found, [row + offset] * len(found), "k.", markersize=4)
        for row, system in enumerate((ONE_RIGHT, ALL_RIGHT, PASSAGES), len(cells)):
            at = "" if system == PASSAGES else DETECTED
            axis.barh(row, results.reference(system, recordings, at).micro_f, 0.5, color=_GREY)
        axis.set(title=recordings, xlabel="micro F within 50 ms, at detected onsets", xlim=(0, 1))
        axis.set_yticks(range(len(names)), names)
        axis.grid(axis="x", alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return figure
