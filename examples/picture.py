"""Draw a transcription over the spectrogram of its recording: the picture of the README.

python examples/picture.py examples/songs/rock.ogg examples/picture.png
"""

import argparse
import io
from pathlib import Path

import matplotlib
import numpy as np

from drumscribe import transcribe
from drumscribe.audio import load
from drumscribe.drums import INSTRUMENTS
from drumscribe.spectrogram import SpectrogramSettings, compute_spectrogram

matplotlib.use("agg")
from matplotlib import pyplot as plt
from PIL import Image

SECONDS = 5.2  # two bars
COLOUR = "#7a1f80"


def draw(recording: Path, picture: Path) -> None:
    """Write the first seconds of a recording and what is heard in it as PNG."""
    settings = SpectrogramSettings()
    samples = load(recording, settings.rate)[: int(SECONDS * settings.rate)]
    frames = compute_spectrogram(samples, settings)
    hits = [hit for hit in transcribe(recording).hits if hit.time < SECONDS]
    lanes = [name for name in INSTRUMENTS if any(hit.instrument == name for hit in hits)]

    figure, (top, bottom) = plt.subplots(
        2, sharex=True, figsize=(9, 4.2), height_ratios=(3, 2), layout="constrained", dpi=100
    )
    top.imshow(frames.T, origin="lower", aspect="auto", cmap="magma", extent=(0, SECONDS, 0, settings.bands))
    top.set(ylabel="mel bands", yticks=())
    for lane, name in enumerate(lanes):
        own = [hit for hit in hits if hit.instrument == name]
        times, loudness = np.array([hit.time for hit in own]), np.array([hit.velocity for hit in own]) / 127
        bottom.vlines(times, lane - 0.42 * loudness, lane + 0.42 * loudness, color=COLOUR, linewidth=3)
    bottom.set(xlim=(0, SECONDS), ylim=(-0.6, len(lanes) - 0.4), xlabel="seconds", yticks=range(len(lanes)))
    bottom.set_yticklabels([name.replace("_", " ") for name in lanes])
    bottom.grid(axis="y", alpha=0.3)
    memory = io.BytesIO()
    figure.savefig(memory)
    Image.open(memory).convert("RGB").quantize(64).save(picture, optimize=True)  # a quarter of the size


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    draw(arguments.recording, arguments.picture)
