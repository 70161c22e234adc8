"""The rooms of the library lie above one another: imports run downwards, lazy and type-only ones included."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "drumscribe"

ROOMS = {
    "ground": ("compiling", "errors", "files", "fourier", "machine_code", "runtime", "tables", "version"),
    "music": ("music",),
    "sound": ("sound",),
    "synthesis": ("synthesis",),
    "network": ("network",),
    "hearing": ("hearing",),
    "rhythm": ("rhythm",),
    "quantisation": ("quantisation",),
    "formats": ("formats",),
    "kits": ("kits",),
    "transcriber": ("transcribe_options", "transcriber"),
    "stream": ("stream",),
    "finetune": ("finetune",),
    "evaluate": ("evaluate",),
    "review": ("review",),
    "api": ("", "api", "options"),
    "batch": ("batch",),
    "live": ("live",),
    "studio": ("studio",),
    "cli": ("__main__", "cli"),
}
"""From the ground up, the modules and packages of each room; the package itself, with its public names, is ""."""


def module_of(path: Path) -> str:
    """The name of a module within the package, which is "" itself."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip(".")


SOURCES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def absolute(node: ast.ImportFrom, package: list[str]) -> str:
    """The full name of what an import names after "from"."""
    parents = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*parents, *([node.module] if node.module else [])])


def imports_of(path: Path) -> set[str]:
    """The full names of all that a module imports, wherever it does."""
    package = [PACKAGE.name, *path.parent.relative_to(PACKAGE).parts]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{absolute(node, package)}.{alias.name}" for alias in node.names}
    return found


def own_modules(names: set[str]) -> set[str]:
    """The modules of the package among what is imported: each name itself, or else what it is a name of."""
    own = {name.removeprefix(PACKAGE.name).removeprefix(".") for name in names if name.split(".")[0] == PACKAGE.name}
    return {name if name in SOURCES else name.rpartition(".")[0] for name in own}


IMPORTS = {module: own_modules(imports_of(path)) for module, path in SOURCES.items()}


def room_of(module: str) -> str:
    """The room whose list has the longest beginning of a module's name."""
    entries = [(entry, room) for room, listed in ROOMS.items() for entry in listed]
    fitting = [
        (len(entry), room) for entry, room in entries if module == entry or (module + ".").startswith(entry + ".")
    ]
    assert fitting, f"{module} is in no room"
    return max(fitting)[1]


def test_imports_are_seen_wherever_they_are(tmp_path):
    assert len(IMPORTS) > 90
    assert "transcriber" in IMPORTS["cli.build"], "one that is lazy"
    assert "kits.kit" in IMPORTS["stream.engine"], "one for types only"
    assert "" in IMPORTS["cli"], "one of the package itself"
    assert set().union(*IMPORTS.values()) <= IMPORTS.keys()


def test_no_modules_import_each_other_in_a_circle():
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1][::-1]))


def test_every_room_has_modules_and_every_module_a_room():
    assert {room_of(module) for module in IMPORTS} == ROOMS.keys()


def test_no_import_runs_up():
    height = {room: i for i, room in enumerate(ROOMS)}
    arrows = [(module, other) for module, others in IMPORTS.items() for other in others]
    up = [f"{a} imports {b}" for a, b in arrows if height[room_of(b)] > height[room_of(a)]]
    assert not up


def test_the_library_never_imports_training():
    names = {name for path in SOURCES.values() for name in imports_of(path)}
    assert not [name for name in names if name.startswith(("drumscribe.training", "train"))]
