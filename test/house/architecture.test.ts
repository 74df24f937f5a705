import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const src = resolve(import.meta.dirname, '../../src');

/** Who may import whom. A room that is not listed may not exist. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  bytes: [],
  usb: ['bytes'],
  dfu: ['bytes', 'usb'],
  host: ['bytes', 'usb', 'dfu', 'image'],
  gang: ['bytes', 'usb', 'dfu', 'image', 'host'],
  device: ['bytes', 'usb', 'dfu'],
  trace: ['bytes', 'usb', 'dfu'],
  flash: ['bytes'],
  chip: ['bytes'],
  image: ['bytes', 'dfu', 'flash'],
  'boot/riotboot': ['bytes', 'flash', 'image'],
  'boot/mcuboot': ['bytes', 'flash', 'image'],
  'boot/stm32': ['bytes', 'flash'],
  lab: ['bytes', 'flash', 'image', 'boot/riotboot', 'boot/mcuboot'],
  manifest: ['bytes', 'usb', 'image'],
  flow: ['bytes', 'usb', 'dfu', 'image', 'host', 'manifest'],
  'dfu-flasher': ['bytes', 'usb', 'host', 'manifest', 'flow', 'link/web-usb'],
  'link/loopback': ['bytes', 'usb'],
  'link/message-port': ['bytes', 'usb'],
  'link/usbip': ['bytes', 'usb'],
  'link/node-usb': ['bytes', 'usb'],
  'link/web-usb': ['bytes', 'usb'],
  flasher: ['bytes', 'usb', 'host', 'link/node-usb', 'link/web-usb'],
  board: [
    'bytes',
    'usb',
    'dfu',
    'device',
    'flash',
    'image',
    'boot/riotboot',
    'boot/mcuboot',
    'boot/stm32',
    'lab',
    'chip',
  ],
  'board/examples': ['bytes'],
  'board/node': ['bytes', 'usb', 'flash', 'image', 'chip', 'board', 'board/examples'],
  'board/web': ['board'],
  testing: [
    'bytes',
    'usb',
    'host',
    'flash',
    'image',
    'boot/mcuboot',
    'lab',
    'link/loopback',
    'link/usbip',
    'board',
    'board/node',
  ],
};

/** Inside a room the arrows between its subfolders go one way, too. */
const inside: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  board: {
    models: [],
    import: ['models'],
    hardware: ['models'],
    seams: ['models', 'hardware'],
    images: ['models', 'seams'],
    media: ['models', 'seams'],
    program: ['models', 'hardware', 'seams', 'media'],
    bootloaders: ['models', 'hardware', 'seams', 'media', 'program'],
    'stand-in': ['models', 'hardware', 'seams', 'media', 'program'],
    debug: ['seams'],
    machine: ['models', 'hardware', 'seams', 'program', 'debug'],
    'power-cuts': [],
  },
  device: {
    core: [],
    dfu: ['core'],
    media: ['core', 'dfu'],
    profiles: ['dfu'],
    conversation: ['core', 'dfu', 'media'],
    mode: ['core', 'dfu', 'media', 'profiles', 'conversation'],
    runtime: ['core', 'dfu', 'profiles'],
    dfuse: ['core', 'dfu', 'media', 'profiles', 'conversation'],
  },
  gang: { inject: [] },
  // The seams stand in the room itself.
  chip: { armv6m: [], rp2040: ['', 'armv6m'], stm32f0: ['', 'armv6m'], control: [''] },
  host: {
    quirks: [],
  },
  image: {
    formats: [],
    keys: [],
    riotboot: [],
    mcuboot: ['formats', 'keys'],
  },
  cli: {
    shared: [],
    host: ['shared'],
    board: ['shared'],
    firmware: ['shared', 'host', 'board'],
    tour: ['shared', 'board'],
    imgtool: ['shared'],
    image: ['shared', 'imgtool'],
    manifest: ['shared'],
    flash: ['shared', 'image'],
    genhdr: ['shared'],
    doctor: ['shared', 'host'],
    completion: ['shared'],
    'dfu-tools': ['shared'],
    'dfu-util': ['shared', 'host'],
    'install-shims': ['shared'],
    test: ['shared'],
    trace: ['shared'],
  },
};

/** Sits on top: may import every public face. */
const top = new Set(['cli']);

function roomOf(path: string): string {
  const [first = '', second = ''] = relative(src, path).split(sep);
  if (first === 'boot' || first === 'link') return `${first}/${second}`;
  if (first === 'board' && ['examples', 'node', 'web'].includes(second)) return `board/${second}`;
  return first.endsWith('.ts') ? '' : first;
}

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => join(src, file));

