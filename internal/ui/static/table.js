// @ts-check
// The same as a table.
import { byId, el, icon, put } from './dom.js';
import { byTrouble } from './store.js';
import { age, severity, shortImage } from './words.js';

/** @typedef {import('./store.js').Store} Store @typedef {import('./store.js').Row} Row */

const PAGE = 100;

/** @type {{key: string, title: string, order: (a: Row, b: Row) => number}[]} */
const COLUMNS = [
  { key: 'state', title: 'State', order: (a, b) => severity(a.look) - severity(b.look) || byTrouble(a, b) },
  { key: 'name', title: 'Name', order: (a, b) => a.name.localeCompare(b.name) },
  { key: 'namespace', title: 'Namespace', order: (a, b) => a.namespace.localeCompare(b.namespace) },
  { key: 'pods', title: 'Pods', order: (a, b) => (a.available ?? -1) - (b.available ?? -1) },
  { key: 'dependencies', title: 'Depends on', order: (a, b) => (a.dependencies ?? '').localeCompare(b.dependencies ?? '', undefined, { numeric: true }) },
  { key: 'dependents', title: 'Dependents', order: (a, b) => b.dependents - a.dependents },
  { key: 'image', title: 'Image', order: (a, b) => shortImage(a.image).localeCompare(shortImage(b.image)) },
  { key: 'since', title: 'Since', order: (a, b) => (b.since ?? '').localeCompare(a.since ?? '') },
];

export class Table {
  /** @param {Store} store @param {(id: string) => void} onSelect */
  constructor(store, onSelect) {
    this.store = store;
    this.onSelect = onSelect;
    this.by = COLUMNS[0];
    this.down = false;
    this.most = PAGE;
    this.selected = '';
    /** @type {Set<string> | null} */
    this.found = null;
  }

  /** Draws the table again, if it is shown. The focus stays where it is. */
  draw() {
    if (byId('table').hidden) return;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.at;
    const rows = [...this.store.rows.values()].filter((r) => !this.found || this.found.has(r.id))
      .sort((a, b) => this.by.order(a, b) * (this.down ? -1 : 1) || a.id.localeCompare(b.id));
    const one = !this.store.view || this.store.view.namespaces.length < 2;
    const columns = COLUMNS.filter((c) => c.key !== 'namespace' || !one);
    const now = Date.now();
    put(byId('table'),
      el('table', {},
        el('caption', { class: 'hidden' }, 'Microservices. A click on a title sorts.'),
        el('thead', {}, el('tr', {}, ...columns.map((c) => this.title(c)))),
        el('tbody', {}, ...rows.slice(0, this.most).map((r) => this.row(r, columns.map((c) => c.key), now)))),
      !rows.length && el('p', { class: 'empty' }, this.found ? 'No Microservice has such a name, state or image.' : 'There are no Microservices.'),
      rows.length > this.most && el('button', { type: 'button', class: 'more', 'data-at': 'more', onclick: () => {
        this.most += PAGE;
        this.draw();
      } }, `Show more of ${rows.length}`));
    if (focused) /** @type {HTMLElement | null} */ (byId('table').querySelector(`[data-at="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  }

  /** @param {typeof COLUMNS[0]} c */
  title(c) {
    const on = c === this.by;
    return el('th', { scope: 'col', class: `col-${c.key}`, 'aria-sort': on ? (this.down ? 'descending' : 'ascending') : undefined },
      el('button', { type: 'button', 'data-at': `title ${c.key}`, onclick: () => {
        this.down = on && !this.down;
        this.by = c;
        this.draw();
      } }, c.title, el('span', { class: 'arrow', 'aria-hidden': 'true' }, on ? (this.down ? '↓' : '↑') : '')));
  }

  /** @param {Row} r @param {string[]} keys @param {number} now */
  row(r, keys, now) {
    /** @type {Record<string, () => any>} */
    const cells = {
      state: () => el('span', { class: `state look-${r.look}` }, icon(r.look), el('span', {}, r.words), r.change && el('span', { class: `tag change-${r.change.toLowerCase()}` }, r.change)),
      name: () => el('button', { type: 'button', class: 'link', 'data-at': r.id, 'aria-current': r.id === this.selected ? 'true' : undefined, onclick: () => this.onSelect(r.id) }, r.name),
      namespace: () => r.namespace,
      pods: () => (r.replicas === undefined ? '' : `${r.available ?? 0}/${r.replicas}`),
      dependencies: () => r.dependencies ?? '',
      dependents: () => r.dependents || '',
      image: () => el('span', { title: r.image }, shortImage(r.image)),
      since: () => age(r.since, now),
    };
    return el('tr', { class: r.id === this.selected ? 'selected' : undefined, onclick: (/** @type {MouseEvent} */ e) => {
      if (!(/** @type {Element} */ (e.target).closest('button'))) this.onSelect(r.id);
    } }, ...keys.map((k) => el(k === 'name' ? 'th' : 'td', { class: `col-${k}`, scope: k === 'name' ? 'row' : undefined }, cells[k]())));
  }
}
