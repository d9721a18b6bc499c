"""
A walk through the instructions of a pickle, without doing what they say.

Every name that it would load is held against rules/code_allowlist.py; what cannot be told is refused. Nothing is ever
imported or called. Memory is bounded: of values, only names, short strings and small tuples are kept.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from modelkeep_server.inspection.report import Verdict
from modelkeep_server.inspection.scanning.bounds import Broken, Judgement, TooMuch
from modelkeep_server.inspection.scanning.instructions import Frame, read_instruction
from modelkeep_server.inspection.scanning.stacks import Stack
from modelkeep_server.inspection.scanning.streams import Stream
from modelkeep_server.inspection.scanning.values import (
    LOST,
    MARK,
    UNKNOWN,
    Items,
    Made,
    Named,
    Table,
    items,
    keeps_state,
    make,
    put,
    spoil,
)
from modelkeep_server.rules.code_allowlist import (
    ALLOWED_IN_TORCHSCRIPT,
    HELD_ONLY,
    MADE_FROM_STATE_ONLY,
    METHODS_ALLOWED,
    METHODS_NAMED,
    TORCH_STORAGES,
    find_instead,
    is_allowed,
    modern_name,
)

ARRAY_WRAPPER = Named("joblib.numpy_pickle", "NumpyArrayWrapper")
#: Calls what it is given; made so by PyTorch for tensors of other classes.
REBUILT_BY_TYPE = Named("torch._tensor", "_rebuild_from_type_v2")
OBJECT = Named("builtins", "object")
NAMES_MAX = 2_000
_Step = Callable[[str, Any], None]


@dataclass
class Manner:
    """
    What is particular to the pickles of one format.

    Args:
        storages: Whether it may refer to storages of PyTorch beside it; by key, the bytes of each.
        in_torchscript: Whether names are resolved by TorchScript, which imports none.
        take_array: What passes the raw bytes of an array that joblib wrote behind this wrapper.
        strings: Where every string is noted, in order.
    """

    storages: dict[str, int] | None = None
    in_torchscript: bool = False
    take_array: Callable[[Stream, Made, Frame], None] | None = None
    strings: list[str] | None = None


@dataclass
class Walk:
    """A pickle from its first instruction to STOP. `names` counts what it loads, `calls` how often it calls."""

    stream: Stream
    judgement: Judgement
    manner: Manner = field(default_factory=Manner)
    names: Counter[Named] = field(default_factory=Counter)
    calls: int = 0
    stopped: bool = False
    limit: int | None = None

    def __post_init__(self) -> None:
        self._steps: dict[str, _Step] = {
            **_steps(self._pass, "PROTO FRAME READONLY_BUFFER"),
            **_steps(self._stop, "STOP"),
            **_steps(self._arrange, "MARK POP POP_MARK DUP PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET"),
            **_steps(self._build_tuple, "EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3"),
            **_steps(self._build_other, "EMPTY_LIST LIST EMPTY_DICT DICT EMPTY_SET FROZENSET"),
            **_steps(self._fill, "APPEND APPENDS ADDITEMS SETITEM SETITEMS"),
            **_steps(self._load_line, "GLOBAL"),
            **_steps(self._load_from_stack, "STACK_GLOBAL"),
            **_steps(self._load_extension, "EXT1 EXT2 EXT4"),
            **_steps(self._call, "REDUCE NEWOBJ NEWOBJ_EX OBJ INST"),
            **_steps(self._build, "BUILD"),
            **_steps(self._refer, "PERSID BINPERSID"),
            **_steps(self._buffer, "NEXT_BUFFER"),
        }

    def run(self) -> None:
        """
        Walk to STOP, or through `limit` instructions.

        Raises Broken for what no reader takes, or what could hide something; TooMuch; EOFError.
        """
        self._stack = Stack()
        self._frame = Frame()
        done = 0
        while not self.stopped and (self.limit is None or done < self.limit):
            name, argument = read_instruction(self.stream, self._frame)
            self._steps.get(name, self._push_constant)(name, argument)
            done += 1

    def _push_constant(self, name: str, argument: Any) -> None:
        if self.manner.strings is not None and isinstance(argument, str):
            self.manner.strings.append(argument)
        self._stack.push(argument)

    def _pass(self, name: str, argument: Any) -> None:
        pass

    def _stop(self, name: str, argument: Any) -> None:
        self._stack.pop()
        self.stopped = True

    def _arrange(self, name: str, argument: Any) -> None:
        stack = self._stack
        match name:
            case "MARK":
                stack.push(MARK)
            case "POP":
                stack.drop()
            case "POP_MARK":
                stack.pop_to_mark()
            case "DUP":
                stack.push(stack.top())
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                stack.remember(argument)
            case "MEMOIZE":
                stack.remember(None)
            case _:
                stack.push(stack.recall(argument))

    def _build_tuple(self, name: str, argument: Any) -> None:
        count = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}.get(name)
        values = self._stack.pop_to_mark() if count is None else [self._stack.pop() for _ in range(count)][::-1]
        self._refuse_handed(values)
        self._stack.push(items(values))

    def _build_other(self, name: str, argument: Any) -> None:
        if name in ("LIST", "FROZENSET"):
            self._refuse_handed(self._stack.pop_to_mark())
            self._stack.push(UNKNOWN)
        elif name == "DICT":
            pairs = self._stack.pop_to_mark()
            self._refuse_handed(pairs)
            self._stack.push(Table({}))
            self._set_items(pairs)
        else:
            self._stack.push(Table({}) if name == "EMPTY_DICT" else UNKNOWN)

    def _fill(self, name: str, argument: Any) -> None:
        many = name in ("APPENDS", "ADDITEMS", "SETITEMS")
        count = 2 if name == "SETITEM" else 1
        values = self._stack.pop_to_mark() if many else [self._stack.pop() for _ in range(count)][::-1]
        self._demand_known(self._stack.top())
        self._refuse_handed(values)
        if name.startswith("SETITEM"):
            self._set_items(values)

    def _set_items(self, pairs: list[Any]) -> None:
        table = self._stack.top()
        if len(pairs) % 2:
            raise Broken("pickle.broken", "A key of it has no value.")
        if isinstance(table, Table) and not all(put(table, pairs[at], pairs[at + 1]) for at in range(0, len(pairs), 2)):
            self._stack.replace_top(UNKNOWN)
            spoil(table)

    def _load_line(self, name: str, argument: Any) -> None:
        """GLOBAL: the module and name stand in the instruction."""
        self._stack.push(self._name(*argument))

    def _load_from_stack(self, name: str, argument: Any) -> None:
        """STACK_GLOBAL: they are the two values above."""
        member, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(module, str) and isinstance(member, str)):
            raise Broken("pickle.unresolved", "It loads a name that is put together as it is loaded.")
        self._stack.push(self._name(module, member))

    def _load_extension(self, name: str, argument: Any) -> None:
        raise Broken("pickle.extension", f"It loads number {argument} of a registry of the loading program.")

    def _name(self, module: str, member: str) -> Named:
        named = Named(modern_name(module), member)
        if len(self.names) >= NAMES_MAX and named not in self.names:
            raise TooMuch(f"It names more than {NAMES_MAX:,} classes and functions.")
        self.names[named] += 1
        if self.names[named] == 1 and not self._is_allowed(module, member):
            words = f"It loads {named}, which is not on the list. {find_instead(str(named))}".rstrip()
            self.judgement.worsen(Verdict.BLOCKED, "pickle.global", words)
        return named

    def _is_allowed(self, module: str, member: str) -> bool:
        if self.manner.in_torchscript and (
            module == "__torch__"
            or module.startswith("__torch__.")
            or member in ALLOWED_IN_TORCHSCRIPT.get(module, frozenset())
        ):
            return True
        return is_allowed(module, member)

    def _call(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name == "INST":
            self._refuse_handed(stack.pop_to_mark())
            target, args = self._name(*argument), UNKNOWN
        elif name == "OBJ":
            values = stack.pop_to_mark()
            if not values:
                raise Broken("pickle.broken", "It makes an object of nothing.")
            self._refuse_handed(values[1:])
            target, args = values[0], UNKNOWN
        else:
            if name == "NEWOBJ_EX":
                stack.pop()
            args, target = stack.pop(), stack.pop()
        self.calls += 1
        if not isinstance(target, Named):
            raise Broken("pickle.call", "It calls something that is put together as it is loaded.")
        if target.name in HELD_ONLY.get(target.module, ()):
            self.judgement.worsen(Verdict.BLOCKED, "pickle.call", f"It calls {target}, which may be held, not called.")
        if not name.startswith("NEWOBJ") and _is_made_from_state_only(target):
            self.judgement.worsen(
                Verdict.BLOCKED, "pickle.call", f"It calls {target}, which may be made from its state only."
            )
        if target == ARRAY_WRAPPER and self.manner.take_array is not None and (name, args) != ("NEWOBJ", items([])):
            raise Broken("pickle.array", f"It makes {target} in another way than joblib does.")
        if target == REBUILT_BY_TYPE and not _calls_torch(args):
            raise Broken("pickle.call", f"It has {target} call something else than a tensor's own function.")
        stack.push(make(target, args))

    def _build(self, name: str, argument: Any) -> None:
        state = self._stack.pop()
        target = self._stack.top()
        self._demand_known(target)
        self._refuse_handed([state])
        if isinstance(target, Made) and str(target.by) in METHODS_NAMED and not _names_methods(target.by, state):
            raise Broken("pickle.method", f"A {target.by} in it would call a method that is not one to predict.")
        if isinstance(target, Made) and keeps_state(target):
            if target.state is not None:
                raise Broken("pickle.build", f"It sets the state of a {target.by} twice.")
            target.state = state
            if target.by == ARRAY_WRAPPER and self.manner.take_array is not None:
                self.manner.take_array(self.stream, target, self._frame)
                self._stack.replace_top(UNKNOWN)

    def _demand_known(self, changed: Any) -> None:
        if isinstance(changed, Named):
            raise Broken("pickle.build", f"It changes {changed} itself.")
        if changed is LOST:
            raise TooMuch("It changes a value that it made long before.")

    def _refuse_handed(self, values: list[Any]) -> None:
        # Whoever is handed a class may call it with anything. `_reconstructor` makes an empty one of it, out of sight.
        emptied = len(values) == 3 and values[1] == OBJECT and str(values[0]) not in METHODS_NAMED
        handed = values[1:] if emptied else values
        if any(map(_is_made_from_state_only, handed)):
            words = "It hands a class to something else whose call may open files."
            self.judgement.worsen(Verdict.BLOCKED, "pickle.call", words)
        # What else than the walk makes a wrapper of an array is not followed, nor where its bytes begin then.
        if self.manner.take_array is not None and ARRAY_WRAPPER in values:
            raise Broken("pickle.array", f"It hands {ARRAY_WRAPPER} to something else.")

    def _refer(self, name: str, argument: Any) -> None:
        """PERSID, BINPERSID: what stands outside of the pickle; with PyTorch, the storage of a tensor."""
        told = argument if name == "PERSID" else self._stack.pop()
        storages = self.manner.storages
        if storages is None:
            raise Broken("pickle.outside", "It refers to something outside of itself.")
        values = told.values if isinstance(told, Items) else ()
        match values:
            case ("storage", Named("torch" | "torch.storage", kind), str(key), str(), int(count), *_) if (
                kind in TORCH_STORAGES and 0 <= count < 1 << 48
            ):
                storages[key] = max(storages.get(key, 0), count * TORCH_STORAGES[kind])
            case ("module", Named(module, _) as layer, *_) if module.startswith("torch.nn.modules."):
                # PyTorch before 1.6 keeps the text of a class beside it, and warns where its own is another.
                self._stack.push(layer)
                return
            case _:
                raise Broken("pickle.outside", "It refers to something that is no storage of a tensor.")
        self._stack.push(UNKNOWN)

    def _buffer(self, name: str, argument: Any) -> None:
        raise Broken("pickle.outside", "It takes bytes that are not in it.")


def _is_made_from_state_only(value: Any) -> bool:
    return isinstance(value, Named) and value.name in MADE_FROM_STATE_ONLY.get(value.module, ())


def _names_methods(by: Named, state: Any) -> bool:
    """Whether a state tells a method to predict, or several."""
    told = state.pairs.get(METHODS_NAMED[str(by)]) if isinstance(state, Table) else None
    methods = told.values if isinstance(told, Items) else (told,)
    return all(isinstance(method, str) and method in METHODS_ALLOWED for method in methods)


def _calls_torch(args: Any) -> bool:
    first = args.values[0] if isinstance(args, Items) and args.values else None
    return isinstance(first, Named) and first.module == "torch._utils"


def _steps(step: _Step, names: str) -> dict[str, _Step]:
    return dict.fromkeys(names.split(), step)
