"""Which nodes may start, in which order, and how often. It knows neither time nor model, and takes linear time.

A node starts when every node before it has finished. An optional input is waited for too, but done without if its
maker failed. Where waiting for it would close a circle, its edge leads back, and the circle is a **loop**:

- The nodes of a loop run in rounds. When a round is over, each edge that leads back is looked at: has its output a
  value (not null, false, or empty), and another one than its reader had in the last round? Then there is a further
  round: of the reader, and of all nodes of the loop after it. There are at most `loop_rounds` further rounds.
- What stands after a loop waits until its rounds are over. It runs once, with what the last round made.

That rounds begin only when the one before is over costs a little of the parallelism, and makes the inputs of each
run the same on every replay.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from graphlib import TopologicalSorter
from typing import Any

from workflows.engine.graphs import wiring

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """A node's run: its first, or one more in a loop."""

    node: str
    run: int


@dataclass(frozen=True)
class Skip:
    """A node that will not run, because of one that failed."""

    node: str
    because: str


class _State(Enum):
    WAITING = auto()
    STARTED = auto()
    DONE = auto()
    FAILED = auto()


class Schedule:
    """The state of one graph's execution. `ready` and `skipped` fill up; who takes from them empties them."""

    def __init__(
        self, nodes: Sequence[Node], edges: Iterable[Node], values: Mapping[str, Any], *, loop_rounds: int
    ) -> None:
        """`values`: the workflow's inputs, and what was made before, by name."""
        self.ready: deque[Turn] = deque()
        self.skipped: deque[Skip] = deque()
        self.values: dict[str, Any] = dict(values)
        self.results: dict[str, dict[str, Any]] = {}
        self._nodes = {node["name"]: node for node in nodes}
        self._loop_rounds = loop_rounds
        self._wire(wiring.links(nodes, edges))
        self._state = dict.fromkeys(self._nodes, _State.WAITING)
        self._runs = dict.fromkeys(self._nodes, 0)
        self._causes: dict[str, str] = {}
        self._fed: dict[tuple[str, str], Any] = {}
        for name, waits in self._waits.items():
            if waits == 0:
                self._start(name)

    def inputs_of(self, name: str) -> dict[str, Any]:
        """The values for a node's run that is ready; null for what an optional input does without."""
        inputs: dict[str, Any] = {}
        for parameter in self._nodes[name]["inputs"]:
            wanted = parameter["name"]
            # What comes back is the last round's, also if its maker is already further on.
            is_fed_back = wanted in self._back_inputs.get(name, ())
            inputs[wanted] = self._fed.get((name, wanted)) if is_fed_back else self.values.get(wanted)
        return inputs

    def finish(self, name: str, outputs: Mapping[str, Any]) -> None:
        """A node's run ended with these outputs."""
        self._state[name] = _State.DONE
        self.results[name] = dict(outputs)
        self.values.update(outputs)
        self._close(name)

    def fail(self, name: str) -> None:
        """A node's run ended without outputs: what needs them is skipped, the rest goes on."""
        self._drop(name, because=name)
        self._close(name)

    def _wire(self, links: wiring.Links) -> None:
        """Sort the links into those inside a loop, those that lead back there, and those between loops."""
        self._knot = wiring.knots(self._nodes, links)
        position = self._positions(links)
        self._members: dict[int, list[str]] = defaultdict(list)
        for name, knot in self._knot.items():
            self._members[knot].append(name)
        self._left = {knot: len(members) for knot, members in self._members.items()}
        self._rounds = dict.fromkeys(self._members, 1)
        self._inside: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        self._outside: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        self._back: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._back_inputs: dict[str, list[str]] = defaultdict(list)
        self._waits = dict.fromkeys(self._nodes, 0)
        for (source, target), required in links.items():
            knot = self._knot[source]
            if knot == self._knot[target] and position[source] > position[target]:
                self._lead_back(knot, source, target)
                continue
            ways = self._inside if knot == self._knot[target] else self._outside
            ways[source].append((target, required))
            self._waits[target] += 1

    def _positions(self, links: wiring.Links) -> dict[str, int]:
        """The nodes counted in an order in which none stands before one that it must wait for."""
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for name in self._nodes:
            sorter.add(name)
        for (source, target), required in links.items():
            if required:
                sorter.add(target, source)
        return {name: index for index, name in enumerate(sorter.static_order())}

    def _lead_back(self, knot: int, source: str, target: str) -> None:
        made = {output["name"] for output in self._nodes[source]["outputs"]}
        for parameter in self._nodes[target]["inputs"]:
            if parameter["name"] in made:
                self._back[knot].append((target, parameter["name"]))
                self._back_inputs[target].append(parameter["name"])

    def _start(self, name: str) -> None:
        self._state[name] = _State.STARTED
        self._runs[name] += 1
        self.ready.append(Turn(name, self._runs[name]))

    def _close(self, name: str) -> None:
        """Go on with whatever waited for this node, and for what that closes in turn."""
        closed = deque([name])
        while closed:
            at = closed.popleft()
            knot = self._knot[at]
            for target, required in self._inside.get(at, ()):
                closed += self._clear(at, target, required)
            self._left[knot] -= 1
            if self._left[knot] == 0 and not self._next_round(knot):
                for member in self._members[knot]:
                    for target, required in self._outside.get(member, ()):
                        closed += self._clear(member, target, required)

    def _clear(self, source: str, target: str, required: bool) -> Iterable[str]:
        """The target waits for one node less. What cannot run any more is returned: it is closed."""
        if self._state[target] is not _State.WAITING:
            return ()
        if required and self._state[source] is not _State.DONE:
            cause = self._causes[source]
            self._drop(target, because=cause)
            self.skipped.append(Skip(target, cause))
            return (target,)
        self._waits[target] -= 1
        if self._waits[target] == 0:
            self._start(target)
        return ()

    def _drop(self, name: str, *, because: str) -> None:
        self._state[name] = _State.FAILED
        self._causes[name] = because
        # In a loop, what an earlier round made is no result of a node that failed later.
        for output in self.results.pop(name, ()):
            self.values.pop(output, None)

    def _next_round(self, knot: int) -> bool:
        """Begin a further round of a loop, if there is a reason for one."""
        back = self._back.get(knot, ())
        failed = any(self._state[member] is not _State.DONE for member in self._members[knot])
        if not back or failed or self._rounds[knot] > self._loop_rounds:
            return False
        readers = [
            reader
            for reader, name in back
            if _says_something(value := self.values.get(name)) and self._fed.get((reader, name)) != value
        ]
        if not readers:
            return False
        self._rounds[knot] += 1
        self._run_again(knot, self._after(readers), back)
        return True

    def _run_again(self, knot: int, names: Mapping[str, None], back: Iterable[tuple[str, str]]) -> None:
        for reader, name in back:
            if reader in names:
                self._fed[reader, name] = self.values.get(name)
        for name in names:
            self._state[name] = _State.WAITING
            self._waits[name] = 0
        for name in names:
            for target, _ in self._inside.get(name, ()):
                self._waits[target] += 1
        self._left[knot] = len(names)
        for name in names:
            if self._waits[name] == 0:
                self._start(name)

    def _after(self, readers: Iterable[str]) -> dict[str, None]:
        """These nodes, and all of their loop that come after them in a round."""
        found = dict.fromkeys(readers)
        todo = list(found)
        while todo:
            for target, _ in self._inside.get(todo.pop(), ()):
                if target not in found:
                    found[target] = None
                    todo.append(target)
        return found


def _says_something(value: Any) -> bool:
    """Zero is a number like any other; blank text is nothing."""
    if isinstance(value, str):
        return bool(value.strip())
    return value not in (None, False, [], {}) or (value == 0 and not isinstance(value, bool))
