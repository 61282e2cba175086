// A workflow's page: draws its graph.
import { fill } from "./fields.js";
import { Graph } from "./graph.js";
import { nodesOf } from "./task-state.js";
import { keepAgesTrue } from "./times.js";

const get = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

async function draw() {
  const { graph: url } = get("workflow").dataset;
  if (!url) return;
  const answer = await fetch(url);
  if (!answer.ok) return;
  const workflow = await answer.json();
  const nodes = nodesOf(workflow, "waiting");
  for (const node of nodes.values()) node.mark = node.agents.length === 1 ? "1 agent" : `${node.agents.length} agents`;
  const graph = new Graph(get("graph"), () => {
    graph.show(nodes, workflow.edges);
    const node = nodes.get(graph.chosen);
    get("node-detail").hidden = !node;
    if (!node) return;
    fill(get("node-detail"), {
      title: node.name.replaceAll("_", " "),
      description: node.description,
      inputs: node.inputs.join(", "),
      outputs: node.outputs.join(", "),
      prompt: node.prompt,
    });
  });
  graph.show(nodes, workflow.edges);
}

keepAgesTrue();
draw();
