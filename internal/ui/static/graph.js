// @ts-check
// The graph: cards and lines where the server placed them, which can be moved, enlarged and walked along.
import { byId, put, svg } from './dom.js';
import { wordOf } from './words.js';

/** @typedef {import('./store.js').Store} Store @typedef {import('./store.js').Node} Item @typedef {import('./store.js').Changed} Changed */

const LEAST = 0.08;
const MOST = 2.5;
const MARGIN = 28;

export class Graph {
  /** @param {Store} store @param {(id: string) => void} onSelect */
  constructor(store, onSelect) {
    this.store = store;
    this.onSelect = onSelect;
    this.canvas = /** @type {SVGSVGElement} */ (/** @type {unknown} */ (byId('canvas')));
    this.scene = byId('scene');
    /** @type {Map<string, SVGElement>} */
    this.cards = new Map();
    /** @type {Map<string, SVGElement>} */
    this.lines = new Map();
    this.scale = 1;
    this.x = this.y = 0;
    /** Whether the user has moved the picture: then it is left where it is. */
    this.moved = false;
    this.selected = '';
    /** The card that Tab leads to. */
    this.current = '';
    this.listen();
    new ResizeObserver(() => this.moved || this.fit()).observe(this.canvas);
  }

  /** @param {Changed} c */
  update(c) {
    if (c.reset) {
      for (const e of [...this.cards.values(), ...this.lines.values()]) e.remove();
      this.cards.clear();
      this.lines.clear();
      this.moved = false;
    }
    if (c.view || c.reset) {
      put(byId('cycles'), ...(this.store.view?.cycles ?? []).flatMap((b) => [
        svg('rect', { class: 'cycle', x: b.X, y: b.Y, width: b.Width, height: b.Height, rx: 14 }),
        svg('text', { class: 'caption', x: b.X + 14, y: b.Y + 20 }, `Cycle of ${b.Members.length}`),
      ]));
      if (!this.moved) this.fit(); // before the cards are there: their texts are laid out for one scale
    }
    for (const id of c.edges) this.line(id);
    for (const id of c.nodes) this.card(id);
    if (!this.store.nodes.has(this.current)) this.rove([...this.store.nodes.keys()][0] ?? '');
    if (this.selected && (c.nodes.size || c.edges.size)) this.mark();
  }

  /** @param {string} id */
  line(id) {
    const edge = this.store.edges.get(id);
    let e = this.lines.get(id);
    if (!edge) {
      e?.remove();
      this.lines.delete(id);
      return;
    }
    if (!e) {
      e = svg('path');
      this.lines.set(id, e);
      byId('edges').append(e);
    }
    e.setAttribute('class', edge.class);
    e.setAttribute('d', edge.path);
    e.setAttribute('marker-end', `url(#${edge.class.includes('broken') ? 'msvc-stop' : 'msvc-tip'})`);
    put(e, svg('title', {}, edge.sentence));
    if (edge.class.includes('broken')) byId('edges').append(e); // above the others
  }

  /** @param {string} id */
  card(id) {
    const n = this.store.nodes.get(id);
    let e = this.cards.get(id);
    if (!n) {
      e?.remove();
      this.cards.delete(id);
      return;
    }
    if (!e) {
      e = svg('g', { role: 'button', tabindex: -1, 'data-id': id });
      this.cards.set(id, e);
      byId('nodes').append(e);
    }
    e.setAttribute('transform', `translate(${n.x} ${n.y})`);
    e.setAttribute('class', `node ${n.look}${n.change ? ` change-${n.change.toLowerCase()}` : ''}`);
    e.setAttribute('aria-label', label(n));
    put(e, svg('path', { class: 'card', d: n.outline }), svg('title', {}, n.sentence),
      n.lines.length > 1 && svg('use', { href: `#icon-${n.look}`, x: 10, y: n.height / 2 - 10, width: 20, height: 20 }),
      ...n.lines.flatMap((l) => [svg('text', { class: l.class, x: l.x, y: l.y }, l.text), ' ']),
      ...pill(n));
  }

