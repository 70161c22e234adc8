"""Machine code of kernels: numba compiles it, a file keeps it, and llvmlite, which loads ten times faster, links it.

A file of code is valid for one processor and one version of llvmlite, which its name contains, and for one state of the
source, whose digest it contains. As with Python's own caches, anyone who can write to the folder can run code.
"""

import hashlib
import marshal
import os
import platform
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .files import written_whole

FAST_MATH = frozenset({"nsz", "arcp", "contract", "reassoc", "afn"})
"""LLVM's fast-math flags without "nnan" and "ninf", so that kernels can still detect NaN and infinity."""

_DIGEST = 16  # bytes
_FORMAT = b"1"
"""Changes with the layout of the files, and with the way in which kernels are compiled."""
_NEVER_CALLED = re.compile(
    r"^declare (void @NRT_MemInfo_call_dtor\(.*?\))(?= *(?:local_unnamed_addr|#|$)).*$", re.MULTILINE
)
"""Code that would free the arrays given to a kernel if numba had allocated them."""

_C_LIBRARY = frozenset(
    {
        *("memcpy", "memmove", "memset"),
        *("exp", "expf", "lgamma", "lgammaf", "log", "log1p", "log1pf", "logf", "sqrt", "sqrtf"),
    }
)
"""Functions that kernels may call: those of C that any process has."""


KEPT_HERE = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
"""Whether machine code is kept without numba: on systems where this was tested. Elsewhere numba keeps the code, and is
loaded each time."""


class CodeError(Exception):
    """Machine code that cannot be used without numba."""


@dataclass(frozen=True)
class Source:
    """The source of machine code.

    Attributes
    ----------
    function : callable
        A function in the part of Python that numba compiles; it allocates nothing.
    signature : str
        The types of its arguments and of its result; see `compiling.compiled`.
    arguments : tuple of (str, int)
        The type of each argument, and the number of its axes, 0 for a number.
    """

    function: Callable
    signature: str
    arguments: tuple[tuple[str, int], ...]


def load_code(source: Source) -> int | None:
    """Load the kept machine code of a kernel.

    Parameters
    ----------
    source : Source
        The kernel.

    Returns
    -------
    int or None
        Its address; None if there is none, or if it belongs to another state of the source.

    Raises
    ------
    CodeError
        If its code is known to need numba.
    """
    stamp = _stamp(source)
    for path in _places(source):
        with suppress(OSError):
            content = path.read_bytes()
            kept, digest, code = content[:_DIGEST], content[_DIGEST : 2 * _DIGEST], content[2 * _DIGEST :]
            if kept == stamp and digest == _digest(code):
                if not code:
                    raise CodeError("it could not be compiled to stand by itself")
                return _link(code)
    return None


def compile_code(source: Source, report: Callable[[], None]) -> int:
    """Compile a kernel, and keep its machine code, or the fact that it needs numba.

    Parameters
    ----------
    source : Source
        The kernel.
    report : callable
        Called before compilation.

    Returns
    -------
    int
        Its address.

    Raises
    ------
    CodeError
        If its code needs more than a C library.
    """
    report()
    try:
        code = _compile(source)
    except CodeError:
        _keep(source, b"")
        raise
    _keep(source, code)
    return _link(code)


def compile_with_numba(source: Source, report: Callable[[], None]) -> Callable:
    """Compile a kernel as numba does, which keeps the code for processes that load numba, too.

    Parameters
    ----------
    source : Source
        The kernel.
    report : callable
        Called if it must be compiled again.

    Returns
    -------
    callable
        The compiled function.
    """
    from numba import njit
    from numba.core import event

    class Listener(event.Listener):
        def on_start(self, event: object) -> None:
            report()

        def on_end(self, event: object) -> None:
            pass

    options: dict[str, Any] = {"fastmath": set(FAST_MATH), "nogil": True, "error_model": "numpy"}
    try:
        function = njit(cache=True, **options)(source.function)
    except RuntimeError:  # numba found no writable folder
        _warn_once()
        function = njit(**options)(source.function)
    if not hasattr(function, "compile"):  # numba was told to leave functions as they are
        return function
    with event.install_listener("numba:compile", Listener()):
        function.compile(_types_of(source))
    function.disable_compile()  # numbers are converted to the declared types, other arrays are refused
    return function


def _keep(source: Source, code: bytes) -> None:
    """Write the machine code of a kernel to the first folder that is writable."""
    for path in _places(source):
        with suppress(OSError), written_whole(path) as temporary:
            temporary.write_bytes(_stamp(source) + _digest(code) + code)
            return
    _warn_once()


