"""From how many samples on does a network of one's own pay, beside a kit that is learned from the same strokes?

    drumscribe-train fit strokes --samples DATA --cache CACHE
    python tests/benchmarks/own_network.py --cache CACHE [--mouths 2] [--counts 4 16 64] [--bench DIR]

Players are beatboxers: simulated ones (see mouths.py), who enrol on their first takes and are scored on three others,
and with --bench recorded ones, who enrol on the first strokes of their clips and are scored on the clips that are left.
The kit is what `drumscribe finetune` makes in seconds. The networks are those of the bundled experiment `strokes`,
trained on the strokes alone: from random weights, and begun with `strokes` as the command above trained it, on drums
(`fit.start`), with all layers trained or the three convolutions kept (`fit.frozen`). Micro F of kick, snare and hihat
within 50 ms, and the seconds of CPU that it took to learn. All thresholds come from the enrolled strokes.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import soundfile as sf
from drumscribe.training import make
from drumscribe.training.data.sources import RATE
from drumscribe.training.experiment import Experiment, read_experiment
from drumscribe.training.learning.checkpoints import CHECKPOINT
from drumscribe.training.learning.convert import convert_checked
from drumscribe.training.measuring import measure_windows
from drumscribe.training.sound import open_book
from kits import BEATBOX, Clip, Counts, Lab, enrolled, real_players
from mouths import Mouth

from drumscribe import Transcriber
from drumscribe.finetune.samples import SoundSamples

ENROLLED, SCORED = 16, 3
"""Takes of a simulated player to enrol on, as many of them as it takes, and to score."""
WAYS = {"random weights": ("", 0), "begun with strokes": ("strokes", 0), "begun with strokes, frozen": ("strokes", 3)}
"""The weights that networks begin with, and the number of layers that stay."""


def experiment_of(start: str, frozen: int, steps: int) -> Experiment:
    """The bundled experiment, for three sounds and few samples."""
    bundled = read_experiment(Path(make.__file__).with_name("strokes.toml"))
    settings = replace(bundled.fit, steps=steps, cooldown=steps // 2, validate_steps=0, start=start, frozen=frozen)
    return replace(bundled, name="own", samples=replace(bundled.samples, classes=BEATBOX), fit=settings)


def write_samples(samples: Sequence[SoundSamples], folder: Path) -> None:
    for sound in samples:
        name = "hihat" if sound.name == "hihat_closed" else sound.name
        (folder / name).mkdir(parents=True)
        for i, sample in enumerate(sound.kept):
            sf.write(folder / name / f"{i:03}.wav", sample.shot.samples, RATE)


def learn_network(samples: Sequence[SoundSamples], experiment: Experiment, pretrained: Path, folder: Path) -> Path:
    """The model file of a network that learned from the samples."""
    write_samples(samples, folder / "samples")
    places = make.Places(folder / "samples", folder / "cache", folder)
    if experiment.fit.start:
        shutil.copytree(pretrained, folder / "cache" / "runs" / experiment.fit.start)
    make.train(experiment, places, lambda line: None)
    network, _ = make.trained(experiment, places)
    measured = measure_windows(experiment, network, open_book(experiment, places, lambda line: None), lambda line: None)
    convert_checked(experiment, network, ("float32",), measured.examples, measured.held_out, measured.write, folder)
    return folder / f"{experiment.name}.float32.tflite"


def f_of(clips: Sequence[Clip], hear: Callable) -> float:
    counts = Counts()
    for clip in clips:
        hits = hear(clip.sound)
        counts.add(clip.strokes, hits, BEATBOX)
    return counts.f


def timed(work: Callable):
    began = time.process_time()
    return work(), time.process_time() - began


def measure(
    lab: Lab, samples: Sequence[SoundSamples], others: Sequence[Clip], pretrained: Path, steps: int
) -> list[str]:
    """F, and seconds of CPU, of the model alone, the kit, and each network."""
    lesson, seconds = timed(lambda: lab.learn(samples, only=True))
    row = [f"{f_of(others, lab.hear):.3f}", f"{f_of(others, lambda s: lab.hear(s, lesson.kit)):.3f} ({seconds:.0f} s)"]
    for start, frozen in WAYS.values():
        with tempfile.TemporaryDirectory() as folder:
            experiment = experiment_of(start, frozen, steps)
            model, seconds = timed(lambda e=experiment, f=folder: learn_network(samples, e, pretrained, Path(f)))
            transcriber = Transcriber(model)

            def hear(sound, transcriber=transcriber):
                return [(hit.time, hit.instrument) for hit in transcriber.transcribe_array(sound, RATE).hits]

            row.append(f"{f_of(others, hear):.3f} ({seconds:.0f} s)")
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="where strokes has been trained")
    parser.add_argument("--bench", type=Path, help="recorded beatboxers, too")
    parser.add_argument("--mouths", type=int, default=2, help="simulated beatboxers (default: 2)")
    parser.add_argument("--counts", type=int, nargs="+", default=[4, 16, 64], help="strokes of each sound")
    parser.add_argument("--steps", type=int, default=300, help="of training (default: 300)")
    options = parser.parse_args()
    pretrained = options.cache / "runs" / "strokes"
    if not (pretrained / CHECKPOINT).exists():
        parser.error(f"{pretrained}: no checkpoint; run drumscribe-train fit strokes with this --cache first")
    lab = Lab(None, None)
    players = {}
    for seed in range(16, 16 + options.mouths):
        takes = [Mouth(seed).take(number) for number in range(ENROLLED + SCORED)]
        players[f"mouth {seed}"] = [Clip(take.name, take.sound, take.strokes) for take in takes]
    real = real_players(options.bench) if options.bench else {}
    columns = "player", "strokes of each sound", "base alone", "kit", *WAYS
    print(f"| {' | '.join(columns)} |\n| {' | '.join(['---'] * len(columns))} |", flush=True)
    for name, clips in (players | real).items():
        known = clips[:ENROLLED] if name in players else clips
        for count in options.counts:
            samples, used = enrolled(known, count, 0)
            others = clips[ENROLLED:] if name in players else [c for i, c in enumerate(clips) if i not in used]
            if others:
                least = min(len(sound.kept) for sound in samples)
                row = measure(lab, samples, others, pretrained, options.steps)
                print(f"| {' | '.join((name, f'{least} to {count}', *row))} |", flush=True)


if __name__ == "__main__":
    main()
