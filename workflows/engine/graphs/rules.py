"""The rules of a valid `workflow_graph`, each problem a sentence that says what would be right.

The sentences go back to the model and to the people who post graphs. Everything is iterative and about
linear: a graph of ten thousand nodes is an honest request or an attack, and neither may hold the server up.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from workflows.engine.graphs import wiring
from workflows.engine.graphs.policies import policy_problems
from workflows.engine.graphs.templates import IDENTIFIER, prompt_problems
from workflows.engine.graphs.tool_use import tool_use_problems
from workflows.engine.text import cut, listed

TYPES: Final = ("string", "integer", "number", "boolean", "object", "array")
STATUSES: Final = ("pending", "running", "completed", "failed")

Dict = Mapping[str, Any]


def shape_problems(graph: object) -> Iterator[str]:
    """What is missing or of a wrong type. The other rules may only look at a graph without such problems."""
    if not isinstance(graph, dict):
        yield "the workflow_graph must be a JSON object"
        return
    if not isinstance(graph.get("goal"), str):
        yield "goal must be a string"
    for key in ("workflow_inputs", "workflow_outputs"):
        yield from _parameters_shape(graph.get(key), key)
    nodes = graph.get("nodes")
    if not isinstance(nodes, list) or not nodes:
        yield "nodes must be a list with at least one node"
    else:
        for index, node in enumerate(nodes):
            yield from _node_shape(node, f"nodes[{index}]")
    edges = graph.get("edges")
    if not isinstance(edges, list):
        yield "edges must be a list, empty if there is only one node"
    else:
        for index, edge in enumerate(edges):
            if not isinstance(edge, dict) or not all(isinstance(edge.get(k), str) for k in ("source", "target")):
                yield f"edges[{index}] must be an object whose source and target are names of nodes"
            elif type(edge.get("priority", 0)) is not int:
                yield f"edges[{index}].priority must be an integer"


def structure_problems(graph: Dict) -> Iterator[str]:
    """What keeps the nodes from working together."""
    yield from _nodes_named_alike(graph)
    yield from _edges_without_ends(graph)
    yield from _names_used_twice(graph)
    yield from _outputs_made_twice(graph)
    yield from _inputs_from_nowhere(graph)
    yield from _results_from_nowhere(graph)
    yield from _no_root(graph)
    yield from _circles(graph)
    yield from _dead_ends(graph)


def agent_problems(node: Dict) -> Iterator[str]:
    """What keeps a node's agents from doing its work."""
    here = f"node {_q(node['name'])}"
    agents = node.get("agents")
    if not isinstance(agents, list) or not agents:
        yield f"{here} has no agent; give it one whose inputs and outputs are the node's"
        return
    shapes = [problem for i, agent in enumerate(agents) for problem in _agent_shape(agent, f"{here}, agents[{i}]")]
    if shapes:
        yield from shapes
        return
    mismatches = [[*_mismatches(agent, node, "inputs"), *_mismatches(agent, node, "outputs")] for agent in agents]
    if all(mismatches):
        yield from (f"{here}: {problem}" for problem in mismatches[0])
    for agent in agents:
        names = [parameter["name"] for parameter in agent["inputs"]]
        for problem in prompt_problems(agent["prompt"], names):
            yield f"{here}, agent {_q(agent['name'])}: {problem}"


def _node_shape(node: object, place: str) -> Iterator[str]:
    if not isinstance(node, dict):
        yield f"{place} must be an object"
        return
    yield from _name_shape(node.get("name"), place)
    if not isinstance(node.get("description"), str):
        yield f"{place}.description must be a string"
    if not isinstance(node.get("reason", ""), str | None):
        yield f"{place}.reason must be a string"
    if node.get("status", "pending") not in STATUSES:
        yield f"{place}.status must be one of {', '.join(STATUSES)}"
    for key in ("inputs", "outputs"):
        yield from _parameters_shape(node.get(key), f"{place}.{key}")
    yield from policy_problems(node, place)


def _agent_shape(agent: object, place: str) -> Iterator[str]:
    if not isinstance(agent, dict):
        yield f"{place} must be an object"
        return
    for key in ("name", "description", "prompt"):
        if not isinstance(agent.get(key), str) or (not agent[key].strip() and key != "description"):
            yield f"{place}.{key} must be a string"
    for key in ("inputs", "outputs"):
        yield from _parameters_shape(agent.get(key), f"{place}.{key}")
    yield from tool_use_problems(agent, place)


def _parameters_shape(parameters: object, place: str) -> Iterator[str]:
    if not isinstance(parameters, list):
        yield f"{place} must be a list of parameters"
        return
    for index, parameter in enumerate(parameters):
        here = f"{place}[{index}]"
        if not isinstance(parameter, dict):
            yield f"{here} must be an object"
            continue
        yield from _name_shape(parameter.get("name"), here)
        if parameter.get("type") not in TYPES:
            yield f"{here}.type must be one of {', '.join(TYPES)}"
        if not isinstance(parameter.get("description"), str):
            yield f"{here}.description must be a string"
        if not isinstance(parameter.get("required"), bool):
            yield f"{here}.required must be true or false"


def _name_shape(name: object, place: str) -> Iterator[str]:
    if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
        shown = f", not {_q(name)}" if isinstance(name, str) else ""
        yield f"{place}.name must be letters, digits and underscores, not starting with a digit{shown}"


