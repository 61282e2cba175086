// A small layered layout (after Sugiyama): ranks by longest path, order by barycenter, long edges through way points.

export const NODE = { width: 192, height: 50 };
const GAP = { x: 22, y: 46, wayPoint: 16 };
const SWEEPS = 6;

/** How far to the right of its nodes an edge that leads back up goes. */
export const DETOUR = 32;

/**
 * @typedef {{source: string, target: string}} Edge
 * @typedef {{x: number, y: number}} Point the middle of a node
 * @typedef {{name: string, rank: number, x: number, width: number, up: Item[], down: Item[]}} Item
 * @typedef {{width: number, height: number, nodes: Map<string, Point>, edges: {isBack: boolean, points: Point[]}[]}} Layout
 */

/**
 * @param {string[]} names
 * @param {Edge[]} edges
 * @returns {Layout}
 */
export function layOut(names, edges) {
  const known = edges.filter(({ source, target }) => names.includes(source) && names.includes(target));
  const back = backEdges(names, known);
  const forward = known.filter((edge) => !back.has(edge));
  const ranks = rank(names, forward);
  /** @type {Item[][]} */
  const rows = Array.from({ length: Math.max(0, ...ranks.values()) + 1 }, () => []);
  const add = (/** @type {string} */ name, /** @type {number} */ at, /** @type {number} */ width) => {
    /** @type {Item} */
    const item = { name, rank: at, x: 0, width, up: [], down: [] };
    rows[at]?.push(item);
    return item;
  };
  const items = new Map(names.map((name) => [name, add(name, ranks.get(name) ?? 0, NODE.width)]));
  const at = (/** @type {string} */ name) => /** @type {Item} */ (items.get(name));

  const ways = forward.map(({ source, target }) => {
    const way = [at(source)];
    for (let r = at(source).rank + 1; r < at(target).rank; r++) way.push(add("", r, GAP.wayPoint));
    way.push(at(target));
    way.slice(1).forEach((item, i) => {
      item.up.push(/** @type {Item} */ (way[i]));
      way[i]?.down.push(item);
    });
    return way;
  });

  place(rows);
  const point = (/** @type {Item} */ item) => ({
    x: item.x,
    y: NODE.height / 2 + 4 + item.rank * (NODE.height + GAP.y),
  });
  const all = rows.flat();
  const left = Math.min(0, ...all.map((item) => item.x - item.width / 2)) - 4;
  all.forEach((item) => { item.x -= left; });
  return {
    width: Math.max(NODE.width, ...all.map((item) => item.x + item.width / 2)) + 4 + (back.size ? DETOUR : 0),
    height: rows.length * (NODE.height + GAP.y) - GAP.y + 8,
    nodes: new Map(names.map((name) => [name, point(at(name))])),
    edges: [
      ...ways.map((way) => ({ isBack: false, points: way.map(point) })),
      ...[...back].map(({ source, target }) => ({ isBack: true, points: [point(at(source)), point(at(target))] })),
    ],
  };
}

/**
 * Edges that close a cycle.
 * @param {string[]} names
 * @param {Edge[]} edges
 * @returns {Set<Edge>}
 */
function backEdges(names, edges) {
  const back = new Set();
  const entered = new Set();
  const left = new Set();
  const visit = (/** @type {string} */ name) => {
    entered.add(name);
    for (const edge of edges.filter(({ source }) => source === name)) {
      if (!entered.has(edge.target)) visit(edge.target);
      else if (!left.has(edge.target)) back.add(edge);
    }
    left.add(name);
  };
  for (const name of names) if (!entered.has(name)) visit(name);
  return back;
}

/**
 * How many edges the longest way to each node has.
 * @param {string[]} names
 * @param {Edge[]} edges
 */
function rank(names, edges) {
  /** @type {Map<string, number>} */
  const ranks = new Map();
  const find = (/** @type {string} */ name) => {
    const known = ranks.get(name);
    if (known !== undefined) return known;
    const above = edges.filter(({ target }) => target === name).map(({ source }) => find(source) + 1);
    const found = Math.max(0, ...above);
    ranks.set(name, found);
    return found;
  };
  names.forEach(find);
  return ranks;
}

/**
 * Orders each row by where its neighbours are, then moves it below or above them.
 * @param {Item[][]} rows
 */
function place(rows) {
  rows.forEach((row) => spread(row, row.map(() => 0)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    for (const row of isDown ? rows : [...rows].reverse()) {
      const wanted = new Map(row.map((item) => [item, middle(isDown ? item.up : item.down) ?? item.x]));
      const goal = (/** @type {Item} */ item) => wanted.get(item) ?? 0;
      row.sort((a, b) => goal(a) - goal(b));
      spread(row, row.map(goal));
    }
  }
}

/**
 * Side by side, in order, as near to the wanted places as that allows.
 * @param {Item[]} row
 * @param {number[]} wanted
 */
function spread(row, wanted) {
  let edge = -Infinity;
  row.forEach((item, i) => {
    item.x = Math.max(wanted[i] ?? 0, edge + item.width / 2);
    edge = item.x + item.width / 2 + GAP.x;
  });
  const shift = middle(row.map((item, i) => ({ x: (wanted[i] ?? 0) - item.x }))) ?? 0;
  row.forEach((item) => { item.x += shift; });
}

/**
 * @param {{x: number}[]} points
 */
function middle(points) {
  return points.length ? points.reduce((sum, { x }) => sum + x, 0) / points.length : undefined;
}
