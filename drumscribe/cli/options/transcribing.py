"""The options that transcribe and watch share."""

from ..build import Hearing
from .gathering import Command, gathered
from .listening import kit_option, model_option, percussion_option, sensitivity_option
from .outputs import writing_options
from .quantising import quantising_options
from .rhythm import given_rhythm_options


def transcribing_options(command: Command) -> Command:
    """Add all that says what is written, detected and quantised, in sections.

    The command takes a `Writing` as `writing`, a `Hearing` as `hearing`, a `GivenRhythm` as `rhythm`, and a
    `Quantising` as `quantising`.
    """

    hearing = (sensitivity_option, model_option(), kit_option, percussion_option)
    return writing_options(gathered(given_rhythm_options(quantising_options(command)), Hearing, "hearing", hearing))
