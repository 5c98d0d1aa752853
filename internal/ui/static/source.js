// @ts-check
// Where the page gets what it shows: from the server, or from itself.

/**
 * @typedef {import('./store.js').Message} Message
 * @typedef {'live' | 'lost' | 'refused'} Link whether the server answers
 * @typedef {{frozen?: string, follow: (query: string, onMessage: (m: Message) => void, onLink: (l: Link, why?: string) => void) => () => void,
 *   details: (id: string) => Promise<any>, reach: (to: string, from?: string) => Promise<any[]>}} Source
 */

/** @param {string} token @returns {Source} the server that the page comes from */
export function served(token) {
  const headers = { Authorization: `Bearer ${token}` };
  /** @param {string} path */
  const ask = async (path) => {
    const answer = await fetch(path, { headers });
    if (!answer.ok) throw new Error((await answer.text()).trim());
    return answer.json();
  };
  return {
    details: (id) => ask(`api/details?${new URLSearchParams({ id })}`),
    reach: (to, from) => ask(`api/reach?${new URLSearchParams(from ? { to, from } : { to })}`),
    follow(query, onMessage, onLink) {
      let over = false;
      /** @type {AbortController | null} */
      let current = null;
      const run = async () => {
        for (let failures = 0; !over && !document.hidden; ) {
          current = new AbortController();
          try {
            const answer = await fetch(`api/stream?${query}`, { headers, signal: current.signal });
            if (answer.status === 401 || answer.status === 400) {
              onLink('refused', (await answer.text()).trim());
              return;
            }
            for await (const m of messages(answer)) {
              failures = 0;
              onLink('live');
              onMessage(m);
            }
          } catch (e) {
            if (over || document.hidden) return;
          }
          onLink('lost');
          failures++;
          await new Promise((done) => setTimeout(done, Math.min(5000, 500 * failures)));
        }
      };
      // A page that nobody sees holds no connection.
      const seen = () => (document.hidden ? current?.abort() : run());
      document.addEventListener('visibilitychange', seen);
      run();
      return () => {
        over = true;
        document.removeEventListener('visibilitychange', seen);
        current?.abort();
      };
    },
  };
}

/** @param {Response} answer @returns {AsyncGenerator<Message>} the server-sent events in it */
async function* messages(answer) {
  if (!answer.ok || !answer.body) throw new Error(`${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ''; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      if (part.startsWith('data: ')) yield JSON.parse(part.slice(6));
    }
  }
}

/** @param {{at: string, message: Message, details: Record<string, any>}} data @returns {Source} a page in one file */
export function frozen(data) {
  return {
    frozen: data.at,
    details: async (id) => data.details[id],
    reach: async () => [],
    follow(_, onMessage, onLink) {
      onLink('live');
      onMessage(data.message);
      return () => {};
    },
  };
}
