"""Strokes that are played in at the microphone: each sound is asked for, and each stroke answered."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from .group import before_work

if TYPE_CHECKING:
    from ..finetune.played import Stroke
    from ..finetune.samples import SoundSamples
    from ..sound.spectrogram import SpectrogramSettings

DEFAULT_COUNT = 5
"""Strokes of each sound; by hand."""


def play_in(
    names: Sequence[str], count: int, device: str | None, settings: "SpectrogramSettings"
) -> "list[SoundSamples]":
    """Ask for strokes of some sounds, one sound after another, and listen to them.

    Parameters
    ----------
    names : sequence of str
        The sounds.
    count : int
        The number of strokes of each.
    device : str or None
        The number or a part of the name of an audio device, or a recording in place of one; None for the system's.
    settings : SpectrogramSettings
        The frames of the model that is to learn from them.

    Returns
    -------
    list of SoundSamples
        Those of each sound; fewer than asked for if a recording ends before there are enough.

    Raises
    ------
    DeviceError
        If the device is missing, or gone.
    AudioError
        If the recording cannot be read.
    """
    from ..finetune.played import PlayedIn
    from ..live.inputs import open_source
    from ..sound.audio import resample

    with ExitStack() as stack:
        with before_work():
            source = stack.enter_context(open_source(device))
        click.echo(f"{source.name}: listening to the room, a second of silence please")
        played, asked_for = PlayedIn(names, count, settings), None
        blocks = (block.mean(axis=1) for block in source.blocks() if len(block))
        for block in blocks if source.rate == settings.rate else resample(blocks, source.rate, settings.rate):
            _answer(played.push(block), count)
            if played.ready and played.wanted not in (None, asked_for):
                rest = "" if asked_for is None else "rest for a second, then "
                asked_for = played.wanted
                click.echo(f"{asked_for}: {rest}play {count} single strokes, soft and loud")
            if played.done:
                break
        _answer(played.flush(), count)
        return played.samples()


def _answer(strokes: "Iterable[Stroke]", count: int) -> None:
    for stroke in strokes:
        answer = f"{stroke.number} of {count}" if stroke.problem is None else f"not taken: {stroke.problem}"
        click.echo(f"  {stroke.sound} {answer}")
