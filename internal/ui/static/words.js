// @ts-check
// Words and numbers for people.

/** The looks, the worst first. @type {string[]} */
export const LOOKS = ['notready', 'missing', 'moving', 'unknown', 'parked', 'ready'];

/** @param {string} look @returns {number} the place of a look in LOOKS */
export const severity = (look) => (LOOKS.indexOf(look) + LOOKS.length + 1) % (LOOKS.length + 1);

/** @param {string} look @returns {string} its word, as in the legend */
export const wordOf = (look) => document.getElementById(`icon-${look}`)?.dataset.word ?? look;

/**
 * @param {string | undefined} time as in RFC 3339
 * @param {number} now in milliseconds
 * @returns {string} how long ago it was, such as 5m
 */
export function age(time, now) {
  if (!time) return '';
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}

/** @param {number} n @param {string} what @returns {string} such as 2 pods */
export const counted = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;

/** @param {string} id @param {string} namespace @returns {string} the name as seen from a namespace */
export const nameOf = (id, namespace) => (namespace && id.startsWith(`${namespace}/`) ? id.slice(namespace.length + 1) : id);

/** @param {string} image @returns {string} without its registry and folders */
export const shortImage = (image) => image.replace(/^.*\//, '').replace(/@sha256:(.{7}).*/, '@$1…');