  /** Shows which card is selected, and what it is connected with. */
  mark() {
    const near = new Set([this.selected]);
    const known = this.store.nodes.has(this.selected);
    for (const [id, e] of this.lines) {
      const edge = this.store.edges.get(id);
      const on = known && !!edge && (edge.from === this.selected || edge.to === this.selected);
      e.classList.toggle('near', on);
      if (on && edge) near.add(edge.from).add(edge.to);
    }
    for (const [id, e] of this.cards) {
      e.classList.toggle('near', known && near.has(id));
      e.classList.toggle('selected', id === this.selected);
      if (id === this.selected) e.setAttribute('aria-current', 'true');
      else e.removeAttribute('aria-current');
    }
    this.canvas.classList.toggle('chosen', known);
  }

  /** @param {string} id empty for none */
  select(id) {
    this.selected = id;
    if (this.store.nodes.has(id)) this.rove(id);
    this.mark();
  }

  /** @param {Set<string> | null} found the cards to show, null for all */
  filter(found) {
    this.canvas.classList.toggle('filtered', !!found);
    for (const [id, e] of this.cards) e.classList.toggle('found', !!found?.has(id));
  }

  /** Makes a card the one that Tab leads to. @param {string} id */
  rove(id) {
    this.cards.get(this.current)?.setAttribute('tabindex', '-1');
    this.current = id;
    this.cards.get(id)?.setAttribute('tabindex', '0');
  }

  /** Moves the focus to a card, and the picture until it is seen. @param {string} id */
  focus(id) {
    const n = this.store.nodes.get(id);
    if (!n) return;
    this.rove(id);
    this.reveal(n);
    /** @type {any} */ (this.cards.get(id))?.focus({ preventScroll: true });
  }

  /** @param {Item} n */
  reveal(n) {
    const { width, height } = this.canvas.getBoundingClientRect();
    const left = n.x * this.scale + this.x, top = n.y * this.scale + this.y;
    const right = left + n.width * this.scale, bottom = top + n.height * this.scale;
    if (left >= 0 && top >= 0 && right <= width && bottom <= height && this.scale >= 0.5) return;
    this.moved = true;
    this.scale = Math.max(this.scale, 0.8);
    this.place(width / 2 - (n.x + n.width / 2) * this.scale, height / 2 - (n.y + n.height / 2) * this.scale);
  }

  /** @param {string} key @returns {string} the card to which an arrow leads, empty for none */
  neighbour(key) {
    const here = this.store.nodes.get(this.current);
    if (!here) return '';
    const sideways = key === 'ArrowRight' || key === 'ArrowLeft';
    const candidates = [...this.store.nodes.values()].filter((n) => {
      if (n === here) return false;
      if (!sideways) return Math.abs(n.x - here.x) < 1 && (key === 'ArrowDown' ? n.y > here.y : n.y < here.y);
      return [...this.store.edges.values()].some((e) => (key === 'ArrowRight' ? e.from === here.id && e.to === n.id : e.to === here.id && e.from === n.id));
    });
    /** @param {Item} n */
    const distance = (n) => Math.abs(n.y - here.y) + (sideways ? Math.abs(n.x - here.x) / 100 : 0);
    candidates.sort((a, b) => distance(a) - distance(b));
    return candidates[0]?.id ?? '';
  }

