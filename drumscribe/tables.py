"""Tables of arrays: frozen dataclasses whose fields are columns of equal length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Rows = slice | np.ndarray
"""A choice of rows: a slice, indices, or a mask."""

T = TypeVar("T", bound="Table")


@dataclass(frozen=True, eq=False)
class Table:
    """Base of dataclasses whose fields are arrays of equal length, the columns of a table.

    The first column is always an array; any other may be None, and then stays None in tables made from this one.

    Examples
    --------
    >>> @dataclass(frozen=True, eq=False)
    ... class Strokes(Table):
    ...     times: np.ndarray
    ...     velocities: np.ndarray | None = None
    >>> strokes = Strokes(np.array([0.1, 0.5, 0.9]))
    >>> len(strokes), strokes[strokes.times > 0.3].times.tolist()
    (3, [0.5, 0.9])
    >>> len(Strokes.concat([strokes, strokes[:1]]))
    4
    """

    def __len__(self) -> int:
        return len(getattr(self, next(iter(self.__dataclass_fields__))))

    def __getitem__(self: T, rows: Rows) -> T:
        """Select rows, as a table of the same kind."""
        columns = [getattr(self, name) for name in self.__dataclass_fields__]
        return type(self)(*[None if column is None else column[rows] for column in columns])

    @classmethod
    def concat(cls: type[T], parts: Sequence[T]) -> T:
        """Join tables of this kind, one after another.

        Parameters
        ----------
        parts : sequence of Table
            At least one table, all with the same columns.

        Returns
        -------
        Table
            The rows of all of them.
        """
        if len(parts) == 1:
            return parts[0]
        columns = [[getattr(part, name) for part in parts] for name in cls.__dataclass_fields__]
        return cls(*(None if column[0] is None else np.concatenate(column) for column in columns))
