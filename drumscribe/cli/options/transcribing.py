"""Options that transcribe and watch share."""

from ..build import Hearing
from .gathering import Command, gathered
from .listening import kit_option, model_option, percussion_option, sensitivity_option
from .outputs import writing_options
from .quantising import quantising_options
from .rhythm import given_rhythm_options


def transcribing_options(command: Command, folder_only: bool = False) -> Command:
    """Add the options of output, detection, rhythm and quantisation, in sections.

    The command takes a `Writing` as `writing`, a `Hearing` as `hearing`, a `GivenRhythm` as `rhythm`, and a
    `Quantising` as `quantising`.

    Parameters
    ----------
    command : Callable
        The function of the command.
    folder_only : bool, default False
        Whether the output must be a folder.

    Returns
    -------
    Callable
        The command with these options.
    """
    hearing = (sensitivity_option, model_option(), kit_option, percussion_option)
    command = gathered(given_rhythm_options(quantising_options(command)), Hearing, "hearing", hearing)
    return writing_options(command, folder_only)
