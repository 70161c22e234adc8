"""What it costs that a recording is harmed: heard through a telephone, in a large room, crackling, in 8 bits, quiet.

    python tests/benchmarks/harmed.py --bench DIR [--model FILE]

Each recording of DIR/mdb/drums is harmed in each way, transcribed, and scored at +-50 ms. The table is Markdown.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from accuracy import markdown_row
from drumscribe.training.rendering.production import crackle, in_room
from errors import bench_recordings

from drumscribe import Transcriber
from drumscribe.evaluate.annotations import Event, Track
from drumscribe.evaluate.scores import score
from drumscribe.music.drums import FIVE_CLASSES
from drumscribe.synthesis.augmentation import pass_high
from drumscribe.synthesis.effects import coloured_noise, compress_lossy, equalise, rms

RATE = 44100
Harm = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def roomy(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A room with a reverberation of 0.8 s, 6 dB below the drums."""
    seconds = np.arange(round(0.8 * RATE)) / RATE
    response = rng.standard_normal(len(seconds)) * 10.0 ** (-3.0 * seconds / 0.8)
    return sound + 0.5 * in_room(sound, response.astype(np.float32))


def crackling(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A worn record: clicks as loud as a tenth of the loudest stroke."""
    return sound + 0.1 * float(np.max(np.abs(sound))) * crackle(rng, len(sound))


def in_eight_bits(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rounded to 8 bits without dither, 12 dB below full scale."""
    scaled = sound * (0.25 / float(np.max(np.abs(sound))))
    return np.round(scaled * 128.0) / 128.0


def telephone(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The band of a telephone, 300 to 3400 Hz."""
    return equalise(sound, RATE, np.array([200.0, 300.0, 3400.0, 4500.0]), np.array([-36.0, 0.0, 0.0, -36.0]))


def noisy(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pink noise 20 dB below the drums."""
    noise = coloured_noise(rng, len(sound), -3.0)
    return sound + noise * np.float32(0.1 * rms(sound) / rms(noise))


HARMS: dict[str, Harm] = {
    "as they are": lambda sound, rng: sound,
    "quiet: a peak of -50 dB": lambda sound, rng: sound * (10.0 ** (-50.0 / 20.0) / float(np.max(np.abs(sound)))),
    "high-passed at 150 Hz": lambda sound, rng: pass_high(sound, RATE, 150.0),
    "telephone, 300 to 3400 Hz": telephone,
    "room of 0.8 s at -6 dB": roomy,
    "crackling record": crackling,
    "8 bits, undithered, 12 dB below full scale": in_eight_bits,
    "pink noise at -20 dB": noisy,
    "lossy, of a low quality": lambda sound, rng: compress_lossy(sound / float(np.max(np.abs(sound))), RATE, 0.9),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path, required=True, help="the folder of the recordings and references")
    parser.add_argument("--model", type=Path, help="a model file instead of the shipped one")
    arguments = parser.parse_args()
    transcriber = Transcriber(arguments.model)
    recordings = list(bench_recordings(arguments.bench, "mdb/drums", "mdb/subclass"))
    print(markdown_row(("drum stems", *FIVE_CLASSES, "micro F")))
    print("| --- " * (len(FIVE_CLASSES) + 2) + "|")
    for name, harm in HARMS.items():
        tracks = []
        for index, recording in enumerate(recordings):
            sound = harm(recording.sound, np.random.default_rng(index)).astype(np.float32)
            hits = transcriber.transcribe_array(sound, RATE).hits
            heard = tuple(Event(hit.time, hit.articulation, True, hit.velocity) for hit in hits)
            tracks.append(Track(recording.name, recording.reference, heard))
        scores = score(tracks)
        print(markdown_row((name, *(f"{scores.row(row).f:.3f}" for row in (*FIVE_CLASSES, "micro")))), flush=True)


if __name__ == "__main__":
    main()
