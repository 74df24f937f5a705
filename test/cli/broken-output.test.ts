import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareBuild } from '../support/built-cli.ts';

/* Every command of the program whose reader goes at once, and on a disk that is full. */

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
let folder = '';

interface Ran {
  readonly status: number | null;
  readonly err: string;
}

/** `dfukit` in a shell that fails as its left side does, with this behind its words. */
function inShell(args: readonly string[], behind: string): Ran {
  rmSync(join(folder, 'new.pem'), { force: true });
  const line = `set -o pipefail; "$@" ${behind}`;
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', line, 'bash', process.execPath, main, ...args],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' },
    },
  );
  return { status, err: stderr };
}

function dfukit(args: readonly string[]): Ran & { readonly out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' },
  });
  return { status, out: stdout, err: stderr };
}

/** The commands below one, as its own help has them. */
function below(path: readonly string[]): string[][] {
  const { out } = dfukit([...path, '--help']);
  const [, list = ''] = /\nCommands:\n((?: .*\n)*)/.exec(out) ?? [];
  const names = [...list.matchAll(/^ {2}([a-z][a-z-]*) /gm)];
  const known = names.map(([, name = '']) => name).filter((name) => name !== 'help');
  if (known.length === 0) return [[...path]];
  return known.flatMap((name) => below([...path, name]));
}

/** What each command is tried with besides `--help`, and how that ends when somebody reads; `!`: nobody can wait for it. */
const trials: Readonly<Record<string, readonly [args: string, exit: number]>> = {
  tour: ['!', 0],
  list: ['--bus usbip://127.0.0.1:9', 74],
  download: ['app.bin --bus usbip://127.0.0.1:9 --json', 74],
  upload: ['- --bus usbip://127.0.0.1:9', 74],
  detach: ['--bus usbip://127.0.0.1:9 --json', 74],
  doctor: ['--bus usbip://127.0.0.1:9', 1],
  'trace show': ['trace.ndjson', 0],
  'trace convert': ['trace.ndjson trace.pcapng', 0],
  'trace redact': ['trace.ndjson redacted.ndjson', 0],
  'dfu-util': ['-l --bus usbip://127.0.0.1:9', 74],
  'dfu-suffix': ['-c suffixed.bin', 0],
  'dfu-prefix': ['-c prefixed.bin', 0],
  'dfuse-pack': ['-b 0x08000000:app.bin packed.dfu', 0],
  completion: ['bash', 0],
  'install-shims': ['shims --force', 0],
  test: ['update.yaml', 0],
  'board list': ['', 0],
  'board show': ['reel_board', 0],
  'board import': ['riot.vars --write-unit 4 --sectors 256x4K -o imported.json --force', 0],
  'board run': ['!', 0],
  'board program': ['reel_board app.signed.bin --flash flash.bin', 0],
  'board erase': ['reel_board --flash dump.bin', 0],
  'firmware list': ['', 0],
  'firmware build': ['hello-world --board particle-xenon --slot 0 -o built.bin', 0],
  'firmware flash': ['saul --board particle-xenon --slot 0 --bus usbip://127.0.0.1:9', 74],
  'image sign': ['app.bin -v 1.0.0 -S 0x10000 -o signed.bin', 0],
  'image verify': ['app.signed.bin', 0],
  'image info': ['app.bin', 0],
  'image convert': ['app.bin app.hex --address 0x08000000', 0],
  'image diff': ['app.bin app.signed.bin', 1],
  'manifest create': [
    'app.signed.bin --product Lamp --board lamp=1209:7d00 -o made.json --force',
    0,
  ],
  'manifest add': ['grown.json app.signed.bin --replace', 0],
  'manifest check': ['manifest.json', 0],
  'flash inspect': ['dump.bin --board reel_board', 0],
  'flash map': ['dump.bin --board reel_board --words', 0],
  'flash boot': ['dump.bin --board reel_board --ops', 1],
  'flash why': ['dump.bin --board reel_board', 1],
  'flash fit': ['--board reel_board', 0],
  'flash powercut': ['dump.bin --board reel_board', 1],
  'flash wear': ['dump.bin --board reel_board', 65],
  genhdr: ['show header.bin', 0],
  'imgtool create': ['-v 1.0.0 -S 0x10000 --align 4 -H 32 --pad-header app.bin created.bin', 0],
  'imgtool dumpinfo': ['app.signed.bin', 0],
  'imgtool getpriv': ['-k key.pem', 0],
  'imgtool getpub': ['-k key.pem', 0],
  'imgtool getpubhash': ['-k key.pem', 0],
  'imgtool keygen': ['-k new.pem -t ecdsa-p256', 0],
  'imgtool keyinfo': ['-k key.pem', 0],
  'imgtool sign': ['-v 1.0.0 -S 0x10000 --align 4 -H 32 --pad-header app.bin tool.bin', 0],
  'imgtool verify': ['app.signed.bin', 0],
  'imgtool version': ['', 0],
};

