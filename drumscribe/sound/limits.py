"""Bounds on sound, from a file or in memory."""

from numbers import Real

from ..errors import ArgumentError

RATE_LIMITS_HZ = (1000, 1_000_000)
"""The lowest and the highest sample rate of a recording (by hand)."""
LOUDEST = 1e10
"""Beyond any scale of sample values: anything louder, infinity and NaN are read as silence (by hand)."""


def check_rate(rate: float) -> None:
    """Refuse a sample rate that no recording has.

    Raises
    ------
    ArgumentError
        For a number out of bounds, or no number.
    """
    lowest, highest = RATE_LIMITS_HZ
    if not isinstance(rate, Real):
        raise ArgumentError(f"a rate of {rate!r} is not a number: give the samples per second, such as 44100")
    if not lowest <= rate <= highest:
        raise ArgumentError(f"a rate of {rate} is outside {lowest} to {highest} samples per second")
