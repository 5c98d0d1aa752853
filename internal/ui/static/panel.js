// @ts-check
// What there is to tell: of one Microservice, or of all.
import { byId, copyButton, el, icon, put } from './dom.js';
import { age, counted, nameOf } from './words.js';

/**
 * @typedef {import('./store.js').Store} Store
 * @typedef {import('./source.js').Source} Source
 */

/** How many that need help are listed: the list is drawn again whenever something happens. */
const MOST_LISTED = 50;

export class Panel {
  /**
   * @param {Store} store
   * @param {Source} source
   * @param {{select: (id: string) => void, around: (id: string) => void, close: () => void}} act
   */
  constructor(store, source, act) {
    this.store = store;
    this.source = source;
    this.act = act;
    this.at = byId('panel');
    this.id = '';
    /** @type {any} */
    this.details = null;
    this.error = '';
    /** Which sections are open. @type {Map<string, boolean>} */
    this.open = new Map();
    /** Who was asked whether it reaches this one. @type {{from?: string, answers?: any[], error?: string}} */
    this.reach = {};
    this.loading = 0;
  }

  /** @param {string} id empty for the overview */
  show(id) {
    if (id !== this.id) {
      this.details = null;
      this.error = '';
      this.reach = {};
      this.at.scrollTop = 0;
    }
    this.id = id;
    this.draw();
    this.load();
  }

  /** Asks for the details again. What comes late is for nobody. */
  async load() {
    const id = this.id;
    if (!id || (!this.store.rows.has(id) && this.store.nodes.get(id)?.kind !== 'Microservice')) return;
    const turn = ++this.loading;
    try {
      const details = await this.source.details(id);
      if (turn !== this.loading || id !== this.id) return;
      this.details = details;
      this.error = '';
    } catch (e) {
      if (turn !== this.loading || id !== this.id) return;
      this.error = /** @type {Error} */ (e).message;
    }
    this.draw();
  }

