// @ts-check
// What the page knows of the system.

/**
 * @typedef {{id: string, namespace: string, name: string, look: string, words: string, replicas?: number, available?: number,
 *   dependencies?: string, dependents: number, image: string, message?: string, since?: string, change?: string}} Row
 * @typedef {{class: string, text: string, x: number, y: number}} Line
 * @typedef {{id: string, namespace?: string, name: string, kind: string, state: string, look: string, x: number, y: number,
 *   width: number, height: number, outline: string, lines: Line[], sentence: string, replicas?: number, available?: number, change?: string}} Node
 * @typedef {{id: string, from: string, to: string, name: string, state?: string, optional?: boolean, class: string, path: string,
 *   sentence: string, change?: string}} Edge
 * @typedef {{X: number, Y: number, Width: number, Height: number, Members: string[]}} Cycle
 * @typedef {{context: string, namespace: string, files?: boolean, heading: string, summary: string, width: number, height: number,
 *   cycles: Cycle[] | null, namespaces: string[], only?: string, collapsed?: boolean, total: number, counts: Record<string, number>,
 *   problem?: string, missing?: boolean}} View
 * @typedef {{seq: number, at: string, id: string, look?: string, words: string}} Happening
 * @typedef {{set?: any[], drop?: string[]}} Patch
 * @typedef {{reset?: boolean, view?: View, rows?: Patch, nodes?: Patch, edges?: Patch, events?: Happening[]}} Message
 * @typedef {{reset: boolean, view: boolean, rows: Set<string>, nodes: Set<string>, edges: Set<string>, events: Happening[]}} Changed
 */

/** How long happenings are shown, in milliseconds, and how many at most, as on the server. */
export const REMEMBERED = 10 * 60 * 1000;
const MOST_REMEMBERED = 200;

export class Store {
  constructor() {
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Map<string, Node>} */
    this.nodes = new Map();
    /** @type {Map<string, Edge>} */
    this.edges = new Map();
    /** @type {View | null} */
    this.view = null;
    /** The last happenings, the newest first. @type {Happening[]} */
    this.events = [];
  }

  /**
   * Takes a message of the server.
   * @param {Message} m
   * @returns {Changed} what is new, different or gone
   */
  apply(m) {
    if (m.reset) {
      this.rows.clear();
      this.nodes.clear();
      this.edges.clear();
      this.events = [];
    }
    if (m.view) this.view = m.view;
    this.events = [...(m.events ?? [])].reverse().concat(this.events).slice(0, MOST_REMEMBERED);
    return {
      reset: !!m.reset, view: !!m.view, events: m.events ?? [],
      rows: patch(this.rows, m.rows), nodes: patch(this.nodes, m.nodes), edges: patch(this.edges, m.edges),
    };
  }

  /** @param {number} now @returns {Happening[]} those of the last minutes, the newest first */
  recent(now) {
    this.events = this.events.filter((e) => now - Date.parse(e.at) < REMEMBERED);
    return this.events;
  }

  /** @returns {Row[]} those that need somebody: the worst and those with most dependents first */
  troubled() {
    return [...this.rows.values()].filter((r) => r.look === 'notready' || r.look === 'missing').sort(byTrouble);
  }
}

/** @param {Row} a @param {Row} b */
export const byTrouble = (a, b) => b.dependents - a.dependents || a.id.localeCompare(b.id);

/** @param {Map<string, any>} items @param {Patch | undefined} p @returns {Set<string>} */
function patch(items, p) {
  /** @type {Set<string>} */
  const touched = new Set();
  for (const item of p?.set ?? []) {
    items.set(item.id, item);
    touched.add(item.id);
  }
  for (const id of p?.drop ?? []) {
    items.delete(id);
    touched.add(id);
  }
  return touched;
}
