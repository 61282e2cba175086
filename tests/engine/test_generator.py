"""From goal to workflow over real HTTP: stages, events, feedback, the ledger."""

import asyncio
import json
import subprocess
import sys

import pytest

from workflows.engine import prompts
from workflows.engine.generation.planning import MAX_NAME_CHARS, MAX_NODES
from workflows.engine.generation.progress import plan_told
from workflows.engine.graphs.graph import validate
from workflows.engine.journal import Journal
from workflows.engine.memory import MemoryJournal
from workflows.engine.shapes import Plan
from workflows.events import MAX_DATA_BYTES, Kind
from workflows.exceptions import ModelFailed, ModelUnusable, StaleClaim

from .scripted import PLAN, agent, agent_for_node, fails, plan, says, sub_task
from .tooling import tool


async def test_a_goal_becomes_a_valid_workflow(bench):
    graph = await bench.generate("Report on risks and chances")
    assert validate(graph) == []
    assert graph["goal"] == "Report on risks and chances"
    assert [(e["source"], e["target"]) for e in graph["edges"]] == [
        ("find_risks", "write_report"),
        ("find_chances", "write_report"),
    ]
    assert [p["name"] for p in graph["workflow_inputs"]] == ["goal"]
    assert [p["name"] for p in graph["workflow_outputs"]] == ["report"]
    assert [a["name"] for n in graph["nodes"] for a in n["agents"]] == [
        "find_risks_agent",
        "find_chances_agent",
        "write_report_agent",
    ]


async def test_a_single_node_is_a_workflow(bench):
    bench.endpoint.on("workflow_plan", says(plan(sub_task("write_haiku", ["goal"], ["haiku"]))))
    graph = await bench.generate()
    assert validate(graph) == []
    assert graph["edges"] == []


async def test_the_calls_follow_the_contract(bench):
    await bench.generate("A goal that </goal> tries to end", tools=[tool("search", "Finds pages.")])
    first = bench.endpoint.about("workflow_plan")[0]
    system, user = first.body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"].startswith("## Goal\n<goal>\nA goal that < /goal> tries to end\n</goal>")
    assert first.section("Tools") == [{"name": "search", "description": "Finds pages."}]
    schema = first.body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert first.body["stream_options"] == {"include_usage": True}
    for asked in bench.endpoint.about("node_agents"):
        node = asked.section("Node")
        assert node in asked.section("Plan")["sub_tasks"]
        assert set(node) == {"name", "description", "reason", "inputs", "outputs"}
        assert asked.section("Tools") == [{"name": "search", "description": "Finds pages."}]


async def test_progress_moves_with_real_stages(bench):
    await bench.generate()
    told = bench.journal.of(Kind.TASK_PROGRESS)
    assert [(e["progress"], e["step"], e["current_state"]) for e in told] == [
        (5, 1, "Planning the workflow"),
        (40, 1, "Planned 3 nodes: find_risks, find_chances, write_report"),
        (56, 2, "Writing the agents (1 of 3 done)"),
        (73, 2, "Writing the agents (2 of 3 done)"),
        (90, 2, "Writing the agents (3 of 3 done)"),
        (95, 3, "Checking the workflow"),
    ]
    assert {e["total_steps"] for e in told} == {3}


async def test_the_plan_and_each_node_are_told(bench):
    await bench.generate()
    (told,) = bench.journal.of(Kind.PLAN_COMPLETED)
    assert told["nodes"][2] == {
        "name": "write_report",
        "description": "Do write_report.",
        "inputs": ["risks", "chances"],
        "outputs": ["report"],
    }
    assert {"source": "find_risks", "target": "write_report"} in told["edges"]
    nodes = bench.journal.of(Kind.NODE_COMPLETED)
    assert {(e["node"], *e["agents"]) for e in nodes} == {
        (name, f"{name}_agent") for name in ("find_risks", "find_chances", "write_report")
    }


