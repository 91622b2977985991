"""One word names one thing: no two public functions of a name in two rooms, no two such classes."""

import inspect
import pkgutil
from collections import defaultdict
from importlib import import_module

import qcattn

#: Names that two things may have, each with the reason why.
EXCEPTIONS: dict[str, str] = {}


def homes(modules) -> dict[str, set[str]]:
    """Public name to where functions or classes of that name are written: to rooms or to files."""
    found = defaultdict(set)
    for module in modules:
        for name in getattr(module, "__all__", []):
            value = getattr(module, name)
            if inspect.isclass(value):
                found[name].add(value.__module__)
            elif inspect.isfunction(value):
                # In one room several files may do the same, each for its own kind of thing.
                found[name].add(".".join(inspect.unwrap(value).__module__.split(".")[:2]))
    return found


def twice(modules) -> dict[str, set[str]]:
    return {name: where for name, where in homes(modules).items() if len(where) > 1}


def modules_of_the_house() -> list:
    """All but the commands: each of those bears the name of the function that it calls."""
    entries = pkgutil.walk_packages(qcattn.__path__, "qcattn.")
    names = [entry.name for entry in entries]
    rooms = [name for name in names if name.split(".")[1] not in ("cli", "__main__")]
    return [qcattn, *(import_module(name) for name in rooms)]


def test_no_two_public_things_have_one_name():
    found = twice(modules_of_the_house())
    assert {name: where for name, where in found.items() if name not in EXCEPTIONS} == {}


def test_each_exception_is_needed_and_has_a_reason():
    assert set(EXCEPTIONS) <= set(twice(modules_of_the_house())) and all(EXCEPTIONS.values())


def test_a_name_that_is_given_twice_is_noticed():
    import types

    def module(name, **things):
        made = types.ModuleType(name)
        made.__all__ = list(things)
        for key, value in things.items():
            value.__module__ = name
            setattr(made, key, value)
        return made

    def draw(): ...

    def paint(): ...

    one, other = module("qcattn.one", draw=draw), module("qcattn.other", draw=paint)
    assert twice([one, other]) == {"draw": {"qcattn.one", "qcattn.other"}}
    again = types.ModuleType("qcattn.again")
    again.__all__, again.draw = ["draw"], one.draw
    assert twice([one, again]) == {}, "a thing may be handed on"
    same_room = module("qcattn.one.part", draw=lambda: None)
    assert twice([one, same_room]) == {}
    first = module("qcattn.one.a", Part=type("Part", (), {}))
    second = module("qcattn.one.b", Part=type("Part", (), {}))
    assert twice([first, second]) == {"Part": {"qcattn.one.a", "qcattn.one.b"}}
