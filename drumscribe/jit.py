"""How the inner loops are compiled: numba, kept on disk where a folder for it can be written."""

import warnings
from collections.abc import Callable

FAST_MATH = frozenset({"nsz", "arcp", "contract", "reassoc", "afn"})
"""Freedom for the optimiser that still lets a kernel tell NaN and infinity from numbers."""

_warned = False


def compiled(function: Callable) -> Callable:
    """Compile a function with numba on its first call, and keep the machine code for the next process.

    The code is kept beside the source, or else below the user's cache folder; the variable ``NUMBA_CACHE_DIR``
    chooses another place. Where none can be written, numba would refuse the function: here it is compiled anew in
    each process, and one `RuntimeWarning` says so.
    """
    global _warned
    from numba import njit

    try:
        return njit(cache=True, fastmath=set(FAST_MATH), nogil=True)(function)
    except RuntimeError:  # numba's word for "no folder can be written"
        if not _warned:
            _warned = True
            warnings.warn(
                "no folder to keep compiled code in can be written, so each start takes a few seconds longer; "
                "set NUMBA_CACHE_DIR to one that can",
                RuntimeWarning,
                stacklevel=2,
            )
        return njit(fastmath=set(FAST_MATH), nogil=True)(function)
