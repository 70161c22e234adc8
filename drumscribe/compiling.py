"""Compile inner loops once per machine; later processes run them, on Linux without loading numba."""

import ctypes
import functools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import numpy as np

from .machine_code import KEPT_HERE, CodeError, Source, compile_code, compile_with_numba, load_code

_NUMBERS = {
    "i8": (ctypes.c_int64, np.dtype(np.int64)),
    "f8": (ctypes.c_double, np.dtype(np.float64)),
    "f4": (ctypes.c_float, np.dtype(np.float32)),
    "i1": (ctypes.c_int8, np.dtype(np.int8)),
}
_PART = re.compile(r"(i8|f8|f4|i1)(?:\[(:(?:, ?:)*)\])?")

F = TypeVar("F", bound=Callable)

_preparing = threading.RLock()
"""Allows one compilation at a time: one engine links all kernels, and two threads would create it twice."""
_reports: ContextVar[Callable[[], None] | None] = ContextVar("reports", default=None)


class Kernel:
    """A function that is compiled on its first call, unless an earlier process has kept its machine code.

    Parameters
    ----------
    function : callable
        A function in the part of Python that numba compiles; it takes arrays and numbers, and allocates nothing.
    signature : str
        The types of its arguments and of its result; see `compiled`.
    """

    def __init__(self, function: Callable, signature: str) -> None:
        functools.update_wrapper(self, function)
        taken, _, given = signature.partition("->")
        arguments = tuple((kind, dimensions.count(":")) for kind, dimensions in _PART.findall(taken))
        self._source = Source(function, signature, arguments)
        self._result = _NUMBERS[given.strip()][0] if given else None
        self._call: Callable | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Run the function; arrays must be contiguous and of the declared types."""
        if self._call is None:
            with _preparing:
                self._call = self._call or self._prepared()
        return self._call(*arguments)

    def _prepared(self) -> Callable:
        report = _reports.get() or (lambda: None)
        if not KEPT_HERE:
            return compile_with_numba(self._source, report)
        try:
            return self._native(load_code(self._source) or compile_code(self._source, report))
        except CodeError:
            return compile_with_numba(self._source, report)

    def _native(self, address: int) -> Callable:
        """Return a function that calls machine code with numba's calling convention: it returns a status, and takes
        each array in parts."""
        parts: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for kind, dimensions in self._source.arguments:
            if dimensions:
                sizes = [ctypes.c_int64] * 2
                parts += [ctypes.c_void_p] * 2 + sizes + [ctypes.c_void_p] + [ctypes.c_int64] * (2 * dimensions)
            else:
                parts.append(_NUMBERS[kind][0])
        native = ctypes.CFUNCTYPE(ctypes.c_int32, *parts)(address)
        expected = [(_NUMBERS[kind][1], dimensions) for kind, dimensions in self._source.arguments]
        name = self._source.function.__name__
        result_type: Any = self._result or ctypes.c_int64

        def call(*arguments: Any) -> Any:
            flat: list[Any] = []
            for value, (kind, dimensions) in zip(arguments, expected, strict=True):
                if not dimensions:
                    flat.append(value)
                    continue
                if value.dtype != kind or value.ndim != dimensions or not value.flags.c_contiguous:
                    raise TypeError(f"{name}: takes a contiguous array of {kind} with {dimensions} axes, not {value!r}")
                data = value.__array_interface__["data"][0]
                flat += (None, None, value.size, value.itemsize, data, *value.shape, *value.strides)
            result, problem = result_type(), ctypes.c_void_p()
            if native(ctypes.addressof(result), ctypes.addressof(problem), *flat):
                raise RuntimeError(f"{name}: failed")
            return None if self._result is None else result.value

        return call


def compiled(signature: str) -> Callable[[F], F]:
    """Compile a function on its first call, and keep its machine code for the next process.

    The code is kept beside the source, or else in the user's cache folder; the environment variable ``NUMBA_CACHE_DIR``
    names another folder. If none is writable, each process compiles the function again, and one `RuntimeWarning` says
    so.

    Parameters
    ----------
    signature : str
        The types of the arguments, and of the result if there is one: ``f4[:,:]`` is an array of float32 with two axes,
        ``i8`` an integer, ``f8`` a float.

    Returns
    -------
    callable
        A decorator.

    Examples
    --------
    >>> @compiled("f8[:] -> f8")
    ... def energy(samples):
    ...     total = 0.0
    ...     for i in range(len(samples)):
    ...         total += samples[i] * samples[i]
    ...     return total
    >>> energy(np.array([3.0, 4.0]))
    25.0
    """

    def decorate(function: F) -> F:
        return cast(F, Kernel(function, signature))

    return decorate


@contextmanager
def compilation_reported(report: Callable[[], None]) -> Iterator[None]:
    """Report compilations within the block; loading kept code is not reported.

    Parameters
    ----------
    report : callable
        Called at the beginning of each compilation.

    Yields
    ------
    None
        While compilations are reported.
    """
    token = _reports.set(report)
    try:
        yield
    finally:
        _reports.reset(token)
