// @ts-check
// Elements. Text is only ever set as text, so names cannot become markup.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 */

/**
 * @param {Element} e
 * @param {Record<string, any>} props attributes, and listeners whose names begin with on
 * @param {Child[]} children
 */
function fill(e, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) e.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) e.setAttribute(name, value === true ? '' : `${value}`);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== false).map((c) => (c instanceof window.Node ? c : `${c}`)));
}

/** @param {string} tag @param {Record<string, any>} [props] @param {...Child} children @returns {HTMLElement} */
export function el(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  fill(e, props, children);
  return e;
}

/** @param {string} tag @param {Record<string, any>} [props] @param {...Child} children @returns {SVGElement} */
export function svg(tag, props = {}, ...children) {
  const e = document.createElementNS(SVG, tag);
  fill(e, props, children);
  return e;
}

/** @param {string} look @returns {SVGElement} the icon of a look, beside its word */
export const icon = (look) => svg('svg', { class: 'icon', 'aria-hidden': 'true', width: 18, height: 18 }, svg('use', { href: `#icon-${look}` }));

/** @template {HTMLElement} T @param {string} id @returns {T} */
export const byId = (id) => /** @type {T} */ (document.getElementById(id));

/** @param {Element} of @param {Child[]} children */
export const put = (of, ...children) => of.replaceChildren(...children.filter((c) => c !== null && c !== undefined && c !== false).map((c) => (c instanceof window.Node ? c : `${c}`)));

/** @param {string} text @returns {HTMLElement | null} a button that copies the command in a text, if there is one */
export function copyButton(text) {
  const command = text.match(/kubectl [^;]+/)?.[0];
  if (!command) return null;
  const b = el('button', { type: 'button', class: 'copy', 'aria-label': `Copy: ${command}`, onclick: async () => {
    await navigator.clipboard.writeText(command);
    b.textContent = 'Copied';
    setTimeout(() => (b.textContent = 'Copy'), 1500);
  } }, 'Copy');
  return b;
}
