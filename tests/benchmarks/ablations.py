"""What the ingredients of training bring: a small network trained for a little while, with and without each.

    python tests/benchmarks/ablations.py --experiment train/tiny.toml --data DIR --cache DIR

Every row is trained from the start, once for each seed, on the first clips of the experiment's corpus; sound that is
not in --cache is rendered. Measured is micro F at +-50 ms of the activations alone, on held-out kits and grooves, at
the best thresholds for each column, which flatters all rows alike: mean over the seeds and, in brackets, lowest and
highest. Such short training shows what matters first, not what matters in the end. The table is Markdown.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from drumscribe.errors import DrumscribeError

CLIPS = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", type=Path, required=True, help="of passages")
    parser.add_argument("--data", type=Path, required=True, help="one-shots, grooves and backing")
    parser.add_argument("--cache", type=Path, required=True, help="rendered sound")
    parser.add_argument("--steps", type=int, default=500, help="of training (default: 500)")
    parser.add_argument("--seeds", type=int, default=2, help="runs of each row (default: 2)")
    parser.add_argument("--jobs", type=int, default=1, help="processes that render (default: 1)")
    arguments = parser.parse_args()
    try:
        run(**vars(arguments))
    except DrumscribeError as error:
        sys.exit(str(error))


def run(experiment: Path, data: Path, cache: Path, steps: int, seeds: int, jobs: int) -> None:
    """Render what is missing, train, and print."""
    from drumscribe.training.decisions.passages import read_corpus
    from drumscribe.training.experiment import read_experiment
    from drumscribe.training.features.batches import Batches
    from drumscribe.training.rendering.corpus import render_corpus

    class Unvaried(Batches):
        """Passages as they were rendered."""

        def _passage(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
            return self._cut(rng)

    settings = read_experiment(experiment)
    fit = replace(settings.fit, steps=steps, cooldown=steps // 2, warmup=steps // 10)
    settings = replace(settings, fit=fit)
    produced = replace(settings.training(), clips=CLIPS)
    plans = (produced, replace(produced, kind="dry"), *settings.validation())
    for plan in plans:
        for _ in render_corpus(plan, data, cache, settings.spectrogram, jobs):
            pass
    produced, dry, *held_out = (read_corpus(plan, cache) for plan in plans)
    near = replace(settings, network=replace(settings.network, dilations=settings.network.dilations[:2]))
    shorter = replace(settings, fit=replace(fit, steps=steps // 2, cooldown=steps // 4))
    rows = {
        f"all: {CLIPS:,} clips, {steps} steps": (settings, produced, Batches),
        "drums alone, dry: no accompaniment, no production": (settings, dry, Batches),
        "an eighth of the clips": (settings, _first(produced, CLIPS // 8), Batches),
        "no variation of level, tone and mixture": (settings, produced, Unvaried),
        "a context of some 20 frames": (near, produced, Batches),
        "half the steps": (shorter, produced, Batches),
    }
    print("| trained with | produced | dry |\n| --- | --- | --- |")
    for name, row in rows.items():
        scores = np.array([_train_and_score(*row, seed, held_out) for seed in range(1, seeds + 1)])
        cells = (f"{of_kind.mean():.3f} ({of_kind.min():.3f}-{of_kind.max():.3f})" for of_kind in scores.T)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _first(library, clips: int):
    return type(library)(*(getattr(library, field.name)[:clips] for field in fields(library)))


def _train_and_score(experiment, library, kind: Callable, seed: int, held_out: list) -> list[float]:
    """Micro F on each library of held-out clips."""
    from drumscribe.training.decisions.calibrate import (
        HeardClip,
        best_thresholds,
        micro_f,
        predict,
        strokes_of,
        sweep,
    )
    from drumscribe.training.experiment import COLUMNS
    from drumscribe.training.features.targets import TargetMaker
    from drumscribe.training.learning.fit import fit

    from drumscribe.evidence import log_odds
    from drumscribe.picking import find_peaks

    rate, fitting = experiment.spectrogram.frame_rate, replace(experiment.fit, seed=seed)
    batches = kind(library, TargetMaker(COLUMNS, rate), seed, fitting.clips, fitting.frames)
    with TemporaryDirectory() as folder:
        network = fit(replace(experiment, fit=fitting), batches, Path(folder), report=lambda _: None)
    instruments = len(COLUMNS.instruments)
    swept = []
    for clips in held_out:
        heard = []
        for answers, strokes in zip(predict(network, clips, COLUMNS), strokes_of(clips, COLUMNS), strict=True):
            activations = answers[:, :instruments]
            frames, found = find_peaks(activations)
            heard.append(HeardClip(frames / rate, found, log_odds(activations[frames, found])[:, None], *strokes))
        swept.append(sweep(heard, COLUMNS, tuple((0.0, 1.0) for _ in range(instruments))))
    return [micro_f(best_thresholds(scores)) for scores in swept]


if __name__ == "__main__":
    main()