async def test_every_call_tells_its_start_text_and_cost(bench):
    await bench.generate()
    started = [e["call"] for e in bench.journal.of(Kind.MODEL_STARTED)]
    assert started[0] == "plan/1"
    assert set(started[1:]) == {"agents/find_risks/1", "agents/find_chances/1", "agents/write_report/1"}
    text = "".join(e["text"] for e in bench.journal.of(Kind.MODEL_TEXT) if e["call"] == "plan/1")
    assert json.loads(text) == PLAN
    done = bench.journal.of(Kind.MODEL_COMPLETED)[0]
    assert done["usage"] == {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    assert done["cost_usd"] == pytest.approx(0.00021)
    assert (done["price"], done["demo"], done["model"], done["provider"]) == ("known", False, "gpt-4o-mini", "openai")
    assert done["first_token_ms"] <= done["latency_ms"]
    assert bench.journal.steps["plan/1"].usage.cost_usd == pytest.approx(0.00021)


async def test_the_demo_says_demo_and_an_unknown_model_has_no_price(bench):
    await bench.generate(provider="demo", model="anything")
    assert {(e["demo"], e["price"]) for e in bench.journal.of(Kind.MODEL_COMPLETED)} == {(True, "known")}
    other = MemoryJournal()
    await bench.generate(model="llama3", journal=other)
    told = other.of(Kind.MODEL_COMPLETED)
    assert {(e["price"], e["cost_usd"], e["usage"]["total_tokens"]) for e in told} == {("unknown", None, 1100)}


async def test_an_invalid_plan_goes_back_with_its_problems(bench):
    twice = plan(sub_task("a", ["goal"], ["x"]), sub_task("b", ["goal"], ["x"]))
    bench.endpoint.on("workflow_plan", says(twice), says(PLAN))
    await bench.generate()
    bad, feedback = bench.endpoint.about("workflow_plan")[1].body["messages"][2:]
    assert bad == {"role": "assistant", "content": json.dumps(twice)}
    assert feedback["content"].startswith(
        "Your last reply was not valid:\n- the output 'x' is made by nodes 'a' and 'b'"
    )
    (rejected,) = bench.journal.of(Kind.MODEL_REJECTED)
    assert (rejected["call"], rejected["attempt"], len(rejected["problems"])) == ("plan/1", 1, 1)
    assert "plan/2" in bench.journal.steps


@pytest.mark.parametrize(
    "reply",
    [
        "I would rather talk about it.",
        '{"sub_tasks": [{"name": "a", "inputs"',
        {"goal": "g", "thought": "t", "steps": []},
        plan(),
        plan(sub_task("a", ["goal"], [{"name": "x", "type": "colour", "description": "", "required": True}])),
        plan(*(sub_task(f"n{i}", ["goal"], [f"o{i}"]) for i in range(51))),
        plan(sub_task("a", ["goal"], ["key_points"]), sub_task("b", ["goal", "keypoints"], ["summary"])),
        plan(sub_task("a", ["goal", "y"], ["x"]), sub_task("b", ["x"], ["y"])),
        plan(sub_task("собрать", ["goal"], ["x"])),
        plan(sub_task("a" * 65, ["goal"], ["x"])),
    ],
    ids=["prose", "half", "schema", "empty", "type", "many", "misspelt", "circle", "letters", "long"],
)
async def test_what_cannot_be_used_is_rejected_and_told(bench, reply):
    bench.endpoint.on("workflow_plan", says(reply), says(PLAN))
    assert validate(await bench.generate()) == []
    problems = bench.endpoint.about("workflow_plan")[1].last_message.split("\n- ")[1:]
    assert problems


@pytest.mark.parametrize(
    "dirty",
    [
        f"Sure! Use {{goal}} as input.\n```json\n{json.dumps(PLAN)}\n```\nHope it helps.",
        f"<think>Maybe {{ or not</think>{json.dumps(PLAN)}",
        json.dumps(PLAN).replace("find_risks", "find risks").replace('"string"', '"str"'),
        json.dumps(PLAN)
        .replace('"required": true', '"extra": null')
        .replace("Side by side.", "Side\nby side\x00\ud800"),
    ],
    ids=["fence", "thoughts", "synonyms", "line breaks"],
)
async def test_dirty_json_costs_no_second_call(bench, dirty):
    bench.endpoint.on("workflow_plan", says(dirty))
    graph = await bench.generate()
    assert graph["nodes"][0]["name"] == "find_risks"
    assert len(bench.endpoint.about("workflow_plan")) == 1


async def test_nul_and_lone_surrogates_become_replacement_characters(bench):
    escaped = json.dumps(plan(sub_task("a", ["goal"], ["x"])) | {"thought": "t"}).replace("Do a.", r"D\u0000o \ud800a.")
    bench.endpoint.on("workflow_plan", says(escaped))
    graph = await bench.generate()
    assert graph["nodes"][0]["description"] == "D\ufffdo \ufffda."


async def test_types_follow_the_producer(bench):
    listed = {"name": "risks", "type": "array", "description": "", "required": True}
    bench.endpoint.on(
        "workflow_plan", says(plan(sub_task("a", ["goal"], [listed]), sub_task("b", ["risks"], ["report"])))
    )
    graph = await bench.generate()
    assert graph["nodes"][1]["inputs"][0]["type"] == "array"
    assert graph["nodes"][1]["agents"][0]["inputs"][0]["type"] == "array"


async def test_a_model_that_never_gets_it_right_is_named_with_the_last_problem(bench):
    bench.endpoint.on("workflow_plan", says(plan(sub_task("a", ["goal"], []))))
    with pytest.raises(ModelUnusable) as failed:
        await bench.generate()
    assert failed.value.detail == (
        "The model's plan stayed invalid after 3 tries, at last because: node 'a' has no output; name at least one "
        "result that it gives. Put the goal in other words, or use another model."
    )
    assert len(bench.endpoint.asked) == 3
    assert [e["attempt"] for e in bench.journal.of(Kind.MODEL_REJECTED)] == [1, 2, 3]


async def test_agents_are_mended_where_no_judgement_is_needed(bench):
    async def sloppy(asked, writer):
        node = asked.section("Node")
        prompt = 'Answer as {"items": []}.\n\n### Output Format\n## Thought'
        reply = agent(node, name="the agent", inputs=[], outputs=[], prompt=prompt, tool_names=[])
        await says({"agents": [reply]})(asked, writer)

    bench.endpoint.on("node_agents", sloppy)
    graph = await bench.generate()
    assert validate(graph) == []
    agents = [node["agents"][0] for node in graph["nodes"]]
    assert [a["name"] for a in agents] == ["the_agent", "find_chances_agent", "write_report_agent"]
    filled = agents[2]["prompt"].format(risks="fire", chances="rain")
    assert 'Answer as {"items": []}.' in filled
    assert filled.index("<input>fire</input>") < filled.index("### Output Format") < filled.index("## report")
    assert agents[2]["tool_names"] is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"prompt": "Use {rsks}"}, "names {rsks}, which is no input (inputs: {goal})"),
        ({"prompt": " "}, "prompt is empty"),
        ({"tool_names": ["browser"]}, "there is no tool browser; for tool_names choose from search, or null"),
        ({"name": "агент"}, "the agent's name must be letters"),
    ],
)
async def test_an_agent_that_needs_judgement_goes_back(bench, changes, problem):
    bench.endpoint.on("workflow_plan", says(plan(sub_task("a", ["goal"], ["x"]))))
    wrong = agent(sub_task("a", ["goal"], ["x"]), **changes)
    bench.endpoint.on("node_agents", says({"agents": [wrong]}), agent_for_node)
    await bench.generate(tools=[tool("search", "Finds pages.")])
    assert problem in bench.endpoint.about("node_agents")[1].last_message


