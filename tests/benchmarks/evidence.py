"""What each kind of evidence brings to the decisions of a trained network.

    python tests/benchmarks/evidence.py --experiment train/base.toml --cache DIR

DIR holds the rendered sound and the checkpoint, as `drumscribe-train` leaves them. As at release, weights are learned
on clips of training kits and grooves that the network was not trained on, and the thresholds with the best F are
chosen on held-out ones, on which that F is then given: each row flatters itself alike. The table is Markdown.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from drumscribe.errors import DrumscribeError
from drumscribe.hearing.evidence import RECORDING

Kept = Callable[[int, int], np.ndarray]
"""Which of so many numbers of evidence an instrument's candidates keep."""


def _alone(numbers: int, instrument: int) -> np.ndarray:
    return np.arange(numbers) == instrument


def _without(*last: int) -> Kept:
    return lambda numbers, _: ~np.isin(np.arange(numbers) - numbers, last)


KINDS: dict[str, Kept] = {
    "the activation alone": _alone,
    "what is around it": _without(*range(-RECORDING, 0)),
    "and recurrence": _without(-1),
    "and likeness": _without(*range(-RECORDING, -1)),
    "and both": _without(),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", type=Path, required=True, help="of passages")
    parser.add_argument("--cache", type=Path, required=True, help="rendered sound and the checkpoint")
    arguments = parser.parse_args()
    try:
        run(arguments.experiment, arguments.cache)
    except DrumscribeError as error:
        sys.exit(str(error))


def run(experiment_file: Path, cache: Path) -> None:
    """Learn, choose and print."""
    from drumscribe.training.decisions.passages import read_corpus
    from drumscribe.training.decisions.thresholds import best_thresholds, micro_f, sweep
    from drumscribe.training.decisions.weights import hear_clips, learn_weights, predict
    from drumscribe.training.experiment import COLUMNS, read_experiment
    from drumscribe.training.make import Places, trained

    experiment = read_experiment(experiment_file)
    network, step = trained(experiment, Places(cache, cache, cache))

    def hear(*plans) -> list:
        library = read_corpus(plans, cache)
        return list(hear_clips(predict(network, library, COLUMNS), library, COLUMNS, experiment.spectrogram.frame_rate))

    def keep(clips: list, kept: Kept) -> list:
        numbers = clips[0].evidence.shape[1]
        masks = np.stack([kept(numbers, i) for i in range(len(COLUMNS.instruments))])
        return [replace(clip, evidence=clip.evidence * masks[clip.of]) for clip in clips]

    lessons, held_out = hear(*experiment.deciding()), {plan.kind: hear(plan) for plan in experiment.validation()}
    print(f"step {step}\n\n| evidence | {' | '.join(held_out)} |\n| --- |{' --- |' * len(held_out)}")
    for name, kept in KINDS.items():
        weights = learn_weights(keep(lessons, kept), COLUMNS)
        scores = [best_thresholds(sweep(keep(clips, kept), COLUMNS, weights)) for clips in held_out.values()]
        print(f"| {name} | {' | '.join(f'{micro_f(of_kind):.3f}' for of_kind in scores)} |", flush=True)


if __name__ == "__main__":
    main()
