"""Transcribers that behave as a test needs, and can be made in a worker process."""

import os
import signal
import time
import warnings

from drumscribe.errors import RhythmError
from drumscribe.music.transcription import Hit, Transcription
from drumscribe.sound.audio import AudioWarning, probe, read_blocks


class FakeTranscriber:
    """Hears a kick at every half second; the name of a recording may say that something is to happen."""

    def __init__(self, model=None, kit=None, options=None, rhythm=None, percussion=False):
        self.model, self.options = model, options

    def transcribe_file(self, path, progress=None):
        name = path.stem
        duration = probe(path).duration
        seconds = 0.0
        for block in read_blocks(path, 44100, 4410):
            seconds += len(block) / 44100
            if progress:
                progress(seconds)
            if "slow" in name:
                time.sleep(0.1)
        if "warns" in name:
            warnings.warn(f"{path}: something is odd", AudioWarning, stacklevel=2)
        if "free" in name:
            raise RhythmError("the playing is in free time")
        if "loud" in name:
            warnings.warn("too loud", AudioWarning, stacklevel=2)
        if "bug" in name:
            raise ZeroDivisionError("a bug")
        if "memory" in name:
            raise MemoryError
        if "dies" in name:
            os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        if "hangs" in name:
            path.with_suffix(".hanging").touch()
            time.sleep(600)
        if "once" in name and not path.with_suffix(".tried").exists():
            path.with_suffix(".tried").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if " by " in f" {name}":
            number = name.split("by ")[1]
            os.kill(os.getpid(), int(number) if number.isdecimal() else getattr(signal, number))
            time.sleep(5)
        if "exits" in name:
            os._exit(3)
        if "interrupt" in name:
            raise KeyboardInterrupt
        times = [t / 2 for t in range(int(duration * 2))]
        return Transcription(tuple(Hit(t, "kick", 100) for t in times), duration, "fake")


class BrokenTranscriber:
    """Cannot even be made."""

    def __init__(self, model=None, kit=None, options=None, rhythm=None, percussion=False):
        raise RuntimeError("no model")
