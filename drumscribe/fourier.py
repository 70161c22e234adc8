"""scipy's Fourier transforms of real numbers, without the time that loading `scipy.fft` takes.

`scipy.fft` loads array interfaces, Fortran bindings and special functions, which takes longer than transcribing a short
recording. The compiled module beneath it needs none of them, and gives identical results.
"""

from contextlib import suppress
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import numpy as np


@cache
def _pocketfft() -> Any:
    """The compiled module; None if this version of scipy has it elsewhere."""
    found = find_spec("scipy")
    for folder in (found and found.submodule_search_locations) or ():
        for suffix in EXTENSION_SUFFIXES:
            path = Path(folder, "fft", "_pocketfft", f"pypocketfft{suffix}")
            if path.is_file():
                loader = ExtensionFileLoader("pypocketfft", str(path))
                specification = spec_from_loader("pypocketfft", loader)
                assert specification is not None
                with suppress(ImportError):  # it may need what scipy itself sets up
                    module = module_from_spec(specification)
                    loader.exec_module(module)
                    return module
    return None


def rfft(values: np.ndarray, axis: int, out: np.ndarray | None = None) -> np.ndarray:
    """Transform real numbers.

    Parameters
    ----------
    values : np.ndarray
        Numbers, float32 or float64.
    axis : int
        The axis to transform.
    out : np.ndarray or None
        Array for the result, complex and of the same precision; None to allocate one.

    Returns
    -------
    np.ndarray
        Complex, with the first half of the spectrum along the axis.
    """
    compiled = _pocketfft()
    if compiled is not None:
        return compiled.r2c(values, (axis,), True, 0, out, 1)
    from scipy import fft

    spectrum = fft.rfft(values, axis=axis)
    if out is None:
        return spectrum
    out[...] = spectrum
    return out


def irfft(spectrum: np.ndarray, size: int) -> np.ndarray:
    """Transform the first half of a spectrum back.

    Parameters
    ----------
    spectrum : np.ndarray
        ``(size // 2 + 1,)`` complex.
    size : int
        Length of the result.

    Returns
    -------
    np.ndarray
        ``(size,)``.
    """
    compiled = _pocketfft()
    if compiled is not None:
        return compiled.c2r(spectrum, (0,), size, False, 2, None, 1)
    from scipy import fft

    return fft.irfft(spectrum, size)


def fast_size(size: int) -> int:
    """Find the next size at which real transforms are fast.

    Parameters
    ----------
    size : int
        The minimum size.

    Returns
    -------
    int
        A product of small primes.
    """
    compiled = _pocketfft()
    if compiled is not None:
        return compiled.good_size(size, True)
    from scipy import fft

    return fft.next_fast_len(size, real=True)
