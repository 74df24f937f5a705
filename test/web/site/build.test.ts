import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deadLinks } from '../../../web/build/dead-links.ts';
import { renderMarkdown } from '../../../web/build/markdown.ts';
import { contentsOf } from '../../../web/docs/contents.ts';
import { search } from '../../../web/docs/search-index.ts';

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-site-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('a document', () => {
  const render = (source: string): ReturnType<typeof renderMarkdown> =>
    renderMarkdown(source, (href) => `to:${href}`);

  test('has the anchors that GitHub gives its headings', () => {
    const { sections } = render(
      '# A `b --c`: D, e\n\n## Same\n\nOne.\n\n## Same\n\n## Größe, µC_x\n',
    );
    expect(sections.map(({ anchor }) => anchor)).toEqual([
      'a-b---c-d-e',
      'same',
      'same-1',
      'größe-µc_x',
    ]);
    expect(sections[1]).toMatchObject({ level: 2, title: 'Same', text: 'One. ' });
  });

  test('has its links led elsewhere, in tables, too, and runs no HTML', () => {
    const { html } = render(
      '# T\n\n| a |\n| --- |\n| [b](c.md#d) |\n\n<script>alert(1)</script>\n',
    );
    expect(html).toContain('<div class="scroll"><table>');
    expect(html).toContain('<a href="to:c.md#d">b</a>');
    expect(html).not.toContain('<script>');
  });

  test('has as its summary the first sentences, without marks', () => {
    const long = 'x'.repeat(250);
    expect(render(`# T\n\nFirst *one*. Second: ${long}. Third.\n`).summary).toBe(
      'First one. Second.',
    );
  });
});

test('no document is left out of the contents, and each is there once', () => {
  const files = ['README.md', 'docs/boards.md', 'docs/of-tomorrow.md', 'examples/x/README.md'];
  const listed = contentsOf(files).flatMap(({ documents }) => documents);
  expect(listed.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
  expect(listed.map(({ at }) => at)).toEqual([
    'docs/readme/',
    'docs/boards/',
    'docs/of-tomorrow/',
    'docs/examples/x/',
  ]);
});

test('the search wants every word, and ranks a heading before a text', () => {
  const found = search(
    [
      ['a/', 'Files', '', 'of power and cuts'],
      ['b/#c', 'Laboratory', 'Power cuts', 'each'],
      ['d/', 'Other', '', 'power'],
    ],
    'POWER cuts',
    10,
  );
  expect(found.map(({ at }) => at)).toEqual(['b/#c', 'a/']);
  expect(search([['a/', 'x', '', 'y']], '  ', 10)).toEqual([]);
});

test('a link to nothing is found, wherever it stands', () => {
  const folder = folderWith({
    'index.html':
      '<a href="a/">a</a> <a href="b/">b</a> <a href="a/#there">t</a> <a href="a/#not">n</a> <code>&lt;img src="y"></code>',
    'a/index.html':
      '<p id="there"><a href="../">up</a> <img src="x.png"> <a href="#none">n</a> <a href="../?q=1#k=2">s</a>',
  });
  expect(deadLinks(folder).toSorted()).toEqual([
    'a/index.html: #none',
    'a/index.html: x.png',
    'index.html: a/#not',
    'index.html: b/',
  ]);
});

/** All of an answer to a path that `fetch` would mend. */
function fetchRaw(url: string, path: string): Promise<string> {
  const { port, hostname } = new URL(url);
  return new Promise((done, reject) => {
    let all = '';
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => (all += piece));
    socket.on('end', () => done(all));
    socket.on('error', reject);
  });
}

describe('the server of the site', () => {
  interface Served {
    readonly url: string;
    readonly close: () => Promise<void>;
  }
  interface Options {
    readonly folder: string;
    readonly base?: string;
  }

  async function served(base = '/'): Promise<string> {
    const folder = folderWith({
      'site/index.html': 'start',
      'site/lab/index.html': 'lab',
      'site/workers/w.js': '1',
      'site/_headers': '/*\n  X-A: page\n  X-B: all\n\n/workers/*\n  X-A: worker\n',
      'secret.txt': 'secret',
    });
    const path = pathToFileURL(resolve(import.meta.dirname, '../../../scripts/site-server.mjs'));
    const { serveSite } = (await import(path.href)) as {
      serveSite: (options: Options) => Promise<Served>;
    };
    const site = await serveSite({ folder: join(folder, 'site'), base });
    onTestFinished(site.close);
    return site.url;
  }

  test('sends the headers that the folder asks for, the last word for the same name', async () => {
    const url = await served();
    const [page, worker] = await Promise.all([fetch(url), fetch(`${url}workers/w.js`)]);
    expect([page.headers.get('x-a'), worker.headers.get('x-a')]).toEqual(['page', 'worker']);
    expect(worker.headers.get('x-b')).toBe('all');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(worker.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  test('leads a folder to its page, under its own path', async () => {
    const url = await served('/some/where/');
    const answer = await fetch(`${url}lab`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([301, '/some/where/lab/']);
    expect(await (await fetch(`${url}lab/`)).text()).toBe('lab');
    expect((await fetch(new URL('/lab/', url))).status).toBe(404);
    const situation = await fetch(`${url}lab?board=x`, { redirect: 'manual' });
    expect(situation.headers.get('location')).toBe('/some/where/lab/?board=x');
  });

  test('outlives an address that is none, and leads nowhere else', async () => {
    const url = await served();
    const { origin } = new URL(url);
    for (const path of ['//', '/\\', '//other.invalid/lab', '//lab', '//_headers']) {
      const answer = await fetchRaw(url, path);
      expect(answer).not.toMatch(/^location: (?!\/lab\/)/im);
      expect(answer).not.toContain('X-A: page\n');
    }
    expect(await (await fetch(`${origin}/lab/`)).text()).toBe('lab');
  });

  test.each([
    '..%2fsecret.txt',
    '%2e%2e/secret.txt',
    'lab/..%2f..%2fsecret.txt',
    '_headers',
    'none',
    '%ff',
    '%00',
  ])('gives nothing for %s', async (path) => {
    const answer = await fetch((await served()) + path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toBe('not here\n');
  });

  test('changes nothing', async () => {
    expect((await fetch(await served(), { method: 'POST' })).status).toBe(405);
  });
});