def _compile(source: Source) -> bytes:
    """Return the name of the compiled function, a line break, and the object file that contains it."""
    from numba.core import errors

    try:
        import llvmlite.binding as llvm
        from numba.core import compiler, cpu_options, registry

        flags: Any = compiler.Flags()
        flags.nrt = flags.release_gil = flags.noalias = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        flags.fastmath, flags.error_model = cpu_options.FastMathOptions(set(FAST_MATH)), "numpy"
        target = registry.cpu_target
        made = compiler.compile_extra(
            target.typing_context, target.target_context, source.function, _types_of(source), None, flags, {}
        )
        name = made.fndesc.llvm_func_name
        text = _NEVER_CALLED.sub(r"define \1 {\n  ret void\n}", made.library.get_llvm_str())
        _initialise()
        module = llvm.parse_assembly(text)
        _check(module, name, source)
        return name.encode() + b"\n" + _target_machine(llvm, module.triple).emit_object(module)
    except (errors.NumbaError, ImportError, RuntimeError, TypeError, KeyError, AttributeError) as error:
        raise CodeError(str(error)) from error


def _types_of(source: Source) -> tuple[Any, ...]:
    """Return the types of the arguments, as numba names them."""
    from numba import types

    scalars = {"i8": types.int64, "f8": types.float64, "f4": types.float32, "i1": types.int8}
    return tuple(types.Array(scalars[kind], axes, "C") if axes else scalars[kind] for kind, axes in source.arguments)


def _check(module: Any, name: str, source: Source) -> None:
    """Refuse code that needs numba, or takes arguments in another way than `Kernel` passes them."""
    for function in module.functions:
        own = str(function.name)
        if function.is_declaration and not own.startswith("llvm.") and own not in _C_LIBRARY:
            raise CodeError(f"{own} is no function of C")
    floats = {"i8": "i64", "f8": "double", "f4": "float", "i1": "i8"}
    expected = ["pointer", "pointer"]
    for kind, dimensions in source.arguments:
        array = ["pointer", "pointer", "i64", "i64", "pointer", *["i64"] * (2 * dimensions)]
        expected += array if dimensions else [floats[kind]]
    taken = [str(argument.type) for argument in module.get_function(name).arguments]
    if ["pointer" if one == "ptr" or one.endswith("*") else one for one in taken] != expected:
        raise CodeError(f"numba passes arguments in another way: {', '.join(taken)}")


def _link(code: bytes) -> int:
    """Link code into this process, and return the address of its function."""
    import llvmlite.binding as llvm

    name, _, content = code.partition(b"\n")
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    return engine.get_function_address(name.decode())


@cache
def _engine() -> Any:
    """Return the engine that links code, and holds it as long as this process runs."""
    import llvmlite.binding as llvm

    _initialise()
    module = llvm.parse_assembly("")
    module.triple = llvm.get_process_triple()
    return llvm.create_mcjit_compiler(module, _target_machine(llvm, module.triple))


@cache
def _initialise() -> None:
    import llvmlite.binding as llvm

    with suppress(RuntimeError):  # later versions do this themselves, and refuse
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _target_machine(llvm: Any, triple: str) -> Any:
    name, features = processor()
    target = llvm.Target.from_triple(triple)
    relocation = "static" if target.name.startswith("x86") else "default"
    return target.create_target_machine(
        cpu=name, features=features, opt=3, reloc=relocation, codemodel="jitdefault", jit=True
    )


@cache
def processor() -> tuple[str, str]:
    """Name the processor of this machine and its features.

    Returns
    -------
    tuple of (str, str)
        As LLVM calls them.
    """
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _places(source: Source) -> Iterator[Path]:
    """Yield the files in which the code of a kernel may be kept."""
    import llvmlite

    file = Path(source.function.__code__.co_filename)
    machine = hashlib.blake2b("\n".join((llvmlite.__version__, *processor())).encode(), digest_size=4).hexdigest()
    name = f"{file.stem}.{source.function.__name__.strip('_')}-{machine}.code"
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        yield Path(chosen) / name
        return
    if file.is_file():
        yield file.parent / "__pycache__" / name
    from platformdirs import user_cache_path

    yield user_cache_path("drumscribe", appauthor=False) / name


def _stamp(source: Source) -> bytes:
    """Return a digest that changes when a kernel must be compiled again."""
    with suppress(OSError):
        text = Path(source.function.__code__.co_filename).read_bytes()
        return _digest(_FORMAT + source.signature.encode() + b"\n" + text)
    return _digest(_FORMAT + source.signature.encode() + marshal.dumps(source.function.__code__))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


@cache
def _warn_once() -> None:
    warnings.warn(
        "compiled code cannot be kept, so each start takes a few seconds longer: "
        "set NUMBA_CACHE_DIR to a writable folder",
        RuntimeWarning,
        stacklevel=2,
    )
