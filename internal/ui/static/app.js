// @ts-check
// The page: what is chosen, and who is told of it. What is chosen is in the address, so that it can be kept.
import { byId, el, icon, put } from './dom.js';
import { Graph } from './graph.js';
import { Panel } from './panel.js';
import { frozen, served } from './source.js';
import { Store } from './store.js';
import { Table } from './table.js';
import { LOOKS, severity, wordOf } from './words.js';

const data = document.getElementById('snapshot');
const source = data ? frozen(JSON.parse(data.textContent ?? '')) : served(token());
const store = new Store();
const graph = new Graph(store, (id) => select(id));
const table = new Table(store, (id) => select(id));
const panel = new Panel(store, source, { select: (id) => select(id, true), around: toggleAround, close: () => select('') });

/** What is chosen. */
const chosen = { view: innerWidth < 600 ? 'table' : 'graph', namespace: /** @type {string | null} */ (null), around: '', depth: '1', select: '', whole: '' };
let link = /** @type {import('./source.js').Link} */ ('live');
let refusal = '';
let stop = () => {};
let reload = 0;

/** Takes the token out of the address, where others would see it. @returns {string} */
function token() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    sessionStorage.setItem('token', given);
    history.replaceState(null, '', location.pathname);
  }
  return given ?? sessionStorage.getItem('token') ?? '';
}

/** Begins to follow what is chosen. */
function follow() {
  stop();
  const query = new URLSearchParams();
  if (chosen.namespace !== null) query.set('namespace', chosen.namespace);
  for (const key of /** @type {const} */ (['around', 'depth', 'whole'])) if (chosen[key]) query.set(key, chosen[key]);
  stop = source.follow(query.toString(), (m) => {
    const c = store.apply(m);
    if (c.view) header();
    graph.update(c);
    if (c.rows.size || c.reset) find();
    if (c.reset) graph.select(chosen.select);
    if (!c.reset) announce(c.events);
    if (!chosen.select) panel.draw();
    else if (c.reset || c.rows.has(chosen.select)) refresh();
  }, (state, why) => {
    link = state;
    refusal = why ?? '';
    banner();
  });
}

/** Asks for the details again, once for all that comes in a moment. */
function refresh() {
  clearTimeout(reload);
  reload = setTimeout(() => panel.load(), 150);
  panel.draw();
}

/** @param {string} id empty for none @param {boolean} [reveal] whether to move the picture to it */
function select(id, reveal = false) {
  const node = store.nodes.get(id);
  if (node?.kind === 'Namespace') return open(node.name);
  chosen.select = id;
  table.selected = id;
  graph.select(id);
  if (reveal && node) graph.reveal(node);
  table.draw();
  panel.show(id);
  document.body.classList.toggle('opened', !!id);
  if (id && innerWidth < 900) /** @type {HTMLElement | null} */ (byId('panel').querySelector('[data-at="close"]'))?.focus();
  keep();
}

/** Shows a namespace. @param {string} namespace empty for all */
function open(namespace) {
  chosen.namespace = namespace;
  chosen.around = chosen.whole = '';
  keep();
  follow();
}

/** Draws only the neighbours of one, or all again. @param {string} id */
function toggleAround(id) {
  chosen.around = chosen.around === id ? '' : id;
  show('graph');
  follow();
}

/** @param {string} view graph or table */
function show(view) {
  chosen.view = view;
  byId('graph').hidden = view !== 'graph';
  byId('table').hidden = view !== 'table';
  table.draw();
  byId('show-graph').setAttribute('aria-pressed', `${view === 'graph'}`);
  byId('show-table').setAttribute('aria-pressed', `${view === 'table'}`);
  keep();
}

/** Writes what is chosen into the address. */
function keep() {
  const state = new URLSearchParams();
  for (const [key, value] of Object.entries(chosen)) if (value && !(key === 'depth' && value === '1')) state.set(key, value);
  if (chosen.namespace === '') state.set('namespace', '');
  history.replaceState(null, '', `${location.pathname}#${state}`);
}

function header() {
  const v = store.view;
  if (!v) return;
  const scope = chosen.namespace ?? v.namespace;
  const title = scope || (v.namespaces.length === 1 ? v.namespaces[0] : 'All namespaces');
  document.title = `${v.counts.notready ? `(${v.counts.notready}) ` : ''}${title} · ${v.context}`;
  byId('title').textContent = title;
  put(byId('context'), v.context, source.frozen && ` · as it was ${source.frozen.replace('T', ' ').replace('Z', ' UTC')}`);
  const looks = Object.keys(v.counts).sort((a, b) => severity(a) - severity(b));
  put(byId('tally'), ...looks.map((look) => el('li', {}, el('button', { type: 'button', class: `look-${look}`, title: `Show only: ${wordOf(look)}`, onclick: () => {
    const search = /** @type {HTMLInputElement} */ (byId('search'));
    search.value = search.value === wordOf(look).toLowerCase() ? '' : wordOf(look).toLowerCase();
    find();
  } }, icon(look), el('b', {}, v.counts[look]), el('span', {}, wordOf(look).toLowerCase())))));
  const names = byId('namespace');
  const options = v.only ? [v.only] : ['', ...new Set([...v.namespaces, ...(scope ? [scope] : [])])];
  put(names, ...options.map((n) => el('option', { value: n, selected: n === scope }, n || 'All namespaces')));
  /** @type {HTMLSelectElement} */ (names).disabled = !!source.frozen || options.length < 2;
  put(byId('focus'), chosen.around && el('span', {}, `Around ${chosen.around}`),
    chosen.around && el('button', { type: 'button', onclick: () => deepen() }, 'One further'),
    chosen.around && el('button', { type: 'button', onclick: () => toggleAround(chosen.around) }, 'Show all'),
    v.collapsed && el('span', {}, `${v.total} are too many to read: these are their namespaces.`),
    v.collapsed && el('button', { type: 'button', onclick: () => {
      chosen.whole = 'true';
      follow();
    } }, 'Draw all'));
  byId('focus').hidden = !chosen.around && !v.collapsed;
  const empty = v.missing ? `There is no ${chosen.around}.` : v.total ? '' : 'There are no Microservices here.';
  byId('empty').textContent = empty;
  byId('empty').hidden = !empty;
  byId('canvas').setAttribute('aria-label', v.summary);
  banner();
}

