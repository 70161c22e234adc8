"""What the ingredients of training bring: a small network trained for a little while, with and without each.

    python tests/benchmarks/ablations.py --experiment train/tiny.toml --data DIR --cache DIR

Every row is trained from the start, once for each seed, on the first clips of the experiment's corpus, or on the same
clips rendered without an ingredient; sound that is not in --cache is rendered. Measured is micro F at +-50 ms of the
activations alone, on held-out kits and grooves, at the best thresholds for each column, which flatters all rows alike:
mean over the seeds and, in brackets, lowest and highest. Such short training shows what matters first, not what matters
in the end: for that, --begin models/tiny.checkpoint.npz goes on from a trained network, which then unlearns what it no
longer meets. The table is Markdown.
"""

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from drumscribe.training.rendering.clips import Studio
from drumscribe.training.rendering.corpus import CLIPS_PER_SHARD, CorpusPlan, shard_paths, write_shard

from drumscribe.errors import DrumscribeError
from drumscribe.music.drums import ARTICULATION_BY_NAME


class RecordedKits(Studio):
    """Kits as they were recorded, not mixed, retuned or reshaped."""

    def kit(self, score, rng):
        return self._kits.make(rng, score.electronic, plain=True)


class OneLayer(Studio):
    """The same stroke at every velocity, louder or softer."""

    def kit(self, score, rng):
        kit = super().kit(score, rng)
        return {role: replace(drum, layers=None, strokes=drum.strokes[-1:] * 3) for role, drum in kit.items()}


class NoAccompaniment(Studio):
    """Drums alone, produced."""

    def accompanied(self, drums, backing, level_db):
        return drums


class NoProduction(Studio):
    """Neither rooms, equalisers and compressors nor noise and codecs; levels as they come."""

    def produced(self, drums, rng):
        return drums

    def mastered(self, sound, rng):
        return sound / max(1.0, float(np.max(np.abs(sound))))


class NoNegatives(Studio):
    """Drums in every clip, and nothing struck that is to be ignored."""

    def varied(self, score, rng, seconds):
        score = super().varied(score, rng, seconds)
        keep = np.array([role in ARTICULATION_BY_NAME for role in score.roles], bool)
        roles = tuple(role for role, kept in zip(score.roles, keep, strict=True) if kept)
        return replace(score, times=score.times[keep], roles=roles, velocities=score.velocities[keep])

    def silenced(self, score):
        return score


