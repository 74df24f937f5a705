import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { unitLine } from './gang-report.ts';
import { MiniatureBoard } from '../../../test/support/miniature-board.ts';
import { COMPATIBLE } from '../../device/index.ts';
import { riotbootImage } from '../../image/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';

/* Two stations of a rack, each a USB/IP server with boards of its own. */

const clock = timerClock(globalThis);
/** They stay in DFU mode. */
const bits = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };

const servers: UsbipServer[] = [];
let folder = '';
let image = '';
const DARK = 'usbip://127.0.0.1:1';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-gang-'));
  image = join(folder, 'app.bin');
  writeFileSync(image, Buffer.alloc(600, 'firmware'));
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  rmSync(folder, { recursive: true });
});

interface Station {
  readonly bus: string;
  readonly boards: readonly MiniatureBoard[];
}

async function station(
  ...serials: readonly (readonly [serial: string, starts?: 'loader'])[]
): Promise<Station> {
  const server = new UsbipServer({ clock, host: '127.0.0.1', port: 0 });
  servers.push(server);
  const boards = serials.map(
    ([serial, starts]) => new MiniatureBoard(bits, 64, COMPATIBLE, { serial, starts }),
  );
  for (const board of boards) server.add(board.device);
  const { host, port } = await server.listen();
  return { bus: `usbip://${host}:${port}`, boards };
}

const ids = ['-d', '1209:7d00,1209:7d02', '-a', '0'];
const contentOf = (board: MiniatureBoard | undefined): Buffer =>
  Buffer.from(board?.disks[0]?.content ?? []);

interface JsonLine {
  readonly type: string;
  readonly unit?: string;
  readonly outcome?: string;
  readonly exit?: number;
}

const linesOf = (text: string): JsonLine[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonLine);

describe('a rack is one command', () => {
  test('boards of two stations, in either mode, all at once; a station that is dark is the exit code', async () => {
    const left = await station(['A'], ['B', 'loader']);
    const right = await station(['C'], ['D', 'loader']);
    const buses = ['--bus', left.bus, '--bus', right.bus];
    const { exit, out, err } = await ran(['download', image, '--all', ...ids, ...buses]);
    expect([exit, err]).toEqual([0, '']);
    for (const board of [...left.boards, ...right.boards]) {
      expect(contentOf(board)).toEqual(readFileSync(image));
    }
    expect(out).toMatch(/^UNIT +PATH +OUTCOME +TRIES +TIME$/m);
    for (const unit of ['A', 'B', 'C', 'D']) expect(out).toContain(`${unit}: written`);
    expect(out).toContain('4 written in ');

    const again = await ran([
      'download',
      image,
      '--all',
      ...ids,
      ...buses,
      '--bus',
      DARK,
      '--json',
    ]);
    expect(again.exit).toBe(74);
    const lines = linesOf(again.out);
    expect(lines.at(-1)).toMatchObject({ type: 'summary', outcomes: { written: 4 }, exit: 74 });
    const units = lines.filter(({ type }) => type === 'ended').map(({ unit }) => unit);
    expect(new Set(units)).toEqual(new Set(['A', 'B', 'C', 'D']));
  });

  test('only those that are named; one that is not there is told, and the others are done', async () => {
    const { bus, boards } = await station(['A', 'loader'], ['B', 'loader'], ['C', 'loader']);
    const named = ['-S', 'A', '-S', 'C', '-S', 'X'];
    const { exit, err } = await ran(['download', image, ...named, ...ids, '--bus', bus]);
    expect([exit, err]).toEqual([74, 'dfukit: no DFU device "X" is there that matches\n']);
    expect(boards.map((board) => contentOf(board).length)).toEqual([600, 200_000, 600]);
  });

  test('a bar for each on a terminal', async () => {
    const { bus } = await station(['A', 'loader'], ['B', 'loader']);
    const terminal = new FakeTerminal().sitDown();
    const { exit, err, out } = await ran(
      ['download', image, '--all', ...ids, '--bus', bus],
      terminal,
    );
    expect(exit).toBe(0);
    // One that is done before the next drawing has only its last line.
    expect(err).toMatch(/[AB] +\[[= ]{25}\] +[0-9]+% download/);
    expect(err).toMatch(/A: all data is in the device/);
    expect(err).toMatch(/B: all data is in the device/);
    expect(out).toContain('2 written in ');
  });
});

test.each([
  [80, 'UNIT-0001        [============             ]  50% download 12.3 kB/s 0:08'],
  [60, 'UNIT-0001        [=====     ]  50% download 12.3 kB/s 0:08'],
  [40, 'UNIT-0001      [====    ]  50% download'],
  [30, 'UNIT-0001  [==   ]  50% download'],
])('the bar of a unit at a terminal of %i columns', (columns, line) => {
  const payload = { unit: 'UNIT-0001', what: 'download', pace: '12.3 kB/s 0:08' };
  expect(unitLine(payload, 50, 100, columns)).toBe(line);
});