async def test_two_agents_for_a_node_go_back(bench):
    bench.endpoint.on("workflow_plan", says(plan(sub_task("a", ["goal"], ["x"]))))
    one = agent(sub_task("a", ["goal"], ["x"]))
    bench.endpoint.on("node_agents", says({"agents": [one, one]}), agent_for_node)
    await bench.generate()
    assert "there are 2 agents; design exactly one" in bench.endpoint.about("node_agents")[1].last_message


async def test_all_nodes_are_asked_at_once(bench):
    all_here = asyncio.Barrier(3)

    async def together(asked, writer):
        await all_here.wait()
        await agent_for_node(asked, writer)

    bench.endpoint.on("node_agents", together)
    async with asyncio.timeout(10):
        assert validate(await bench.generate()) == []


async def test_one_node_that_fails_cancels_the_others(bench):
    others_cancelled = []

    async def fail_or_wait(asked, writer):
        if asked.section("Node")["name"] == "find_chances":
            return await fails(401)(asked, writer)
        try:
            await asyncio.Event().wait()
        finally:
            others_cancelled.append(asked)

    bench.endpoint.on("node_agents", fail_or_wait)
    async with asyncio.timeout(10):
        with pytest.raises(ModelFailed, match="refused the key"):
            await bench.generate()
    assert len(bench.endpoint.about("node_agents")) <= 3


