"""How well onsets are found, and how exactly timed, beside librosa's detector and SuperFlux.

    python tests/benchmarks/onsets.py --bench ../shared/bench/mdb/drums --labels ../shared/bench/mdb/class
    python tests/benchmarks/onsets.py --data ../shared/data [--cache DIR] [--clips 24]

Detection
    Labels of all instruments are pooled; on both sides, events that follow the first of a group by less than 30 ms
    are merged into one at the group's first time; matching is one to one. The figures are pooled over the recordings.
    "librosa" is ``librosa.onset.onset_detect`` as it comes. "SuperFlux" is Böck and Widmer's (DAFx 2013) as in
    librosa's documentation: 1024-sample frames at 200 Hz, 138 mel bands from 27.5 Hz to 16 kHz, lag 2, maximum
    filter of 3 bands. CPU seconds are those of detection with its spectrogram on one thread, after a first
    run.
Timing
    On drums rendered from the validation split, whose attacks are known to the sample: the detector's onsets, and
    times with an error of up to 15 ms, as a classifier gives them, refined.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np

RATE = 44100
MERGE = 0.03


def merge(times) -> np.ndarray:
    """The first of each group of events closer than 30 ms to it."""
    out: list[float] = []
    for t in sorted(times):
        if not out or t - out[-1] >= MERGE:
            out.append(float(t))
    return np.array(out)


def detect(samples: np.ndarray) -> np.ndarray:
    """This package's onsets."""
    from drumscribe.sound.onsets import OnsetDetector
    from drumscribe.sound.spectrogram import Spectrogram, SpectrogramSettings

    spectrogram, detector = Spectrogram(SpectrogramSettings()), OnsetDetector()
    found = []
    for start in range(0, len(samples), 65536):
        block = samples[start : start + 65536]
        found.append(detector.push(block, spectrogram.push(block)).times)
    found += [detector.push(samples[:0], spectrogram.flush()).times, detector.flush().times]
    return np.concatenate(found)


def detect_librosa(samples: np.ndarray) -> np.ndarray:
    """librosa's detector as it comes."""
    import librosa

    return librosa.onset.onset_detect(y=samples, sr=RATE, units="time")


def detect_superflux(samples: np.ndarray) -> np.ndarray:
    """SuperFlux as librosa documents it."""
    import librosa

    hop = RATE // 200
    mel = librosa.feature.melspectrogram(
        y=samples, sr=RATE, n_fft=1024, hop_length=hop, fmin=27.5, fmax=16000.0, n_mels=138
    )
    envelope = librosa.onset.onset_strength(
        S=librosa.power_to_db(mel, ref=np.max), sr=RATE, hop_length=hop, lag=2, max_size=3
    )
    return librosa.onset.onset_detect(onset_envelope=envelope, sr=RATE, hop_length=hop, units="time")


DETECTORS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "drumscribe": detect,
    "librosa": detect_librosa,
    "SuperFlux": detect_superflux,
}