describe('values of their own, and a journal', () => {
  const journal = (): string => join(folder, 'line.ndjson');

  test('a counter goes on behind the last, also of a run that was killed', async () => {
    const { bus, boards } = await station(['A', 'loader'], ['B', 'loader']);
    const args = ['download', image, ...ids, '--bus', bus, '--journal', journal()];
    const inject = ['--inject', '8:counter:0041:text4'];
    expect((await ran([...args, ...inject, '--all'])).exit).toBe(0);
    const given = boards.map((board) => contentOf(board).subarray(8, 12).toString());
    expect(given.toSorted((a, b) => a.localeCompare(b))).toEqual(['0041', '0042']);
    expect(existsSync(`${journal()}.lock`)).toBe(false);

    // A crash between the line and the board, and one in the middle of a line.
    const [line = ''] = readFileSync(journal(), 'utf8').split('\n');
    appendFileSync(journal(), `${line.replace('0041', '0043')}\n${line.slice(0, 50)}`);
    const next = await ran([...args, ...inject, '-S', 'A']);
    expect(next.exit).toBe(0);
    expect(next.err).toContain('the last line was cut by a crash, 50 bytes of it are removed');
    expect(contentOf(boards[0]).subarray(8, 12).toString()).toBe('0044');
    expect(() => linesOf(readFileSync(journal(), 'utf8'))).not.toThrow();
  });

  test('rows of a table; those that are done are skipped', async () => {
    const { bus, boards } = await station(['A', 'loader'], ['B', 'loader'], ['C', 'loader']);
    const csv = join(folder, 'units.csv');
    writeFileSync(csv, 'unit,key\nB,bbbb\nA,aaaa\n');
    const args = ['download', image, '--all', ...ids, '--bus', bus, '--journal', journal()];
    const table = ['--inject-csv', csv, '--inject-match', 'serial=unit'];
    const inject = [...table, '--inject', '0:csv:key:hex2'];
    const first = await ran([...args, ...inject]);
    expect(first.exit).toBe(74);
    expect(first.out).toContain('C: unchanged: no row for "C" in column "unit" of the table');
    expect(boards.map((board) => contentOf(board).subarray(0, 2).toString('hex'))).toEqual([
      'aaaa',
      'bbbb',
      '0000',
    ]);
    const second = await ran([...args, '--skip-done']);
    expect(second.exit).toBe(0);
    expect(second.out).toContain('A: skipped: it has this file, by the journal');
    expect(second.out).toContain('2 skipped');
    expect(contentOf(boards[2])).toEqual(readFileSync(image));
  });

  test('a journal that another program writes, and one that is none, are left alone', async () => {
    const { bus } = await station(['A', 'loader']);
    const args = ['download', image, '--all', ...ids, '--bus', bus, '--journal', journal()];
    writeFileSync(`${journal()}.lock`, String(process.ppid));
    const busy = await ran(args);
    expect([busy.exit, busy.err]).toEqual([74, expect.stringContaining('writes this journal now')]);
    writeFileSync(`${journal()}.lock`, '999999999');
    writeFileSync(journal(), 'hello\n');
    const none = await ran(args);
    expect([none.exit, none.err]).toEqual([65, expect.stringContaining('journal, line 1')]);
    expect(readFileSync(journal(), 'utf8')).toBe('hello\n');
  });
});

test('a line that is watched ends after so many, or with Ctrl-C and a summary', async () => {
  const { bus, boards } = await station(['A'], ['B', 'loader']);
  const args = ['download', image, ...ids, '--bus', bus];
  const counted = await ran([...args, '--watch', '2']);
  expect([counted.exit, counted.err]).toEqual([0, '']);
  expect(counted.out).toContain('2 written in ');
  const terminal = new FakeTerminal();
  const watching = ran([...args, '--watch'], terminal);
  await terminal.out.until('A: written');
  await terminal.out.until('B: written');
  terminal.interrupt();
  const { exit, out } = await watching;
  expect(exit).toBe(0);
  expect(out).toContain('2 written in ');
  expect(boards.map((board) => contentOf(board).length)).toEqual([600, 600]);
  const waiting = new FakeTerminal();
  const short = ran([...args, '--watch', '3'], waiting);
  await waiting.out.until('A: written');
  waiting.interrupt();
  expect((await short).exit).toBe(130);
});

describe('what makes no sense is refused', () => {
  test.each([
    [['--journal', 'x'], 'need to know for which devices'],
    [['--all', '--inject', '0:csv:key'], 'csv:COLUMN in --inject needs --inject-csv'],
    [['--all', '--inject-csv', 'x'], '--inject-csv needs --inject'],
    [['--all', '--skip-done'], '--skip-done needs --journal'],
    [['--all', '--inject', 'x:serial'], '--inject: expected ADDRESS:counter'],
    [['--all', '--inject', '0:counter'], '--inject: expected ADDRESS:counter'],
    [['--all', '--inject', '0:serial:u24le'], 'format: expected text'],
    [['--all', '--inject-match', 'name=x'], '--inject-match: expected serial=COLUMN'],
    [['--all', '--watch', '0'], '--watch: expected a whole number from 1'],
    [['--all', '--wait'], '--wait is for one device'],
    [['--watch', 'app.bin'], 'a file stands before it'],
  ])('%j', async (args, message) => {
    const { exit, err } = await ran(['download', image, '--bus', DARK, ...args]);
    expect([exit, err]).toEqual([64, expect.stringContaining(message)]);
  });

  test('a place that a hash covers, before any device is asked', async () => {
    const { bus, boards } = await station(['A', 'loader']);
    const riot = join(folder, 'riot.bin');
    const header = { version: 1, slotBase: 0x1000, headerLength: 256 };
    writeFileSync(riot, riotbootImage(readFileSync(image), header));
    const args = ['download', riot, '--all', ...ids, '--bus', bus, '--inject', '4:counter:1:u32le'];
    const { exit, err } = await ran(args);
    expect([exit, err]).toEqual([
      65,
      expect.stringContaining('would break the checksum of the riotboot header'),
    ]);
    expect(contentOf(boards[0])).toHaveLength(200_000);
    expect((await ran([...args, '--force'])).exit).toBe(0);
  });
});