const trace = /^\s+at |node:events|Unhandled/m;

beforeAll(() => {
  prepareBuild();
  folder = mkdtempSync(join(tmpdir(), 'dfukit-output-'));
  writeFileSync(join(folder, 'app.bin'), new Uint8Array(2000).fill(0x5a));
  writeFileSync(join(folder, 'dump.bin'), new Uint8Array(1 << 20).fill(0xff));
  writeFileSync(
    join(folder, 'update.yaml'),
    'board: reel_board\nsteps: [{ expect: { boot: { mode: none } } }]\n',
  );
  const build = resolve(import.meta.dirname, '../fixtures/builds/riot-nrf52840dk/riot.vars');
  copyFileSync(build, join(folder, 'riot.vars'));
  dfukit('image sign app.bin -v 1.0.0 -S 0x76000 -H 0x200 -o app.signed.bin'.split(' '));
  dfukit('imgtool keygen -k key.pem -t ecdsa-p256'.split(' '));
  dfukit('list --bus usbip://127.0.0.1:9 --trace trace.ndjson'.split(' '));
  for (const name of ['suffixed.bin', 'prefixed.bin'])
    copyFileSync(join(folder, 'app.bin'), join(folder, name));
  dfukit('dfu-suffix -a suffixed.bin'.split(' '));
  dfukit('dfu-prefix -L -a prefixed.bin'.split(' '));
  dfukit('genhdr generate app.bin 1 0x4000 256 header.bin'.split(' '));
  for (const name of ['manifest.json', 'grown.json'])
    dfukit(
      `manifest create app.signed.bin --product Lamp --board lamp=1209:7d00 -o ${name}`.split(' '),
    );
});
afterAll(() => rmSync(folder, { recursive: true }));

test('every command of the program has its trial', () => {
  expect(
    below([])
      .map((path) => path.join(' '))
      .toSorted(),
  ).toEqual(Object.keys(trials).toSorted());
});

describe.each(Object.entries(trials))('dfukit %s', (name, [more, exit]) => {
  const words = name.split(' ');
  const runs: (readonly [string[], number])[] = [[[...words, '--help'], 0]];
  if (more !== '!') runs.push([[...words, ...more.split(' ').filter(Boolean)], exit]);

  test('ends as it would, whenever its reader goes', () => {
    for (const [args, status] of runs) {
      const ran = inShell(args, '| :');
      expect({ args, ...ran }).toMatchObject({ args, status });
      expect(ran.err).not.toMatch(trace);
    }
  });

  test.runIf(existsSync('/dev/full'))('is no success where its words cannot be written', () => {
    for (const [args, status] of runs) {
      const ran = inShell(args, '> /dev/full');
      // One that has nothing to say has nothing to fail at.
      const silent = ran.status === 0 && dfukit(args).out === '';
      expect({ args, ...ran }).toMatchObject({ args, status: silent ? status : status || 74 });
      expect(ran.err).not.toMatch(trace);
    }
  });
});

describe('bytes that are what was asked for', () => {
  const build = 'firmware build hello-world --board particle-xenon --slot 0 -o -'.split(' ');

  test('and that nobody takes are no success', () => {
    const ran = inShell(build, '| :');
    expect(ran).toEqual({ status: 74, err: 'dfukit: standard output: whoever read it has gone\n' });
  });

  test('nor on a full disk', () => {
    const { status, err } = inShell(build, '> /dev/full');
    expect({ status, err }).toMatchObject({ status: 74 });
    expect(err).toMatch(/^dfukit: standard output: .*no space left.*\n$/i);
  });
});
