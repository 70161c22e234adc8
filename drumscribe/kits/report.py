"""What a lesson came to, in words."""

from collections.abc import Iterator

from .learning import Lesson

_TOLD = 12
"""Samples refused that are named, at most."""


def notes_of(lesson: Lesson) -> Iterator[str]:
    """What the player should know of samples and sounds, a line each."""
    refused = [(sound.name, origin, reason) for sound in lesson.samples for origin, reason in sound.refused]
    for name, origin, reason in refused[:_TOLD]:
        yield f"not used, {name}: {origin}: {reason}"
    if len(refused) > _TOLD:
        yield f"not used: {len(refused) - _TOLD} more"
    if lesson.misplaced:
        yield "samples that sound like another sound were left out: put them into its folder, or away"
    for one, other in lesson.confused:
        yield f"{one} and {other} can hardly be told apart: record them more differently, or merge them"
    for sound in lesson.kit.sounds:
        if sound.mistaken_for:
            yield f"{sound.name} will no longer be taken for {' or '.join(sound.mistaken_for)}"


def summary_of(lesson: Lesson) -> str:
    """What is expected of the kit, in one line."""
    gain = f"F {lesson.expected:.2f} is expected of it"
    return gain + (f", {lesson.model_alone:.2f} of the model alone" if lesson.model_alone else "")


def verdict_of(lesson: Lesson) -> str:
    """Why a kit is not worth its while."""
    if lesson.expected <= lesson.model_alone:
        return (
            f"the model alone hears these sounds better (F {lesson.model_alone:.2f}) than with what can be learned of "
            f"these samples ({lesson.expected:.2f}): no kit is written"
        )
    worst = min(lesson.kit.sounds, key=lambda sound: sound.precision)
    return f"{worst.name} would be heard wrongly more often than not: no kit is written; record its samples anew"
