"""Which node waits for which: read off the names of inputs and outputs.

An edge A→B exists where an output name of A is an input name of B; edges may also be listed, to order two
nodes that share no data. Nodes, edges and parameters are the dicts of the `workflow_graph`.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Dict = Mapping[str, Any]
Links = dict[tuple[str, str], bool]
"""(source, target) → whether the target cannot start before the source is done."""


def producers(nodes: Iterable[Dict]) -> dict[str, str]:
    """Output name → the first node that has it."""
    found: dict[str, str] = {}
    for node in nodes:
        for output in node["outputs"]:
            found.setdefault(output["name"], node["name"])
    return found


def links(nodes: Iterable[Dict], edges: Iterable[Dict] = ()) -> Links:
    """All edges, derived and listed. One that feeds only optional inputs keeps nobody waiting."""
    made_by = producers(nodes)
    found: Links = {}
    for node in nodes:
        for parameter in node["inputs"]:
            source = made_by.get(parameter["name"])
            if source is not None and source != node["name"]:
                pair = (source, node["name"])
                found[pair] = found.get(pair, False) or parameter["required"]
    for edge in edges:
        found.setdefault((edge["source"], edge["target"]), True)
    return found


def open_inputs(nodes: Iterable[Dict]) -> list[dict[str, Any]]:
    """The inputs that no node makes, each once: what the workflow has to be given."""
    made_by = producers(nodes)
    found: dict[str, dict[str, Any]] = {}
    for node in nodes:
        for parameter in node["inputs"]:
            if parameter["name"] not in made_by:
                first = found.setdefault(parameter["name"], dict(parameter))
                first["required"] = first["required"] or parameter["required"]
    return list(found.values())


def results(nodes: Sequence[Dict]) -> list[dict[str, Any]]:
    """The outputs that nobody takes and those of nodes that nobody waits for: what the workflow gives."""
    taken = {parameter["name"] for node in nodes for parameter in node["inputs"]}
    waited_for = {source for (source, _), required in links(nodes).items() if required}
    found: dict[str, dict[str, Any]] = {}
    for node in nodes:
        for output in node["outputs"]:
            if output["name"] not in taken or node["name"] not in waited_for:
                found.setdefault(output["name"], dict(output))
    return list(found.values())


def circle(names: Iterable[str], waits: Iterable[tuple[str, str]]) -> list[str]:
    """The nodes of one circle of waiting nodes in order, or nothing if there is none."""
    sources: dict[str, set[str]] = {name: set() for name in names}
    targets: dict[str, list[str]] = defaultdict(list)
    for source, target in waits:
        if source not in sources[target]:
            sources[target].add(source)
            targets[source].append(target)
    ready = deque(name for name, before in sources.items() if not before)
    while ready:
        done = ready.popleft()
        del sources[done]
        for target in targets[done]:
            sources[target].discard(done)
            if not sources[target]:
                ready.append(target)
    return _walk_back(sources)


def _walk_back(sources: Mapping[str, set[str]]) -> list[str]:
    """Every node here waits for another one here, so that walking back ends in a circle."""
    if not sources:
        return []
    at: str = next(iter(sources))
    seen: dict[str, int] = {}
    while at not in seen:
        seen[at] = len(seen)
        at = min(sources[at])
    return list(seen)[seen[at] :][::-1]


def knots(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """A number for each node; nodes from which each other can be reached have the same (Kosaraju's algorithm)."""
    after: dict[str, list[str]] = defaultdict(list)
    before: dict[str, list[str]] = defaultdict(list)
    for source, target in pairs:
        after[source].append(target)
        before[target].append(source)
    found: dict[str, int] = {}
    for number, name in enumerate(reversed(_by_end(names, after))):
        if name in found:
            continue
        found[name] = number
        todo = [name]
        while todo:
            for source in before[todo.pop()]:
                if source not in found:
                    found[source] = number
                    todo.append(source)
    return found


def _by_end(names: Iterable[str], after: Mapping[str, list[str]]) -> list[str]:
    """The nodes in the order in which a search in depth is done with them."""
    order: list[str] = []
    seen: set[str] = set()
    for name in names:
        if name in seen:
            continue
        seen.add(name)
        path = [(name, iter(after.get(name, ())))]
        while path:
            at, rest = path[-1]
            deeper = next((target for target in rest if target not in seen), None)
            if deeper is None:
                order.append(at)
                path.pop()
            else:
                seen.add(deeper)
                path.append((deeper, iter(after.get(deeper, ()))))
    return order


def leading_to(ends: Iterable[str], pairs: Iterable[tuple[str, str]]) -> set[str]:
    """All nodes from which one of the ends can be reached, the ends included."""
    before: dict[str, list[str]] = defaultdict(list)
    for source, target in pairs:
        before[target].append(source)
    reached = set(ends)
    todo = list(reached)
    while todo:
        for source in before[todo.pop()]:
            if source not in reached:
                reached.add(source)
                todo.append(source)
    return reached