def compare(recordings: list[tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Print the table of detection over (name, samples, label times)."""
    from mir_eval.util import match_events

    seconds = sum(len(samples) for _, samples, _ in recordings) / RATE
    print(f"{len(recordings)} recordings, {seconds:.0f} s, {sum(len(merge(t)) for *_, t in recordings)} onsets\n")
    print("| | F ±50 ms | F ±20 ms | P ±50 ms | R ±50 ms | median offset, ms | CPU seconds per 10 min |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, detector in DETECTORS.items():
        detector(recordings[0][1])
        start = time.process_time()
        estimates = [merge(detector(samples)) for _, samples, _ in recordings]
        cpu = (time.process_time() - start) / seconds * 600.0
        found = {}
        for tolerance in (0.05, 0.02):
            hits = labels = onsets = 0
            offsets: list[float] = []
            for (_, _, times), estimate in zip(recordings, estimates, strict=True):
                reference = merge(times)
                # A nanosecond of slack: a tie at the tolerance counts
                pairs = match_events(reference, estimate, tolerance + 1e-9) if len(estimate) and len(reference) else []
                hits, labels, onsets = hits + len(pairs), labels + len(reference), onsets + len(estimate)
                offsets += [estimate[j] - reference[i] for i, j in pairs]
            found[tolerance] = 2 * hits / (labels + onsets), hits / max(1, onsets), hits / labels, np.median(offsets)
        f50, precision, recall, offset = found[0.05]
        cells = [f"{f50:.3f}", f"{found[0.02][0]:.3f}", f"{precision:.3f}", f"{recall:.3f}", f"{offset * 1e3:+.1f}"]
        print(f"| {name} | {' | '.join(cells)} | {cpu:.1f} |", flush=True)


def read_recordings(folder: Path, labels: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """The recordings of a folder whose labels, lines of a time and a name, are in another."""
    import soundfile

    out = []
    for path in sorted(folder.glob("*.flac")):
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        if rate != RATE:
            raise SystemExit(f"{path} is not at {RATE} Hz")
        lines = (labels / f"{path.stem}.txt").read_text().splitlines()
        out.append(
            (path.stem, samples.mean(axis=1), np.array([float(line.split()[0]) for line in lines if line.strip()]))
        )
    return out


def time_rendered(data: Path, cache: Path, count: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Render clips, print how exactly their strokes are timed, and give them for `compare`."""
    from drumscribe.training.rendering.clips import ROLES, Studio

    from drumscribe.sound.onsets import OnsetDetector

    studio = Studio(data, cache, "validation")
    clips = [studio.dry_clip(1, i) for i in range(count)]
    rng = np.random.default_rng(0)
    errors: dict[str, list[tuple[float, float]]] = {}
    for clip in clips:
        onsets = detect(clip.sound)
        detector = OnsetDetector()
        detector.push(clip.sound, np.zeros((0, 80), np.float32))
        detector.flush()
        times = clip.times.astype(float)
        near = np.array([np.sum(np.abs(times - t) < 0.05) for t in times])
        refined = detector.refine(times + rng.uniform(-0.015, 0.015, len(times)))
        for time_, role, neighbours, attack in zip(times, clip.roles, near, refined, strict=True):
            nearest = onsets[np.argmin(np.abs(onsets - time_))]
            group = ROLES[role] if neighbours == 1 else "within 50 ms of another"
            found = nearest - time_ if abs(nearest - time_) <= 0.05 else np.nan
            errors.setdefault(group, []).append((found, attack - time_))
    print("| rendered | strokes | found | median error, ms | p90 | refined: median error, ms | p90 | median offset |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    pooled = [pair for pairs in errors.values() for pair in pairs]
    for name, pairs in [*sorted(errors.items()), ("all", pooled)]:
        found, refined = 1e3 * np.array(pairs).T
        found = found[np.isfinite(found)]
        cells = [*np.percentile(np.abs(found), [50, 90]), *np.percentile(np.abs(refined), [50, 90]), np.median(refined)]
        numbers = " | ".join(f"{v:.1f}" for v in cells)
        print(f"| {name} | {len(pairs)} | {len(found) / len(pairs):.2f} | {numbers} |")
    print()
    return [(str(i), clip.sound, clip.times.astype(float)) for i, clip in enumerate(clips)]


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, help="folder of flac recordings")
    parser.add_argument("--labels", type=Path, help="folder of their labels; default: class, beside the recordings")
    parser.add_argument("--data", type=Path, help="folder of one-shots, grooves and backing, to render from")
    parser.add_argument("--cache", type=Path, default=Path("corpus"), help="where rendered instruments are kept")
    parser.add_argument("--clips", type=int, default=24, help="clips to render, of 12 s each")
    options = parser.parse_args()
    if not (options.bench or options.data):
        parser.error("give --bench, --data or both")
    if options.bench:
        compare(read_recordings(options.bench, options.labels or options.bench.parent / "class"))
    if options.data:
        compare(time_rendered(options.data, options.cache, options.clips))


if __name__ == "__main__":
    main()
