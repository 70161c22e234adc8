"""Plots of the study. Dots are seeds, lines and bars their means."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..files import open_whole
from ..networks.formulations import FORMULATIONS
from .cells import FULL, NONE, Cell
from .results import Results
from .tracks import ALL_RIGHT, DETECTED, ONE_RIGHT, PASSAGES, SETS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = dict(zip(FORMULATIONS, ("#1f6fb4", "#d1495b", "#2e8b57"), strict=True))
_GREY = "#777777"


def write_plots(results: Results, folder: Path) -> None:
    """Draw a plot of everything that the plan varies, as PNG.

    Parameters
    ----------
    results : Results
        The measurements.
    folder : Path
        The folder to write to.
    """
    plan = results.plan
    pictures = {
        "formulations": (draw_grid, plan.per_class),
        "families": (draw_families, plan.others),
        "windows": (draw_lengths, plan.after_ms),
        "augmentation": (draw_left_out, plan.left_out),
        "confusions": (draw_confusions, plan.formulations[1:]),
        "tracks": (draw_tracks, results.tracks),
    }
    for name, (draw, varied) in pictures.items():
        if varied:
            with open_whole(folder / f"{name}.png") as file:
                draw(results).savefig(file, format="png")


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=90, layout="constrained")


def draw_grid(results: Results) -> "Figure":
    """Plot accuracy against the number of samples, with intervals over seeds."""
    plan = results.plan
    figure = _figure(9, 4.4)
    axes = figure.subplots(1, len(plan.families), sharey=True, squeeze=False)[0]
    series = [(formulation, augment) for formulation in plan.formulations for augment in (NONE, FULL)]
    for axis, family in zip(axes, plan.families, strict=True):
        for i, (formulation, augment) in enumerate(series):
            cells = [Cell(family, formulation, size, augment) for size in plan.per_class]
            means = np.array([results.accuracy(cell).mean for cell in cells])
            limits = np.array([results.interval(cell) for cell in cells]).T
            places = np.array(plan.per_class) * 1.07 ** (i - (len(series) - 1) / 2)  # side by side
            label = formulation if augment == FULL else f"{formulation}, not augmented"
            axis.errorbar(
                *(places, means, np.abs(limits - means)),
                **{"fmt": "o-" if augment == FULL else "s:", "markersize": 4, "capsize": 2, "elinewidth": 0.8},
                **{"color": _COLOURS[formulation], "alpha": 1.0 if augment == FULL else 0.5, "label": label},
            )
        axis.set(title=family, xscale="log", xlabel="one-shots of each class to learn from")
        axis.set_xticks(plan.per_class, [str(size) for size in plan.per_class])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy on held-out one-shots")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
    return figure


def draw_families(results: Results) -> "Figure":
    """Plot accuracy by family, from the cheapest on, as it is and trained for longer."""
    plan = results.plan
    figure = _figure(9, 4.2)
    axis = figure.subplots()
    cost = {
        family: results.of(plan.reference(family=family))[0].multiply_adds / 1e6
        for family in (*plan.families, *plan.others)
    }
    families = sorted(cost, key=lambda family: cost[family])
    longer = {family for family, augment in plan.patient if augment == FULL}
    series: tuple[tuple[str, str, list[str], dict[str, Any]], ...] = (
        ("multi-class", _COLOURS["multi-class"], families, {}),
        ("multi-label", _COLOURS["multi-label"], families, {"formulation": "multi-label"}),
        (
            *(f"multi-class, {plan.patience} times as long", _GREY),
            *([family for family in families if family in longer], {"patience": plan.patience}),
        ),
    )
    for i, (label, colour, of, changes) in enumerate(series):
        for family in of:
            at = families.index(family) + 0.25 * (i - 1)
            accuracies = [record.single.accuracy for record in results.of(plan.reference(family=family, **changes))]
            axis.plot([at] * len(accuracies), accuracies, ".", color=colour, alpha=0.4)
            axis.plot(at, np.mean(accuracies), "o", color=colour, label=label if family == of[0] else None)
    axis.set_xticks(range(len(families)), [f"{family}\n{cost[family]:.2f} M" for family in families])
    axis.set(ylabel="accuracy on held-out one-shots", xlabel="family, and million multiply-adds for a window")
    axis.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure


def draw_lengths(results: Results) -> "Figure":
    """Plot accuracy and F of each class against the reach of the window, and F of recordings, if measured."""
    plan = results.plan
    lengths = sorted({plan.reference().after_ms, *plan.after_ms})
    cells = [plan.reference(after_ms=length) for length in lengths]
    figure = _figure(9, 4.6)
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
        each.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return figure


def _draw_seeds(axis: "Axes", x: list[float], values: list[list[float]], colour: str, label: str) -> None:
    axis.plot(x, [np.mean(of_one) for of_one in values], color=colour, linewidth=2, label=label)
    axis.plot(x, values, ".", color=colour)


def draw_left_out(results: Results) -> "Figure":
    """Plot the accuracy that each augmentation brings beside all others, with intervals over held-out families."""
    plan = results.plan
    names = (NONE, *plan.left_out)
    gains = {name: results.difference(plan.reference(), plan.reference(augment=name)) for name in names}
    order = sorted(names, key=lambda name: -gains[name].change.mean)
    figure = _figure(7, 4)
    axis = figure.subplots()
    for place, name in enumerate(order):
        gain = gains[name]
        axis.bar(place, 100 * gain.change.mean, color=_COLOURS["multi-class"], alpha=0.8)
        axis.plot([place, place], [100 * gain.low, 100 * gain.high], color="black", linewidth=1)
    axis.axhline(0.0, color="black", linewidth=0.8)
    labels = ["all of them" if name == NONE else name for name in order]
    axis.set_xticks(range(len(names)), labels, rotation=45, ha="right")
    axis.set(ylabel="points of accuracy that it brings", title="up is good; line: 95 % over families", axisbelow=True)
    axis.grid(axis="y", alpha=0.3)
    return figure


def draw_confusions(results: Results) -> "Figure":
    """Plot confusions by formulation, of the family in which single factors are varied."""
    plan = results.plan
    classes = plan.base.samples.classes
    figure = _figure(9, 3.9)
    axes = figure.subplots(1, len(plan.formulations), sharey=True)
    for axis, formulation in zip(axes, plan.formulations, strict=True):
        records = results.of(replace(plan.reference(), formulation=formulation))
        counts = cast(np.ndarray, sum(np.array(record.single.confusion) for record in records))
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
    """Plot F on real recordings with and without augmentation, beside the upper limits."""
    plan = results.plan
    cells = [
        plan.reference(family=family, formulation=formulation, per_class=size)
        for family in plan.families
        for formulation in plan.formulations
        for size in plan.per_class
        if size >= plan.usual
    ]
    more = {cell: f", {cell.per_class} a class" if cell.per_class > plan.usual else "" for cell in cells}
    names = [f"{cell.family}, {cell.formulation}{more[cell]}" for cell in cells] + [ONE_RIGHT, ALL_RIGHT, PASSAGES]
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