def _nodes_named_alike(graph: Dict) -> Iterator[str]:
    for name in _repeated(node["name"] for node in graph["nodes"]):
        yield f"more than one node is named {_q(name)}; give each its own name"


def _edges_without_ends(graph: Dict) -> Iterator[str]:
    names = {node["name"] for node in graph["nodes"]}
    for edge in graph["edges"]:
        for end in ("source", "target"):
            if edge[end] not in names:
                yield f"an edge has the {end} {_q(edge[end])}, which is no node; name one or remove the edge"


def _names_used_twice(graph: Dict) -> Iterator[str]:
    owners = [(f"node {_q(node['name'])}", node["inputs"], node["outputs"]) for node in graph["nodes"]]
    for owner, inputs, outputs in [
        *owners,
        ("the workflow", graph["workflow_inputs"], graph["workflow_outputs"]),
    ]:
        for kind, parameters in (("input", inputs), ("output", outputs)):
            for name in _repeated(parameter["name"] for parameter in parameters):
                yield f"{owner} has the {kind} {_q(name)} twice; keep one"
        output_names = {parameter["name"] for parameter in outputs}
        for name in dict.fromkeys(parameter["name"] for parameter in inputs):
            if name in output_names:
                yield f"{owner} has {_q(name)} both as input and as output; give the output a new name"


def _outputs_made_twice(graph: Dict) -> Iterator[str]:
    made_by = wiring.producers(graph["nodes"])
    given = {parameter["name"] for parameter in graph["workflow_inputs"]}
    for node in graph["nodes"]:
        for name in dict.fromkeys(output["name"] for output in node["outputs"]):
            if made_by[name] != node["name"]:
                both = f"{_q(made_by[name])} and {_q(node['name'])}"
                yield f"the output {_q(name)} is made by nodes {both}; rename one of the two"
            elif name in given:
                yield f"{_q(name)} is a workflow input and an output of node {_q(node['name'])}; rename one"


def _inputs_from_nowhere(graph: Dict) -> Iterator[str]:
    known = {parameter["name"] for parameter in graph["workflow_inputs"]} | wiring.producers(graph["nodes"]).keys()
    for node in graph["nodes"]:
        for parameter in node["inputs"]:
            if parameter["required"] and parameter["name"] not in known:
                yield (
                    f"node {_q(node['name'])} needs the input {_q(parameter['name'])}, which is no workflow "
                    "input and no output of another node; use the name of one that exists, or add it"
                )


def _results_from_nowhere(graph: Dict) -> Iterator[str]:
    made_by = wiring.producers(graph["nodes"])
    for parameter in graph["workflow_outputs"]:
        if parameter["name"] not in made_by:
            yield f"the workflow output {_q(parameter['name'])} is made by no node; name the output of a node"


def _no_root(graph: Dict) -> Iterator[str]:
    given = {parameter["name"] for parameter in graph["workflow_inputs"]}
    for node in graph["nodes"]:
        if all(parameter["name"] in given for parameter in node["inputs"] if parameter["required"]):
            return
    yield "no node can start: at least one must need nothing but workflow inputs"


def _circles(graph: Dict) -> Iterator[str]:
    names = [node["name"] for node in graph["nodes"]]
    known = set(names)
    pairs = [
        pair for pair, waits in wiring.links(graph["nodes"], graph["edges"]).items() if waits and known.issuperset(pair)
    ]
    if circle := wiring.circle(names, pairs):
        yield (
            f"these nodes wait for each other in a circle: {listed(circle)}; remove the input that closes "
            "it, or set its required to false if it is feedback for a further round"
        )


def _dead_ends(graph: Dict) -> Iterator[str]:
    wanted = {parameter["name"] for parameter in graph["workflow_outputs"]}
    ends = [node["name"] for node in graph["nodes"] if any(o["name"] in wanted for o in node["outputs"])]
    useful = wiring.leading_to(ends, wiring.links(graph["nodes"], graph["edges"]))
    for node in graph["nodes"]:
        if not node["outputs"]:
            yield f"node {_q(node['name'])} has no output; name at least one result that it gives"
        elif node["name"] not in useful:
            made = listed([output["name"] for output in node["outputs"]])
            yield (
                f"node {_q(node['name'])} leads to no workflow output; let a later node take one of its "
                f"outputs ({made}), make one a workflow output, or remove the node"
            )


def _mismatches(agent: Dict, node: Dict, key: str) -> Iterator[str]:
    """Where an agent's parameters are not the node's."""
    own = {parameter["name"]: parameter for parameter in agent[key]}
    wanted = {parameter["name"]: parameter for parameter in node[key]}
    who, kind = f"agent {_q(agent['name'])}", key.removesuffix("s")
    for name in wanted.keys() - own.keys():
        yield f"{who} lacks the {kind} {_q(name)}; an agent has the {key} of its node"
    for name in own.keys() - wanted.keys():
        yield f"{who} has the {kind} {_q(name)}, which the node has not; an agent has the {key} of its node"
    for name in wanted.keys() & own.keys():
        for field in ("type", "required"):
            if own[name][field] != wanted[name][field]:
                yield f"{who}: the {field} of {kind} {_q(name)} must be the node's, {wanted[name][field]!r}"


def _repeated(names: Iterator[str]) -> Sequence[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _q(name: str) -> str:
    return f"'{cut(name, 80)}'"