  /** Shows all of it. */
  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const v = this.store.view;
    if (!v || !width || !v.width) return;
    this.moved = false;
    const top = byId('focus').hidden ? MARGIN : 64; // below what it says
    this.scale = Math.min(MOST, Math.max(LEAST, Math.min((width - 2 * MARGIN) / v.width, (height - top - MARGIN) / v.height, 1.25)));
    this.place((width - v.width * this.scale) / 2, top + Math.max(0, (height - top - MARGIN - v.height * this.scale) / 2));
  }

  /** @param {number} factor @param {number} [x] @param {number} [y] the point that stays where it is */
  zoom(factor, x, y) {
    const { width, height } = this.canvas.getBoundingClientRect();
    const cx = x ?? width / 2, cy = y ?? height / 2;
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * factor));
    const grown = scale / this.scale;
    this.scale = scale;
    this.moved = true;
    this.place(cx - (cx - this.x) * grown, cy - (cy - this.y) * grown);
  }

  /** @param {number} x @param {number} y */
  place(x, y) {
    this.x = x;
    this.y = y;
    this.scene.setAttribute('transform', `translate(${x} ${y}) scale(${this.scale})`);
  }

  listen() {
    byId('zoom-in').addEventListener('click', () => this.zoom(1.3));
    byId('zoom-out').addEventListener('click', () => this.zoom(1 / 1.3));
    byId('zoom-fit').addEventListener('click', () => this.fit());
    this.canvas.addEventListener('wheel', (e) => {
      e.preventDefault();
      const box = this.canvas.getBoundingClientRect();
      this.zoom(Math.exp(-e.deltaY * (e.ctrlKey ? 0.01 : 0.0015)), e.clientX - box.x, e.clientY - box.y);
    }, { passive: false });
    /** @type {Map<number, PointerEvent>} */
    const down = new Map();
    let dragged = 0;
    this.canvas.addEventListener('pointerdown', (e) => {
      if (!down.size) dragged = 0;
      down.set(e.pointerId, e);
    });
    this.canvas.addEventListener('pointermove', (e) => {
      const before = down.get(e.pointerId);
      if (!before) return;
      const other = [...down.values()].find((p) => p.pointerId !== e.pointerId);
      dragged += Math.hypot(e.clientX - before.clientX, e.clientY - before.clientY);
      if (dragged > 4) this.canvas.setPointerCapture(e.pointerId);
      if (other) {
        /** @param {PointerEvent} p */
        const apart = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
        const box = this.canvas.getBoundingClientRect();
        this.zoom(apart(e) / Math.max(1, apart(before)), (e.clientX + other.clientX) / 2 - box.x, (e.clientY + other.clientY) / 2 - box.y);
      } else if (dragged > 4) {
        this.moved = true;
        this.place(this.x + e.clientX - before.clientX, this.y + e.clientY - before.clientY);
      }
      down.set(e.pointerId, e);
    });
    /** @param {PointerEvent} e */
    const up = (e) => {
      down.delete(e.pointerId);
    };
    this.canvas.addEventListener('pointerup', up);
    this.canvas.addEventListener('pointercancel', up);
    this.canvas.addEventListener('click', (e) => {
      if (dragged > 4) return;
      const id = /** @type {Element} */ (e.target).closest('[data-id]')?.getAttribute('data-id') ?? '';
      this.onSelect(id === this.selected ? '' : id);
    });
    this.canvas.addEventListener('keydown', (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey) return;
      if (e.key.startsWith('Arrow')) {
        const to = this.neighbour(e.key);
        if (to) this.focus(to);
        e.preventDefault();
      } else if (e.key === 'Enter' || e.key === ' ') {
        this.onSelect(this.current);
        e.preventDefault();
      }
    });
    // On the SVG itself it would make that a stop of the Tab key.
    byId('graph').addEventListener('focusin', (e) => {
      const id = /** @type {Element} */ (e.target).getAttribute('data-id');
      if (id) this.rove(id);
    });
  }
}

/** @param {Item} n @returns {string} what can be read on a card, so that it can be asked for by these words, and what its colour tells */
function label(n) {
  const words = [...n.lines.map((l) => l.text), mark(n)].filter(Boolean).join(' ');
  const look = wordOf(n.look);
  return n.lines.some((l) => l.text === look) ? words : `${words}, ${look}`;
}

/** @param {Item} n @returns {string} what changes, or how many pods serve where it is not all of them */
function mark(n) {
  if (n.change) return n.change;
  return n.replicas !== undefined && n.available !== n.replicas ? `${n.available ?? 0}/${n.replicas}` : '';
}

/** @param {Item} n @returns {SVGElement[]} the mark on the border */
function pill(n) {
  const text = mark(n);
  if (!text) return [];
  const width = 14 + 7 * text.length;
  return [
    svg('rect', { class: 'pill', x: n.width - width - 8, y: -9, width, height: 18, rx: 9 }),
    svg('text', { class: 'pill-text', x: n.width - width / 2 - 8, y: 4, 'text-anchor': 'middle' }, text),
  ];
}
