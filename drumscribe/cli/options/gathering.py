"""Options that belong together, as one object."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import wraps
from typing import Any

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]


def gathered(command: Command, kind: type, name: str, options: Sequence[Decorator]) -> Command:
    """Add options to a command, which takes them as one object.

    Parameters
    ----------
    command : Callable
        The function of the command.
    kind : type
        A dataclass whose fields have the names of the options.
    name : str
        The argument that the command takes it as.
    options : Sequence[Callable]
        What adds the options, in the order of the help.

    Returns
    -------
    Callable
        What takes the options one by one.
    """

    @wraps(command)
    def taking(*args: Any, **given: Any) -> Any:
        own = {field.name: given.pop(field.name) for field in fields(kind)}
        return command(*args, **{name: kind(**own)}, **given)

    gathering: Command = taking
    for add in reversed(options):
        gathering = add(gathering)
    return gathering
