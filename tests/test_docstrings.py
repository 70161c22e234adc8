"""Public docstrings are numpydoc: each section is complete, in order, with types, and nothing is undocumented."""

import dataclasses
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module

import drumscribe.training
import pytest

pytest.importorskip("numpydoc")

from numpydoc import validate
from numpydoc.docscrape import NumpyDocString

CHECKS = {
    "GL03",  # no doubled blank lines
    "GL05",  # no tabs
    "GL06",  # known sections only
    "GL07",  # sections in numpydoc's order
    "GL08",  # a docstring at all
    "SS03",  # the summary ends with a full stop
    "SS04",  # and begins without a blank
    "PR01",  # all parameters are there
    "PR02",  # and no others
    "PR03",  # in the signature's order
    "PR04",  # with types
    "PR07",  # and descriptions
    "PR08",  # that begin with a capital letter
    "PR09",  # and end with a full stop
    "PR10",  # "name : type", with blanks around the colon
    "RT01",  # what is returned
    "RT03",  # and what that means
    "YD01",  # what is yielded
}
"""Checks of numpydoc's validator, by its codes."""

SECTION_MISSING = {"PR01", "RT01", "YD01"}
"""Complaints that do not count for a function of at most one parameter whose docstring has no sections."""

SECTIONS = ("Parameters", "Returns", "Yields")


def modules() -> list[str]:
    """The names of all modules that are checked."""
    found = [drumscribe.__name__]
    for package in (drumscribe, drumscribe.training):
        found += [info.name for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    return [name for name in dict.fromkeys(found) if not name.endswith("__main__")]


def public_objects(module_name: str) -> Iterator[str]:
    """The import paths of what a module defines under public names: functions, classes, methods, properties."""
    for name, value in vars(import_module(module_name)).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module_name:
            continue
        if inspect.isclass(value):
            yield f"{module_name}.{name}"
            members = {member: content for member, content in vars(value).items() if not member.startswith("_")}
            yield from (f"{module_name}.{name}.{member}" for member in members if is_documented_kind(members[member]))
        elif is_documented_kind(value):
            yield f"{module_name}.{name}"


def is_documented_kind(value: object) -> bool:
    """Whether something is a function, a method or a property, decorated or compiled ones included."""
    value = getattr(value, "py_func", getattr(value, "__wrapped__", value))
    return inspect.isfunction(value) or isinstance(value, property | cached_property | classmethod | staticmethod)


def complaints(path: str) -> list[str]:
    """The checks that an object fails."""
    value = pkgutil.resolve_name(path)
    if not value.__doc__ and inspect.getdoc(value):  # it overrides something, and inherits the description
        return []
    errors = {code: text for code, text in validate.validate(path)["errors"] if code in CHECKS}
    doc = inspect.getdoc(value) or ""
    if dataclasses.is_dataclass(value):
        errors = {code: text for code, text in errors.items() if not code.startswith("PR")} | undocumented(value)
    elif inspect.isclass(value) and "__init__" not in vars(value):  # its constructor is documented where it comes from
        errors = {code: text for code, text in errors.items() if not code.startswith("PR")}
    elif not any(f"\n{section}\n---" in doc for section in SECTIONS) and len(parameters_of(value)) < 2:
        errors = {code: text for code, text in errors.items() if code not in SECTION_MISSING}
    return [f"{path}: {code} {text}" for code, text in errors.items()]


def parameters_of(value: object) -> list[str]:
    """The names of a callable's parameters, without that of the object itself."""
    if getattr(value, "_is_protocol", False):
        return []
    try:
        names = inspect.signature(value).parameters
    except (TypeError, ValueError):  # a property, or an exception without a constructor of its own
        return []
    return [name for name in names if name not in ("self", "cls")]


def undocumented(value: type) -> dict[str, str]:
    """What the section "Attributes" of a dataclass lacks: fields, types, descriptions."""
    attributes = NumpyDocString(inspect.getdoc(value) or "")["Attributes"]
    documented = [name.strip() for attribute in attributes for name in attribute.name.split(",")]
    own = [name for name in inspect.get_annotations(value) if not name.startswith("_")]
    missing = [name for name in own if name not in documented]
    vague = [attribute.name for attribute in attributes if not attribute.type or not attribute.desc]
    return ({"PR01": f"fields {missing} not documented"} if missing else {}) | (
        {"PR04": f"no type or no description of {vague}"} if vague else {}
    )


@pytest.mark.parametrize("module", modules())
def test_docstrings_are_numpydoc(module):
    assert inspect.getdoc(import_module(module)), f"{module} has no description"
    found = [line for path in public_objects(module) for line in complaints(path)]
    assert not found, "\n".join(found)
