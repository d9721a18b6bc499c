"""
What a file of skops would load and call: a tree of nodes, each with a class and the loader that makes it.

Source: skops/io/_general.py, _numpy.py, _sklearn.py, and those of older protocols in skops/io/old.
"""

from collections.abc import Iterator
from typing import Any

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.bounds import Judgement
from modelkeep_server.rules.code_allowlist import (
    HELD_ONLY,
    MADE_FROM_STATE_ONLY,
    METHODS_NAMED,
    is_allowed,
    modern_name,
)

_OWN = {("builtins", "type"), ("builtins", "NoneType")}
_NEVER_TEXT = """
    os posix nt sys subprocess builtins importlib shutil socket runpy code pty ctypes pickle marshal operator
    functools multiprocessing threading webbrowser http urllib asyncio tempfile pathlib io codecs inspect pdb
    timeit
"""
_NEVER = frozenset(_NEVER_TEXT.split())
_BIT_GENERATORS = ('"MT19937"', '"PCG64"', '"PCG64DXSM"', '"Philox"', '"SFC64"')


def judge_nodes(schema: Any, judgement: Judgement) -> None:
    """Every class and function against the list for pickles, and how it is loaded."""
    for module, name, loader in sorted(set(_names_of(schema))):
        if (module, name) in _OWN:
            continue
        if not is_allowed(module, name):
            verdict = Verdict.BLOCKED if module.split(".")[0] in _NEVER else Verdict.UNKNOWN
            judgement.worsen(verdict, "skops.type", f"It names {module}.{name}, which is not on the list.")
        elif name in MADE_FROM_STATE_ONLY.get(modern_name(module), ()) and loader != "ObjectNode":
            judgement.worsen(Verdict.BLOCKED, "skops.call", f"It calls {module}.{name}, which may open files.")
        elif f"{modern_name(module)}.{name}" in METHODS_NAMED:
            judgement.worsen(Verdict.UNKNOWN, "skops.method", f"It names {module}.{name}, which calls methods by name.")
        elif name in HELD_ONLY.get(modern_name(module), ()) and loader != "FunctionNode":
            judgement.worsen(Verdict.BLOCKED, "skops.call", f"It calls {module}.{name}, which may be held, not called.")
    for node in _nodes_of(schema):
        if node.get("__loader__") == "MethodNode":
            judgement.worsen(Verdict.BLOCKED, "skops.method", "It looks a method up by its name.")
        if node.get("__loader__") == "RandomGeneratorNode" and _bit_generator(node) not in _BIT_GENERATORS:
            judgement.worsen(Verdict.BLOCKED, "skops.random", "It calls what its generator of random numbers names.")


def _nodes_of(schema: Any) -> Iterator[dict[str, Any]]:
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
            yield value
        elif isinstance(value, list):
            waiting += value


def _names_of(schema: Any) -> Iterator[tuple[str, str, str]]:
    """Module, name and loader of each node that has them."""
    for node in _nodes_of(schema):
        if "__class__" in node or "__module__" in node:
            yield str(node.get("__module__")), str(node.get("__class__")), str(node.get("__loader__"))
        if "module_path" in node or "function" in node:
            yield str(node.get("module_path")), str(node.get("function")), "FunctionNode"


def _bit_generator(node: dict[str, Any]) -> Any:
    """What a generator calls, as JSON; where an older protocol or somebody else keeps it is not guessed at."""
    value: Any = node
    for key in ("content", "bit_generator", "content", "bit_generator", "content"):
        value = value.get(key) if isinstance(value, dict) else None
    return value
