"""The errors that a user can cause."""


class DrumscribeError(Exception):
    """What was wrong, with which file, and what to do: one line, fit to be shown as it is."""


class AudioError(DrumscribeError):
    """A recording that cannot be read."""


class ModelError(DrumscribeError):
    """A model file that cannot be used."""


class LabelError(DrumscribeError):
    """An annotation or transcription file that cannot be read."""


class RhythmError(DrumscribeError):
    """What was said of a rhythm, in options or in a file of beats, cannot be."""