function deepen() {
  chosen.depth = `${Math.min(9, Number(chosen.depth) + 1)}`;
  follow();
}

function banner() {
  const problem = link === 'refused' ? refusal : link === 'lost' ? 'The command that serves this page does not answer: what you see is the last that it said.' : store.view?.problem;
  byId('banner').textContent = problem ? problem[0].toUpperCase() + problem.slice(1) : '';
  byId('banner').hidden = !problem;
  if (problem && !store.view) byId('empty').hidden = true; // nothing comes
}

/** @param {import('./store.js').Happening[]} events */
function announce(events) {
  const texts = events.filter((e) => e.look).map((e) => `${e.id}: ${e.words}`);
  if (texts.length) byId('live').textContent = texts.length > 3 ? `${texts.length} Microservices changed` : texts.join('; ');
}

/** Shows what has the words of the search in its name, state, image or message. */
function find() {
  const words = /** @type {HTMLInputElement} */ (byId('search')).value.trim().toLowerCase();
  const has = (/** @type {(string | undefined)[]} */ ...texts) => words.split(/\s+/).every((w) => texts.some((t) => t?.toLowerCase().includes(w)));
  const found = words ? new Set([...store.rows.values()].filter((r) => wordOf(r.look).toLowerCase() === words || has(r.id, r.words, r.image, r.message)).map((r) => r.id)) : null;
  for (const n of found ? store.nodes.values() : []) if (n.kind !== 'Microservice' && has(n.id)) found?.add(n.id);
  table.found = found;
  table.draw();
  graph.filter(found);
}

/** Selects the next one that needs help. */
function next() {
  const all = store.troubled();
  const at = all.findIndex((r) => r.id === chosen.select);
  if (all.length) select(all[(at + 1) % all.length].id, true);
}

document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || /** @type {HTMLDialogElement} */ (byId('help')).open) return;
  const typing = /** @type {Element} */ (e.target).matches('input, select, textarea');
  if (e.key === 'Escape') {
    if (typing) /** @type {HTMLElement} */ (e.target).blur();
    else if (chosen.select) {
      const was = chosen.select;
      select('');
      if (chosen.view === 'graph') graph.focus(was);
    }
    return;
  }
  if (typing) {
    if (e.key === 'Enter' && e.target === byId('search') && table.found?.size) {
      const first = [...store.nodes.values()].find((n) => table.found?.has(n.id))?.id ?? [...table.found][0];
      select(first, true);
      if (chosen.view === 'graph') graph.focus(first);
    }
    return;
  }
  /** @type {Record<string, () => void>} */
  const keys = {
    '/': () => byId('search').focus(), g: () => show('graph'), t: () => show('table'), n: next,
    f: () => (chosen.select || graph.current) && toggleAround(chosen.around || chosen.select || graph.current),
    '+': () => graph.zoom(1.3), '-': () => graph.zoom(1 / 1.3), 0: () => graph.fit(),
    '?': () => /** @type {HTMLDialogElement} */ (byId('help')).showModal(),
  };
  if (keys[e.key]) {
    e.preventDefault();
    keys[e.key]();
  }
});

byId('search').addEventListener('input', find);
byId('namespace').addEventListener('change', () => open(/** @type {HTMLSelectElement} */ (byId('namespace')).value));
byId('show-graph').addEventListener('click', () => show('graph'));
byId('show-table').addEventListener('click', () => show('table'));
byId('open-help').addEventListener('click', () => /** @type {HTMLDialogElement} */ (byId('help')).showModal());
put(byId('signs'), ...[...LOOKS, 'service', 'external', 'gateway'].map((look) => el('li', {}, icon(look), wordOf(look))));

for (const [key, value] of new URLSearchParams(location.hash.slice(1))) if (key in chosen) /** @type {any} */ (chosen)[key] = value;
show(chosen.view);
if (chosen.select) document.body.classList.add('opened');
panel.show(chosen.select);
follow();
// Ages grow although nothing happens.
setInterval(() => {
  if (!document.hidden && !chosen.select) panel.draw();
}, 15000);