const imports: Import[] = files.flatMap((file) => {
  const source = readFileSync(file, 'utf8');
  const found = source.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'(\.[^']*)'/g);
  return [...found].map(([, target = '']) => ({ file, target: resolve(dirname(file), target) }));
});

/** Circles in a graph, each as the nodes on the way round: none where there is none. */
function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (node: string, way: readonly string[]): void => {
    const seen = way.indexOf(node);
    if (seen >= 0) found.push([...way.slice(seen), node].join(' -> '));
    if (seen >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...way, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}

describe('the house', () => {
  test('has no room that the plan does not know', () => {
    const rooms = new Set(files.map(roomOf).filter((room) => room !== ''));
    expect([...rooms].filter((room) => arrows[room] === undefined && !top.has(room))).toEqual([]);
  });

  test('has no arrow that the plan does not allow', () => {
    const wrong = imports
      .map(({ file, target }) => ({
        file: relative(src, file),
        from: roomOf(file),
        to: roomOf(target),
      }))
      .filter(({ from, to }) => from !== to && from !== '' && !top.has(from))
      .filter(({ from, to }) => arrows[from]?.includes(to) !== true);
    expect(wrong).toEqual([]);
  });

  test.each(Object.entries(inside))('has arrows inside %s as planned', (room, allowed) => {
    const folderOf = (path: string): string =>
      relative(join(src, room), dirname(path)).split(sep)[0] ?? '';
    const faces = new Set([join(src, room, 'public.ts'), join(src, room, 'index.ts')]);
    const wrong = imports
      .filter(({ file, target }) => roomOf(file) === room && roomOf(target) === room)
      .filter(({ file }) => !faces.has(file))
      .filter(({ file, target }) => {
        const [from, to] = [folderOf(file), folderOf(target)];
        // What stands in the room itself is on top of its subfolders.
        return from !== to && from !== '' && allowed[from]?.includes(to) !== true;
      })
      .map(({ file, target }) => `${relative(src, file)} -> ${relative(src, target)}`);
    expect(wrong).toEqual([]);
  });

  test('has no circle, not of types either', () => {
    const graph = new Map<string, Set<string>>();
    for (const { file, target } of imports) {
      const from = relative(src, file);
      graph.set(from, (graph.get(from) ?? new Set()).add(relative(src, target)));
    }
    expect(circles(graph)).toEqual([]);
  });

  test('is entered by the front doors only', () => {
    const wrong = imports
      .filter(({ file, target }) => roomOf(file) !== roomOf(target) || roomOf(file) === '')
      .filter(
        ({ target }) =>
          !target.endsWith(`${sep}index.ts`) && !target.startsWith(resolve(src, '..', 'firmware')),
      )
      .map(({ file, target }) => `${relative(src, file)} -> ${relative(src, target)}`);
    expect(wrong).toEqual([]);
  });

  test('exports a subpath for every room but bytes and cli, and flasher as the package itself', () => {
    const manifest = JSON.parse(readFileSync(resolve(src, '../package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const subpaths = Object.keys(manifest.exports).map((subpath) => subpath.replace(/^\.\/?/, ''));
    const rooms = Object.keys(arrows).filter((room) => room !== 'bytes' && room !== 'flasher');
    const others = subpaths.filter((subpath) =>
      /^(?:package|\w+\.schema)\.json$|\.js$/.test(subpath),
    );
    expect(new Set(subpaths)).toEqual(new Set(['', ...others, ...rooms]));
  });
});

describe('a command', () => {
  test('asks one place where its files are: they are put together when it is built', () => {
    const wrong = files
      .filter((file) => relative(src, file).startsWith(`cli${sep}`))
      .filter((file) => readFileSync(file, 'utf8').includes('import.meta'))
      .map((file) => relative(src, file).replaceAll(sep, '/'));
    expect(wrong).toEqual(['cli/shared/main-file.ts']);
  });

  test('has its terminal from its caller, and the process has one place', () => {
    const own = ['cli/main.ts', 'cli/process-terminal.ts'];
    const streams =
      /\bprocess\s*\.\s*(?:stdout|stderr|stdin|exitCode|exit|on|once|off)\b|\bconsole\.\w+\(/;
    const wrong = files
      .filter((file) => relative(src, file).startsWith(`cli${sep}`))
      .filter((file) => streams.test(readFileSync(file, 'utf8')))
      .map((file) => relative(src, file).replaceAll(sep, '/'));
    expect(wrong.toSorted()).toEqual(own);
  });
});
