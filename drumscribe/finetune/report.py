"""The result of a lesson, in words."""

from collections.abc import Iterator

from .conclusion import Lesson

_MAX_NAMED = 12
"""Maximum number of refused samples that are named; by hand."""


def notes_of(lesson: Lesson) -> Iterator[str]:
    """Note what the player should know of samples and sounds.

    Parameters
    ----------
    lesson : Lesson
        What was learned.

    Yields
    ------
    str
        A line each.
    """
    refused = [(sound.name, origin, reason) for sound in lesson.samples for origin, reason in sound.refused]
    for name, origin, reason in refused[:_MAX_NAMED]:
        yield f"not used, {name}: {origin}: {reason}"
    if len(refused) > _MAX_NAMED:
        yield f"not used: {len(refused) - _MAX_NAMED} more"
    if lesson.misplaced:
        yield "samples that sound like another sound were left out: put them into its folder, or away"
    for name, origin, other in lesson.doubted:
        yield f"{name}: {origin}: sounds like {other}; kept, since there are few samples: is it in the right folder?"
    for one, other in lesson.confused:
        yield f"{one} and {other} can hardly be told apart: record them more differently, or merge them"
    for sound in lesson.kit.sounds:
        if sound.known and sound.precision < 0.5:
            yield f"{sound.name} is detected wrongly more often than not: record it again, or leave it to the model"
        if sound.mistaken_for:
            yield f"{sound.name} will no longer be taken for {' or '.join(sound.mistaken_for)}"


def summary_of(lesson: Lesson) -> str:
    """Tell how well the kit is expected to do.

    Parameters
    ----------
    lesson : Lesson
        What was learned.

    Returns
    -------
    str
        One line.
    """
    gain = f"F {lesson.expected:.2f} is expected of it on recordings like these samples"
    return gain + (f", {lesson.model_alone:.2f} of the model alone" if lesson.model_alone else "")


def verdict_of(lesson: Lesson) -> str:
    """Tell why a kit is not worthwhile.

    Parameters
    ----------
    lesson : Lesson
        What was learned.

    Returns
    -------
    str
        One line.
    """
    if lesson.expected <= lesson.model_alone:
        return (
            f"the model alone hears these sounds better (F {lesson.model_alone:.2f}) than with what can be learned of "
            f"these samples ({lesson.expected:.2f}): no kit is written"
        )
    worst = min((sound for sound in lesson.kit.sounds if not sound.known), key=lambda sound: sound.precision)
    return f"{worst.name} would be heard wrongly about as often as not: no kit is written; record its samples anew"