  /** Draws what is known again. The focus and what is open stay. */
  draw() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.at;
    const within = this.at.contains(document.activeElement);
    const top = this.at.scrollTop;
    this.at.classList.toggle('one', !!this.id);
    put(this.at, ...(this.id ? this.one() : this.overview()));
    this.at.scrollTop = top;
    if (within && focused) /** @type {HTMLElement | null} */ (this.at.querySelector(`[data-at="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  }

  /** @returns {any[]} */
  overview() {
    const now = Date.now();
    const troubled = this.store.troubled();
    const events = this.store.recent(now);
    const changes = [...this.store.rows.values()].filter((r) => r.change);
    const compares = !!this.store.view?.files;
    return [
      compares && this.section('changes', 'What changes', changes.length,
        changes.length ? el('ul', { class: 'list' }, ...changes.map((r) => this.item(r.id, r.look, r.change ?? ''))) : el('p', { class: 'good' }, 'Nothing: the files are what there is.')),
      this.section('trouble', 'Needs attention', troubled.length, el('div', {},
        troubled.length
          ? el('ul', { class: 'list' }, ...troubled.slice(0, MOST_LISTED).map((r) => this.item(r.id, r.look, `${r.words}${r.since ? `, ${age(r.since, now)}` : ''}`, r.message ?? '',
            r.dependents ? `${counted(r.dependents, 'Microservice')} depend${r.dependents === 1 ? 's' : ''} on it` : '')))
          : el('p', { class: 'good' }, this.store.rows.size ? 'Nothing: no Microservice needs help.' : 'There are no Microservices here.'),
        troubled.length > MOST_LISTED && el('p', { class: 'quiet' }, `${troubled.length - MOST_LISTED} more are in the table.`))),
      !this.source.frozen && !compares && this.section('recent', 'Last ten minutes', events.length,
        events.length
          ? el('ol', { class: 'list events' }, ...events.map((e) => el('li', {},
            el('time', { datetime: e.at, title: e.at }, age(e.at, now)), e.look ? icon(e.look) : el('span', { class: 'dot' }),
            el('div', {}, this.link(e.id, `event ${e.seq}`), el('span', { class: 'what' }, e.words)))))
          : el('p', { class: 'quiet' }, 'Nothing has changed.')),
    ];
  }

  /** @returns {any[]} */
  one() {
    const row = this.store.rows.get(this.id);
    const node = this.store.nodes.get(this.id);
    const look = row?.look ?? node?.look ?? 'missing';
    const words = row?.words ?? (node ? node.lines[node.lines.length - 1]?.text : 'not there any more');
    const head = el('div', { class: 'panel-head' },
      el('div', { class: 'who' }, icon(look),
        el('div', {}, el('h2', {}, row?.name ?? node?.name ?? this.id), el('p', { class: `look-${look}` }, `${row ? `${row.namespace} · ` : ''}${words}`))),
      el('div', { class: 'acts' },
        el('button', { type: 'button', 'data-at': 'around', onclick: () => this.act.around(this.id) }, 'Neighbours'),
        el('button', { type: 'button', class: 'round', 'data-at': 'close', 'aria-label': 'Close', onclick: () => this.act.close() }, '×')));
    const d = this.details;
    if (!d) return [head, this.error ? el('p', { class: 'bad' }, `Cannot see: ${this.error}`) : null, ...(row || this.error ? [] : this.connections())];
    return [
      head,
      (d.conditions.length > 0 || !this.store.view?.files) && this.why(d),
      d.diff && this.fold('diff', 'What changes', el('pre', { class: 'patch', tabindex: 0, role: 'region', 'aria-label': 'Difference of its objects' }, ...d.diff.split('\n').map((/** @type {string} */ l) => el('span', { class: l[0] === '+' ? 'plus' : l[0] === '-' ? 'minus' : undefined }, `${l}\n`))), true),
      this.facts(d),
      this.dependencies(d),
      d.objects && this.pods(d),
      d.objects && this.objects(d),
      d.conditions.length > 0 && this.fold('conditions', 'Conditions', el('dl', { class: 'conditions' }, ...d.conditions.flatMap((/** @type {any} */ c) => [
        el('dt', {}, el('span', {}, c.type), el('span', { class: `value is-${c.status.toLowerCase()}` }, c.status)),
        el('dd', {}, el('strong', {}, c.reason), ` ${c.message}`, el('time', { datetime: c.lastTransitionTime }, ` ${age(c.lastTransitionTime, Date.now())}`))]))),
      d.objects && this.events(d),
      d.objects && this.reached(d),
    ];
  }

  /** @param {any} d */
  why(d) {
    const namespace = d.answer.namespace;
    return el('section', { class: `why ${d.answer.healthy ? 'well' : ''}`, 'aria-label': 'Why' },
      el('p', { class: 'summary' }, `${d.answer.summary}.`),
      ...[...d.answer.causes, ...d.answer.besides].slice(0, 10).map((/** @type {any} */ c, /** @type {number} */ i) => el('div', { class: 'cause' },
        c.path.length > 1 && el('p', { class: 'path' }, ...c.path.flatMap((/** @type {string} */ name, /** @type {number} */ j) => [j > 0 && ' → ', this.link(name.includes('/') ? name : `${namespace}/${name}`, `cause ${i} ${j}`, name)])),
        el('p', {}, el('strong', {}, c.reason), c.since && el('span', { class: 'quiet' }, ` for ${age(c.since, Date.now())}`)),
        el('p', { class: 'said' }, c.message || 'no message'),
        c.serves && el('p', {}, el('span', { class: 'tag' }, 'now'), ` ${c.serves}`),
        c.cure && el('p', { class: 'cure' }, el('span', { class: 'tag' }, 'do'), ` ${c.cure} `, copyButton(c.cure)))));
  }

  /** @param {any} d */
  facts(d) {
    /** @type {[string, any][]} */
    const all = [
      ['Image', d.image && el('code', {}, d.image)],
      ['Pods', d.conditions.length > 0 && `${d.available} of ${d.replicas} available`],
      ['Address', d.url && el('code', {}, d.url)],
      ['From outside', d.externalURL && el('a', { href: d.externalURL, rel: 'noreferrer', target: '_blank', 'data-at': 'url' }, d.externalURL)],
      ['Age', d.created && age(d.created, Date.now())],
    ];
    return el('dl', { class: 'facts' }, ...all.filter(([, v]) => v).flatMap(([k, v]) => [el('dt', {}, k), el('dd', {}, v)]));
  }

  /** @param {any} d */
  dependencies(d) {
    const namespace = d.answer.namespace;
    /** @param {any} x */
    const bad = (x) => x.state && !['Ready', 'Unverified'].includes(x.state);
    return this.fold('dependencies', `Dependencies (${d.dependencies.length}) and dependents (${d.dependents.length})`, el('div', {},
      el('ul', { class: 'list plain' }, ...d.dependencies.map((/** @type {any} */ x) => el('li', {},
        el('span', {}, '→ ', this.link(x.to, `to ${x.name}`, nameOf(x.to, namespace)), x.optional && el('span', { class: 'tag' }, 'optional')),
        el('span', { class: bad(x) ? 'bad' : 'quiet' }, x.state ?? ''), x.message && el('p', { class: 'said' }, x.message)))),
      el('ul', { class: 'list plain' }, ...d.dependents.map((/** @type {string} */ id) => el('li', {}, el('span', {}, '← ', this.link(id, `from ${id}`, nameOf(id, namespace))))))), true);
  }

  /** @param {any} d */
  pods(d) {
    const pods = d.objects.kinds.find((/** @type {any} */ k) => k.kind === 'Pod');
    return pods && this.fold('pods', `Pods${pods.cannotSee ? '' : ` (${pods.objects.length})`}`, this.things([pods], false), true);
  }

  /** @param {any} d */
  objects(d) {
    const kinds = d.objects.kinds.filter((/** @type {any} */ k) => k.kind !== 'Pod');
    const n = kinds.reduce((/** @type {number} */ sum, /** @type {any} */ k) => sum + k.objects.length, 0);
    return this.fold('objects', `Objects (${n})`, this.things(kinds, true));
  }

  /** @param {any[]} kinds @param {boolean} named */
  things(kinds, named) {
    const items = kinds.flatMap((k) => [
      ...(k.cannotSee ? [el('li', { class: 'quiet' }, `${k.kind}: cannot see: ${k.cannotSee}`)] : []),
      ...k.objects.map((/** @type {any} */ o) => el('li', {}, el('span', {}, named && el('span', { class: 'quiet' }, `${k.kind} `), o.name), el('span', { class: 'quiet' }, o.state ?? ''))),
    ]);
    return items.length ? el('ul', { class: 'list plain' }, ...items) : el('p', { class: 'quiet' }, 'There are none.');
  }

  /** @param {any} d */
  events(d) {
    const events = d.events ?? [];
    return this.fold('events', `Events${events.length ? ` (${events.length})` : ''}`, d.cannotSee ? el('p', { class: 'quiet' }, `Cannot see: ${d.cannotSee}.`)
      : events.length ? el('ul', { class: 'list plain' }, ...events.map((/** @type {any} */ e) => el('li', {},
        el('span', {}, el('strong', { class: e.type === 'Warning' ? 'bad' : '' }, e.reason), e.count > 1 && ` ×${e.count}`), el('time', { datetime: e.last, class: 'quiet' }, age(e.last, Date.now())),
        el('p', { class: 'said' }, e.message))))
        : el('p', { class: 'quiet' }, 'There are none.'));
  }

  /** @param {any} d */
  reached(d) {
    const { answers, error } = this.reach;
    /** @param {string} [from] */
    const ask = async (from) => {
      const id = this.id;
      try {
        this.reach = { from, answers: await this.source.reach(id, from) };
      } catch (e) {
        this.reach = { from, error: /** @type {Error} */ (e).message };
      }
      if (id === this.id) this.draw();
    };
    return this.fold('reach', 'Who may reach it', el('div', {},
      el('form', { class: 'ask', onsubmit: (/** @type {Event} */ e) => {
        e.preventDefault();
        ask(/** @type {HTMLInputElement} */ (this.at.querySelector('[data-at="from"]')).value.trim());
      } }, el('label', {}, el('span', { class: 'hidden' }, 'From'), el('input', { 'data-at': 'from', value: this.reach.from ?? '', placeholder: 'NAME or NAMESPACE/NAME', spellcheck: 'false', autocomplete: 'off' })), el('button', { type: 'submit', 'data-at': 'ask' }, 'Can it?')),
      error && el('p', { class: 'bad' }, error),
      answers && el('ul', { class: 'list plain' }, ...answers.map((a) => el('li', {},
        el('span', {}, a.cannotSee ? '' : a.allowed ? '✓ ' : '✕ ', nameOf(a.from, d.answer.namespace)),
        el('span', { class: a.allowed || a.cannotSee ? 'quiet' : 'bad' }, a.cannotSee ? `cannot see: ${a.cannotSee}` : `${a.allowed ? 'can' : 'cannot'}, port ${a.port}/${a.protocol}`),
        a.cure && el('p', { class: 'said' }, a.cure)))),
      answers && !answers.length && el('p', { class: 'quiet' }, 'Nobody depends on it. Ask for one above.'),
      el('p', { class: 'quiet small' }, 'This is what NetworkPolicies say; nothing is sent.')),
    false, () => answers || error || ask());
  }

  /** @returns {any[]} what is known of something that is no Microservice */
  connections() {
    const edges = [...this.store.edges.values()];
    const from = edges.filter((e) => e.to === this.id), to = edges.filter((e) => e.from === this.id);
    /** @param {string} title @param {typeof edges} all @param {'from' | 'to'} side */
    const list = (title, all, side) => all.length > 0 && this.section(side, title, all.length, el('ul', { class: 'list plain' }, ...all.map((e) => el('li', {},
      this.link(e[side], `${side} ${e.id}`), el('span', { class: e.class.includes('broken') ? 'bad' : 'quiet' }, e.state ?? '')))));
    return [list('Used by', from, 'from'), list('Leads to', to, 'to')];
  }

  /** @param {string} key @param {string} title @param {number} count @param {Node} content */
  section(key, title, count, content) {
    return el('section', { class: `part ${key}` }, el('h2', {}, title, count > 0 && el('span', { class: 'count' }, count)), content);
  }

  /**
   * @param {string} key @param {string} title @param {Node} content
   * @param {boolean} [open] at first
   * @param {() => void} [onOpen]
   */
  fold(key, title, content, open = false, onOpen = () => {}) {
    const e = /** @type {HTMLDetailsElement} */ (el('details', { class: `part ${key}`, open: this.open.get(key) ?? open },
      el('summary', { 'data-at': `fold ${key}` }, el('h3', {}, title)), content));
    e.addEventListener('toggle', () => {
      this.open.set(key, e.open);
      if (e.open) onOpen();
    });
    return e;
  }

  /** @param {string} id @param {string} look @param {string} title @param {...string} more */
  item(id, look, title, ...more) {
    return el('li', {}, icon(look), el('div', {}, this.link(id, `item ${id}`), el('strong', { class: `look-${look}` }, title), ...more.filter(Boolean).map((m) => el('p', { class: 'said' }, m))));
  }

  /** @param {string} id @param {string} at @param {string} [name] */
  link(id, at, name) {
    const known = this.store.rows.has(id) || this.store.nodes.has(id);
    const text = name ?? nameOf(id, this.store.view?.namespaces.length === 1 ? this.store.view.namespaces[0] : '');
    return known ? el('button', { type: 'button', class: 'link', 'data-at': at, onclick: () => this.act.select(id) }, text) : el('span', {}, text);
  }
}