STUDIOS = {
    "kits as they were recorded": RecordedKits,
    "one layer of velocity": OneLayer,
    "no accompaniment": NoAccompaniment,
    "no production": NoProduction,
    "no negatives: no percussion, no clips without drums": NoNegatives,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", type=Path, required=True, help="of passages")
    parser.add_argument("--data", type=Path, required=True, help="one-shots, grooves and backing")
    parser.add_argument("--cache", type=Path, required=True, help="rendered sound")
    parser.add_argument("--table", choices=("sound", "training", "both"), default="both", help="what is left out")
    parser.add_argument("--begin", type=Path, help="a shipped checkpoint to begin with (default: the start)")
    parser.add_argument("--clips", type=int, default=1024, help="to train on (default: 1024)")
    parser.add_argument("--steps", type=int, default=500, help="of training (default: 500)")
    parser.add_argument("--seeds", type=int, default=2, help="runs of each row (default: 2)")
    parser.add_argument("--jobs", type=int, default=1, help="processes that render (default: 1)")
    arguments = parser.parse_args()
    if arguments.begin is not None and arguments.table != "sound":
        parser.error("--begin goes with --table sound: one of the other rows has another network")
    try:
        run(**vars(arguments))
    except DrumscribeError as error:
        sys.exit(str(error))


def run(
    experiment: Path,
    data: Path,
    cache: Path,
    table: str,
    begin: Path | None,
    clips: int,
    steps: int,
    seeds: int,
    jobs: int,
) -> None:
    """Render what is missing, train, and print."""
    from drumscribe.training.decisions.passages import read_corpus
    from drumscribe.training.experiment import read_experiment
    from drumscribe.training.features.batches import Batches
    from drumscribe.training.rendering.corpus import render_corpora

    class Unvaried(Batches):
        """Passages as they were rendered."""

        def _passage(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
            return self._cut(rng)

    settings = read_experiment(experiment)
    fit = replace(settings.fit, steps=steps, cooldown=steps // 2, warmup=steps // 10)
    settings = replace(settings, fit=fit)
    produced = replace(settings.training()[0], clips=clips)
    plans = (produced, replace(produced, kind="dry"), *settings.validation())
    for plan in plans:
        for _ in render_corpora(plan, data, cache, settings.spectrogram, jobs):
            pass
    studios = STUDIOS if table != "training" else {}
    without = {name: render_in(studio, plans[0], data, cache, settings, jobs) for name, studio in studios.items()}
    produced, dry, *held_out = (read_corpus([plan], cache) for plan in plans)
    near = replace(settings, network=replace(settings.network, dilations=settings.network.dilations[:2]))
    shorter = replace(settings, fit=replace(fit, steps=steps // 2, cooldown=steps // 4))
    rows = {f"all: {clips:,} clips, {steps} steps": (settings, produced, Batches)}
    sound = {
        **{name: (settings, library, Batches) for name, library in without.items()},
        "drums alone, dry": (settings, dry, Batches),
    }
    training = {
        "an eighth of the clips": (settings, _first(produced, clips // 8), Batches),
        "no variation of level, tone and mixture": (settings, produced, Unvaried),
        "a context of some 20 frames": (near, produced, Batches),
        "half the steps": (shorter, produced, Batches),
    }
    rows |= {"sound": sound, "training": training, "both": sound | training}[table]
    print("| trained with | produced | dry |\n| --- | --- | --- |")
    for name, row in rows.items():
        scores = np.array([_train_and_score(*row, begin, seed, held_out) for seed in range(1, seeds + 1)])
        cells = (f"{of_kind.mean():.3f} ({of_kind.min():.3f}-{of_kind.max():.3f})" for of_kind in scores.T)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def render_in(studio: type[Studio], plan: CorpusPlan, data: Path, cache: Path, settings, jobs: int):
    """The clips of a plan, made in another studio."""
    from drumscribe.training.features.batches import read_library

    paths = shard_paths(plan, cache / f"without-{studio.__name__}")
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        tasks = [
            pool.submit(_render_shard, studio, plan, shard, path, data, cache, settings.spectrogram)
            for shard, path in enumerate(paths)
            if not path.exists()
        ]
        for task in tasks:
            task.result()
    return read_library(paths)


def _render_shard(studio: type[Studio], plan: CorpusPlan, shard: int, target: Path, data: Path, cache: Path, settings):
    clips = range(shard * CLIPS_PER_SHARD, min(plan.clips, (shard + 1) * CLIPS_PER_SHARD))
    opened = _open(studio, data, cache, plan.split)
    write_shard((opened.clip(plan.seed, i, plan.seconds) for i in clips), target, settings)


@lru_cache(1)
def _open(studio: type[Studio], data: Path, cache: Path, split: str) -> Studio:
    return studio(data, cache, split)


def _first(library, clips: int):
    return type(library)(*(getattr(library, field.name)[:clips] for field in fields(library)))


def _train_and_score(experiment, library, kind: Callable, begin: Path | None, seed: int, held_out: list) -> list[float]:
    """Micro F on each library of held-out clips."""
    from drumscribe.training.decisions.thresholds import best_thresholds, micro_f, sweep
    from drumscribe.training.decisions.weights import HeardClip, predict, strokes_of
    from drumscribe.training.experiment import COLUMNS
    from drumscribe.training.features.targets import TargetMaker
    from drumscribe.training.learning.checkpoints import save_checkpoint
    from drumscribe.training.learning.fit import build_trainee, fit
    from drumscribe.training.learning.growth import begin_with

    from drumscribe.hearing.candidates import find_peaks
    from drumscribe.hearing.evidence import log_odds

    rate, experiment = experiment.spectrogram.frame_rate, replace(experiment, fit=replace(experiment.fit, seed=seed))
    fitting = experiment.fit
    batches = kind(library, TargetMaker(COLUMNS, rate), seed, fitting.clips, fitting.frames)
    with TemporaryDirectory() as folder:
        if begin is not None:
            network = build_trainee(experiment)
            begin_with(network, begin)
            save_checkpoint(network, 0, Path(folder))
        network = fit(experiment, batches, Path(folder), report=lambda _: None)
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
