// Serves a folder of static files on this machine, with the headers that its `_headers` asks for.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** The rules of `_headers`: a pattern of paths at the start of a line, and under it the headers, further in. */
function rulesOf(folder) {
  const file = join(folder, '_headers');
  const rules = [];
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    if (/^\S/.test(line)) rules.push({ prefix: line.trim().replace(/\*$/, ''), headers: [] });
    const [, name, value] = /^\s+([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) rules.at(-1)?.headers.push([name, value]);
  }
  return rules;
}

/** The file at a path; undefined for none. */
function fileOf(folder, path) {
  const file = join(folder, path);
  return existsSync(file) ? file : undefined;
}

/** What an address asks for, under the base: `/lab/` and `?board=x`. The path is undefined for what is outside of it. */
function askedFor(url, base) {
  const [, pathname, search] = /^([^?]*)(.*)$/s.exec(url);
  return { path: pathOf(pathname, base), search };
}

function pathOf(pathname, base) {
  if (!pathname.startsWith(base)) return undefined;
  try {
    const decoded = decodeURIComponent(pathname.slice(base.length - 1));
    const path = normalize(decoded).replaceAll('\\', '/');
    return path.startsWith('/') && !path.includes('\0') ? path : undefined;
  } catch {
    return undefined;
  }
}

function answer(request, response, { folder, rules, base }) {
  const end = (status, headers = {}, text = '') => response.writeHead(status, headers).end(text);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return end(405, { Allow: 'GET, HEAD' });
  const { path, search } = askedFor(request.url, base);
  let file = path === undefined ? undefined : fileOf(folder, path);
  if (file !== undefined && statSync(file).isDirectory()) {
    // Links in a page are seen from its folder.
    if (!path.endsWith('/'))
      return end(301, { Location: `${base.slice(0, -1)}${encodeURI(path)}/${search}` });
    file = fileOf(folder, `${path}index.html`);
  }
  if (file === undefined || path === '/_headers')
    return end(404, { 'Content-Type': types['.txt'] }, 'not here\n');
  response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
  response.setHeader('Content-Length', statSync(file).size);
  response.setHeader('Cache-Control', 'no-cache');
  for (const { prefix, headers } of rules)
    if (path.startsWith(prefix))
      for (const [name, value] of headers) response.setHeader(name, value);
  if (request.method === 'HEAD') return end(200);
  // It may go, or be no one's to read, while it is sent: whoever asked is told by the length.
  return createReadStream(file)
    .once('error', () => response.destroy())
    .pipe(response);
}

/**
 * Serves a folder. Answers its address and what ends it. `base` is the path under which it stands (`/` or `/NAME/`);
 * port 0 is any that is free.
 */
export async function serveSite({ folder, host = '127.0.0.1', port = 0, base = '/' }) {
  const rules = rulesOf(folder);
  const server = createServer((request, response) =>
    answer(request, response, { folder, rules, base }),
  );
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address();
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${taken}${base}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
