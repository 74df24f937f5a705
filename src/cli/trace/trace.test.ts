import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { toHex } from '../../bytes/index.ts';
import { COMPATIBLE } from '../../device/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { readTrace } from '../../trace/index.ts';
import { timerClock } from '../../usb/index.ts';
import { dfukit } from '../dfukit.ts';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { MiniatureBoard } from '../../../test/support/miniature-board.ts';
import { firmware } from '../../../test/support/recorded.ts';

/* Traces as a person makes and uses them: sockets, no kernel, no root. */

const ids = ['-d', '1209:7d00,1209:7d02', '-a', '1'];

let folder: string;
let server: UsbipServer;
let board: MiniatureBoard;
let bus: string;
let file: string;

const at = (name: string): string => join(folder, name);
const text = (name: string): string => readFileSync(at(name), 'utf8');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-trace-'));
  file = at('firmware.bin');
  writeFileSync(file, firmware(1000));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const bits = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };
  board = new MiniatureBoard(bits, 256, COMPATIBLE);
  server.add(board.device);
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('a download with --trace', () => {
  test('is played back by --replay, without the device', async () => {
    const live = await ran(['download', file, ...ids, '--bus', bus, '--trace', at('t.ndjson')]);
    expect(live.exit).toBe(0);
    await server.close();
    const again = await ran(['download', file, ...ids, '--replay', at('t.ndjson')]);
    expect(again.err).toBe('');
    expect(again.exit).toBe(0);
    const listed = await ran(['list', '--replay', at('t.ndjson')]);
    expect(listed.out).toMatch(/^Found Runtime: \[1209:7d00\] .*serial="KEYSTONE"\n$/);
  });

  test('tells where another file departs, with a code of its own', async () => {
    await ran(['download', file, ...ids, '--bus', bus, '--trace', at('t.ndjson')]);
    writeFileSync(file, firmware(1001).subarray(1));
    const { exit, err, out } = await ran([
      'download',
      file,
      ...ids,
      '--replay',
      at('t.ndjson'),
      '--json',
    ]);
    expect(exit).toBe(76);
    expect(err).toMatch(
      /the recording has DFU_DNLOAD block 0, 256 bytes with 0x\w\w and not 0x\w\w at byte 0 there/,
    );
    expect(out).toContain('"code":"REPLAY"');
  });

  test('is there where the download fails, too', async () => {
    const { exit } = await ran([
      'download',
      file,
      '-d',
      '1209:7d00,1209:7d02',
      '-a',
      '7',
      '--bus',
      bus,
      '--trace',
      at('t.ndjson'),
    ]);
    expect(exit).not.toBe(0);
    const { records } = readTrace(text('t.ndjson'));
    expect(records.map(({ type }) => type)).toContain('control');
    expect((await ran(['download', file, ...ids, '--replay', at('t.ndjson')])).exit).not.toBe(0);
  });

  test('is there as far as it came where somebody stops it', async () => {
    const terminal = new FakeTerminal();
    const running = dfukit(
      [
        'download',
        file,
        '-d',
        'ffff:ffff,ffff:fffe',
        '-w',
        '--bus',
        bus,
        '--trace',
        at('t.ndjson'),
      ],
      terminal,
    );
    await vi.waitFor(() => expect(text('t.ndjson')).toContain('"type":"list"'), 60_000);
    terminal.interrupt();
    expect(await running).toBe(130);
    expect(readTrace(text('t.ndjson')).torn).toBe(false);
  });

  test('goes to pcapng if its name says so, and over no file that is none', async () => {
    expect((await ran(['list', '--bus', bus, '--trace', at('t.pcapng')])).exit).toBe(0);
    expect(toHex(readFileSync(at('t.pcapng')).subarray(0, 4))).toBe('0a0d0d0a');
    expect((await ran(['list', '--bus', bus, '--trace', at('t.pcapng')])).exit).toBe(0);
    const { exit, err } = await ran(['list', '--bus', bus, '--trace', file]);
    expect([exit, err]).toEqual([
      73,
      `dfukit: cannot create ${file}: it exists already, and is no trace that could be replaced\n`,
    ]);
    expect(readFileSync(file)).toEqual(Buffer.from(firmware(1000)));
    expect((await ran(['list', '--bus', bus, '--trace', at('no/t')])).exit).toBe(73);
    expect((await ran(['list', '--bus', bus, '--trace', '-'])).exit).toBe(64);
  });

  test('that cannot be written to its end is told', async () => {
    if (!existsSync('/dev/full')) return;
    const { exit, err } = await ran(['list', '--bus', bus, '--trace', '/dev/full']);
    expect(exit).toBe(74);
    expect(err).toMatch(/^dfukit: the trace in \/dev\/full is not whole: /);
  });

  test('whose replay ends before it does is told', async () => {
    await ran(['download', file, ...ids, '--bus', bus, '--trace', at('t.ndjson')]);
    const { err } = await ran(['detach', '-d', '1209:7d00', '--replay', at('t.ndjson')]);
    expect(err).toMatch(/the recording goes on: .* and \d+ more/);
  });
});

