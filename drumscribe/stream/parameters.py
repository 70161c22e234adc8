"""Parameters that can be changed while an engine runs: named, ranged, with defaults, and saved as bytes."""

import json
import math
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass

from ..errors import DrumscribeError
from .listener import RETRIGGER

_MAGIC = b"drumscribe-state 1\n"
_MAX_STATE_BYTES = 65536
"""Maximum size of a state; by hand."""
_DEFAULT_LOOK_AHEAD_MS = 50.0
"""The look-ahead nearest to this is the default; by hand, for playing along."""
_RETRIGGER_MS = (20.0, 500.0)
"""Range of `retrigger`; by hand."""


class StateError(DrumscribeError):
    """A saved state that cannot be restored."""


@dataclass(frozen=True)
class Parameter:
    """A parameter.

    Attributes
    ----------
    name : str
        Its name.
    minimum, maximum, default : float
        Its range and its default, in `unit`.
    unit : str
        Its unit, or nothing.
    """

    name: str
    minimum: float
    maximum: float
    default: float
    unit: str = ""


def parameters_for(instruments: Sequence[str], look_aheads_ms: Sequence[float]) -> tuple[Parameter, ...]:
    """List the parameters of an engine.

    Parameters
    ----------
    instruments : sequence of str
        Those that its model or kit hears.
    look_aheads_ms : sequence of float
        Its look-aheads in ms, in rising order.

    Returns
    -------
    tuple of Parameter
        One for the sensitivity of each instrument, and `retrigger`, `look_ahead` and `bypass`.
    """
    nearest = min(look_aheads_ms, key=lambda value: abs(value - _DEFAULT_LOOK_AHEAD_MS))
    return (
        *(Parameter(f"sensitivity_{name}", 0.0, 1.0, 0.5) for name in instruments),
        Parameter("retrigger", *_RETRIGGER_MS, 1000.0 * RETRIGGER, "ms"),
        Parameter("look_ahead", look_aheads_ms[0], look_aheads_ms[-1], nearest, "ms"),
        Parameter("bypass", 0.0, 1.0, 0.0),
    )


class Parameters(MutableMapping[str, float]):
    """The values of parameters, by name; all are there from the beginning, and none can be deleted.

    Parameters
    ----------
    ranges : sequence of Parameter
        The parameters.

    Raises
    ------
    KeyError
        For an unknown name.
    ValueError
        For a value out of its range.
    """

    def __init__(self, ranges: Sequence[Parameter]) -> None:
        self.ranges = tuple(ranges)
        self._ranges = {parameter.name: parameter for parameter in ranges}
        self._values = {parameter.name: parameter.default for parameter in ranges}
        self.changed = False

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __setitem__(self, name: str, value: float) -> None:
        parameter = self._ranges[name]
        if not parameter.minimum <= value <= parameter.maximum:
            raise ValueError(f"{name} is {value}: it goes from {parameter.minimum:g} to {parameter.maximum:g}")
        self._values[name] = float(value)
        self.changed = True

    def __delitem__(self, name: str) -> None:
        raise TypeError("parameters cannot be deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def save(self) -> bytes:
        """Save all values.

        Returns
        -------
        bytes
            For `restore`: a line with the version, then JSON.
        """
        return _MAGIC + json.dumps(self._values).encode("ascii")

    def restore(self, state: bytes) -> None:
        """Set the values that were saved: all of them, or none if something is wrong. Nothing in them is run.

        Parameters
        ----------
        state : bytes
            As `save` gives it.

        Raises
        ------
        StateError
            If it is not a state, or not one for this version and model.
        """
        if not isinstance(state, (bytes, bytearray, memoryview)):
            raise TypeError(f"a state is bytes, not {type(state).__name__}")
        state = bytes(state[: _MAX_STATE_BYTES + 1])
        if not state.startswith(_MAGIC.split()[0]) or len(state) > _MAX_STATE_BYTES:
            raise StateError("this is not a state that drumscribe saved")
        if not state.startswith(_MAGIC):
            raise StateError("this state was saved by another version of drumscribe")
        try:
            values = json.loads(state[len(_MAGIC) :])
        except (ValueError, RecursionError):
            raise StateError("this state is damaged") from None
        if not isinstance(values, dict) or set(values) != set(self._values):
            raise StateError("this state is damaged, or of an engine with another model")
        for name, value in values.items():
            parameter = self._ranges[name]
            known = type(value) in (int, float) and math.isfinite(value)
            if not known or not parameter.minimum <= value <= parameter.maximum:
                raise StateError(
                    f"this state is damaged: {name} is not from {parameter.minimum} to {parameter.maximum}"
                )
        self._values = {name: float(values[name]) for name in self._values}
        self.changed = True