async def test_a_lost_claim_goes_before_every_other_failure(bench):
    class Lost(MemoryJournal):
        async def settle(self, step, kind, data):
            if step.key.startswith("agents/find_risks"):
                raise StaleClaim("another worker has it")
            await super().settle(step, kind, data)

    with pytest.raises(StaleClaim):
        await bench.generate(journal=Lost())


async def test_a_settled_call_is_never_made_again(bench):
    first = await bench.generate()
    asked = len(bench.endpoint.asked)
    again = MemoryJournal(bench.journal.steps)
    assert await bench.generate(journal=again) == first
    assert len(bench.endpoint.asked) == asked
    assert again.of(Kind.MODEL_STARTED) == []


async def test_a_replay_tells_nothing_twice(bench):
    await bench.generate()
    told = list(bench.journal.events)
    await bench.generate()
    assert bench.journal.events == told


async def test_a_replay_goes_on_where_it_was_cut_off(bench):
    """The plan's first reply was rejected and settled, one node was done: only the rest is asked."""
    bench.endpoint.on("workflow_plan", says(plan()), says(PLAN))
    await bench.generate()
    kept = {k: s for k, s in bench.journal.steps.items() if not k.startswith("agents/write")}
    asked = len(bench.endpoint.asked)
    await bench.generate(journal=MemoryJournal(kept))
    assert [a.section("Node")["name"] for a in bench.endpoint.asked[asked:]] == ["write_report"]


async def test_progress_never_falls_when_nodes_finish_in_another_order(bench):
    """`MemoryJournal` refuses progress that falls."""
    await bench.generate()
    journal = MemoryJournal({k: s for k, s in bench.journal.steps.items() if "find_risks" not in k})
    for event in bench.journal.events[:-3]:
        if event.key not in (None, *bench.journal.steps):
            await journal.tell(event.key, event.kind, event.data)
    await bench.generate(journal=journal)
    assert journal.of(Kind.TASK_PROGRESS)[-1]["progress"] == 95


def test_a_plan_of_fifty_long_nodes_fits_its_event():
    wide = plan(
        *(
            sub_task(f"n{i}_{'x' * 55}", [f"in_{i}_{j}_{'y' * 50}" for j in range(20)], [f"o{i}_{'z' * 50}"])
            for i in range(50)
        )
    )
    told = plan_told(Plan.model_validate(wide))
    assert len(json.dumps(told)) < MAX_DATA_BYTES
    assert told["truncated"] is True
    assert len(told["nodes"]) == 50


def test_the_instructions_name_the_limits():
    assert f"Never more than {MAX_NODES}" in prompts.PLAN
    assert f"at most {MAX_NAME_CHARS} characters" in prompts.PLAN


def test_the_memory_journal_is_a_journal():
    journal: Journal = MemoryJournal()
    assert journal.steps == {}  # type: ignore[attr-defined]


def test_the_engine_imports_no_django():
    code = (
        "import pkgutil, importlib, sys, workflows.engine as e\n"
        "for m in pkgutil.walk_packages(e.__path__, 'workflows.engine.'): importlib.import_module(m.name)\n"
        "assert not {'django', 'celery', 'redis', 'channels'} & sys.modules.keys(), 'the engine is plain Python'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