describe('dfukit trace', () => {
  beforeEach(async () => {
    await ran(['download', file, ...ids, '--bus', bus, '--trace', at('t.ndjson')]);
  });

  test('show says what happened, a line a request', async () => {
    const { exit, out } = await ran(['trace', 'show', at('t.ndjson')]);
    expect(exit).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^dfukit \d\.\d\.\d, \d{4}-\d\d-\d\dT/);
    const show = (pattern: RegExp): string => lines.find((line) => pattern.test(line)) ?? '';
    expect(show(/GETSTATUS .*dfuDNLOAD-IDLE/)).toMatch(
      /^ +\d+\.\d{6} {2}\S+ \[1209:7d02\] {2}DFU_GETSTATUS +OK, dfuDNLOAD-IDLE, poll 0 ms {2}\(\d+\.\d{3} ms\)$/,
    );
    expect(show(/DNLOAD block 0/)).toMatch(
      /DFU_DNLOAD block 0, 256 bytes +(?:[0-9a-f]{2} ){16}… \(256\)/,
    );
    expect(show(/string 3/)).toMatch(/GET_DESCRIPTOR string 3, \d+ bytes/);
    expect(out).toMatch(/DFU_DETACH 500 ms/);
    expect((await ran(['trace', 'show', at('t.ndjson'), '--json'])).out).toBe(text('t.ndjson'));
  });

  test('show takes a last line that is cut short, and nothing else that is wrong', async () => {
    writeFileSync(at('torn.ndjson'), text('t.ndjson').slice(0, -10));
    const torn = await ran(['trace', 'show', at('torn.ndjson')]);
    expect([torn.exit, torn.out.includes('the last line is cut short, and left out\n')]).toEqual([
      0,
      true,
    ]);
    writeFileSync(
      at('bad.ndjson'),
      text('t.ndjson').replace('"pipe":1,"setup"', '"pipe":99,"setup"'),
    );
    const { exit, err } = await ran(['trace', 'show', at('bad.ndjson')]);
    expect(exit).toBe(65);
    expect(err).toMatch(/bad\.ndjson: trace, line \d+: no record before it tells of pipe 99\n$/);
    expect((await ran(['trace', 'show', file])).exit).toBe(65);
    expect((await ran(['trace', 'show', at('none')])).exit).toBe(66);
  });

  test('convert makes pcapng of NDJSON', async () => {
    expect((await ran(['trace', 'convert', at('t.ndjson'), at('c.pcapng')])).exit).toBe(0);
    expect(toHex(readFileSync(at('c.pcapng')).subarray(0, 4))).toBe('0a0d0d0a');
    expect((await ran(['trace', 'convert', at('t.ndjson'), at('c.ndjson')])).exit).toBe(0);
    expect(text('c.ndjson')).toBe(text('t.ndjson'));
    expect((await ran(['trace', 'convert', at('t.ndjson'), file])).exit).toBe(73);
    expect((await ran(['trace', 'convert', at('t.ndjson'), at('x'), '--enclosed'])).exit).toBe(74);
  });

  test('redact leaves neither firmware nor serial numbers in it, and what is left is played', async () => {
    expect((await ran(['trace', 'redact', at('t.ndjson'), at('r.ndjson')])).exit).toBe(0);
    const redacted = text('r.ndjson');
    const block = toHex(firmware(1000).subarray(0, 16));
    expect(text('t.ndjson')).toContain(block);
    for (const secret of [
      block,
      'KEYSTONE',
      toHex(Buffer.from('KEYSTONE')),
      toHex(Buffer.from('KEYSTONE', 'utf16le')),
    ]) {
      expect(redacted).not.toContain(secret);
    }
    expect((await ran(['download', file, ...ids, '--replay', at('r.ndjson')])).exit).toBe(0);
    expect((await ran(['list', '--replay', at('r.ndjson')])).out).toContain('serial="XXXXXXX1"');
    writeFileSync(file, firmware(1001).subarray(1));
    expect((await ran(['download', file, ...ids, '--replay', at('r.ndjson')])).exit).toBe(76);
    await ran([
      'trace',
      'redact',
      at('t.ndjson'),
      at('s.ndjson'),
      '--with-serials',
      '--with-payload',
    ]);
    expect(text('s.ndjson')).toBe(text('t.ndjson'));
  });

  test.each(['redact', 'convert'])('%s leaves the trace that it reads as it is', async (verb) => {
    const before = text('t.ndjson');
    symlinkSync(at('t.ndjson'), at(`${verb}.ndjson`));
    for (const to of [at('t.ndjson'), at(`${verb}.ndjson`)]) {
      const { exit, err } = await ran(['trace', verb, at('t.ndjson'), to]);
      expect([exit, err]).toEqual([64, expect.stringContaining('give the new one another name')]);
    }
    expect(text('t.ndjson')).toBe(before);
  });
});
