// The workflow as a drawing. Nodes are buttons: click, Enter or Space chooses one.
import { DETOUR, layOut, NODE } from "./layout.js";

/** @typedef {import("./task-state.js").Node} Node */
/** @typedef {import("./task-state.js").Edge} Edge */
/** @typedef {import("./layout.js").Point} Point */

const SVG = "http://www.w3.org/2000/svg";
const LINE_CHARS = 22;
const SMALLEST = 0.75;
const MARKS = { waiting: "planned", active: "being written…", done: "✓ has its agent", failed: "stopped", skipped: "skipped" };

export class Graph {
  #box;
  #onChoose;
  #drawn = "";
  /** @type {Map<string, SVGGElement>} */
  #nodes = new Map();
  chosen = "";

  /**
   * @param {HTMLElement} box
   * @param {() => void} onChoose
   */
  constructor(box, onChoose) {
    this.#box = box;
    this.#onChoose = onChoose;
  }

  /**
   * @param {Map<string, Node>} nodes
   * @param {Edge[]} edges
   */
  show(nodes, edges) {
    if (!nodes.size) return;
    const shape = JSON.stringify([[...nodes.keys()], edges.map(({ source, target }) => [source, target])]);
    if (shape !== this.#drawn) {
      this.#draw([...nodes.keys()], edges);
      this.#drawn = shape;
    }
    for (const [name, element] of this.#nodes) {
      const node = /** @type {Node} */ (nodes.get(name));
      const said = node.mark ?? MARKS[node.state];
      const mark = element.querySelector(".mark");
      if (mark && mark.textContent !== said) {
        mark.textContent = said;
        element.setAttribute("aria-label", `${name}: ${said}`);
      }
      element.dataset.state = node.state;
      element.setAttribute("aria-pressed", String(name === this.chosen));
    }
  }

  /**
   * @param {string[]} names
   * @param {Edge[]} edges
   */
  #draw(names, edges) {
    const layout = layOut(names, edges);
    const { width, height } = layout;
    const svg = /** @type {SVGSVGElement} */ (make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "presentation" }));
    // On a phone it may shrink, as long as it can be read; beyond that it scrolls in its box.
    svg.style.minWidth = `${width * SMALLEST}px`;
    const marker = make("marker", {
      id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto",
    });
    marker.append(make("path", { d: "M0 0 8 4 0 8z" }));
    svg.append(marker);
    for (const { isBack, points } of layout.edges) {
      const d = isBack ? detour(points) : curve(points);
      svg.append(make("path", { class: isBack ? "edge back" : "edge", d, "marker-end": "url(#arrow)" }));
    }
    this.#nodes = new Map(names.map((name) => {
      const element = this.#drawNode(name, /** @type {Point} */ (layout.nodes.get(name)));
      svg.append(element);
      return [name, element];
    }));
    this.#box.replaceChildren(svg);
  }

  /**
   * @param {string} name
   * @param {Point} middle
   */
  #drawNode(name, { x, y }) {
    const element = /** @type {SVGGElement} */ (make("g", { class: "node", tabindex: 0, role: "button" }));
    const title = make("title", {});
    title.textContent = name;
    const { width, height } = NODE;
    element.append(title, make("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: 9 }));
    const label = make("text", { x, y: y - 3 });
    label.textContent = shorten(name.replaceAll("_", " "));
    element.append(label, make("text", { x, y: y + 14, class: "mark" }));
    const choose = () => {
      this.chosen = this.chosen === name ? "" : name;
      this.#onChoose();
    };
    element.addEventListener("click", choose);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    });
    return element;
  }
}

/**
 * From the bottom of the first through the way points to the top of the last.
 * @param {Point[]} points
 */
function curve(points) {
  const half = NODE.height / 2;
  let d = "";
  points.slice(1).forEach((to, i) => {
    const from = /** @type {Point} */ (points[i]);
    const [start, end] = [from.y + half, to.y - half];
    const bend = (start + end) / 2;
    // A way point is as high as a node: straight through it, then on.
    d += i ? `V${start}` : `M${from.x} ${start}`;
    d += `C${from.x} ${bend} ${to.x} ${bend} ${to.x} ${end}`;
  });
  return d;
}

/**
 * An edge that leads back up goes around on the right.
 * @param {Point[]} points
 */
function detour(points) {
  const [from, to] = /** @type {[Point, Point]} */ (points);
  const side = NODE.width / 2;
  const out = Math.max(from.x, to.x) + side + DETOUR;
  return `M${from.x + side} ${from.y}C${out} ${from.y} ${out} ${to.y} ${to.x + side} ${to.y}`;
}

/**
 * @param {string} text
 */
function shorten(text) {
  return text.length <= LINE_CHARS ? text : `${text.slice(0, LINE_CHARS - 1)}…`;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
