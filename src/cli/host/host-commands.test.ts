import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { COMPATIBLE } from '../../device/index.ts';
import { appendSuffix } from '../../dfu/index.ts';
import { writeIntelHex } from '../../image/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { dfukit } from '../dfukit.ts';
import { STALL, timerClock } from '../../usb/index.ts';
import type { SetupAnswer, SetupPacket } from '../../usb/index.ts';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { MiniatureBoard } from '../../../test/support/miniature-board.ts';
import type { Bits } from '../../../test/support/miniature-board.ts';

/* The commands as a person calls them, on a USB/IP bus: sockets, no kernel, no root. */

const all: Bits = {
  canDnload: true,
  canUpload: true,
  manifestationTolerant: true,
  willDetach: true,
};

let folder: string;
let server: UsbipServer;
let board: MiniatureBoard;
let bus: string;
let terminal: FakeTerminal;
let out: string;
let err: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dfukit-cli-'));
  await plugIn(all);
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function plugIn(bits: Bits): Promise<void> {
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  board = new MiniatureBoard(bits, 1024, COMPATIBLE);
  server.add(board.device);
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
}

/** Runs a command on the bus; what it says is in `out` and `err`, the answer is its exit code. */
async function call(name: string, ...args: string[]): Promise<number> {
  terminal = new FakeTerminal();
  const exit = await dfukit([name, '--bus', bus, ...args], terminal);
  out = terminal.out.text;
  err = terminal.err.text;
  return exit;
}

function events(): { type: string }[] {
  const lines = out.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as { type: string });
}

function image(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7) ^ (at >> 8));
}

async function fileWith(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'image.bin');
  await writeFile(path, bytes);
  return path;
}

/** The device was in run-time mode and is in DFU mode now. */
async function intoDfuMode(): Promise<void> {
  await call('detach');
}

describe('list', () => {
  test('prints dfu-util’s line', async () => {
    expect(await call('list')).toBe(0);
    expect(out).toMatch(
      /^Found Runtime: \[1209:7d00\] ver=0100, devnum=\d+, cfg=1, intf=0, path="1-1", alt=0, name="asks for the loader", serial="KEYSTONE"\n$/,
    );
  });

  test('departure dfu-util/order-of-the-list: ascending, and it heeds what is asked for', async () => {
    await intoDfuMode();
    await call('list');
    expect(out.match(/alt=\d, name="\w+"/g)).toEqual([
      'alt=0, name="ramdisk0"',
      'alt=1, name="ramdisk1"',
    ]);
    await call('list', '-a', 'ramdisk1', '--json');
    expect(events()).toMatchObject([{ type: 'interface', mode: 'dfu', alternate: 1 }]);
  });

  test('departure dfu-util/list-without-a-match: no failure, and what is there is told', async () => {
    expect(await call('list', '-d', 'ffff:ffff,-')).toBe(0);
    expect(out).toBe('');
    expect(err).toMatch(
      /^dfukit: No DFU interface matches; there is:\n {2}Found Runtime: \[1209:7d00\].*\n$/,
    );
  });

  test('nothing there is no failure', async () => {
    const empty = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
    const { host, port } = await empty.listen();
    const { exit, err: said } = await ran(['list', '--bus', `usbip://${host}:${port}`]);
    await empty.close();
    expect([exit, said]).toEqual([0, 'dfukit: No DFU capable USB device available\n']);
  });

  test('as JSON, ids are numbers and text', async () => {
    await call('list', '--json');
    expect(events()).toMatchObject([{ id: '1209:7d00', release: '0100', idVendor: 0x1209 }]);
  });
});

describe('download and upload', () => {
  test('from run-time mode in one go, and back, byte for byte', async () => {
    const path = await fileWith(image(5000));
    await call('download', path, '-a', '1');
    expect(Buffer.compare(board.disks[1]?.content ?? Buffer.alloc(0), image(5000))).toBe(0);
    expect(out).toMatch(/File downloaded successfully\nDone!\n$/);
    expect(out).toContain('Device ID 1209:7d02 at 1-1 in DFU mode, alternate 1 "ramdisk1"');

    const copy = join(folder, 'copy.bin');
    await call('upload', copy, '-a', '1', '-Z', '5000');
    expect(Buffer.compare(await readFile(copy), image(5000))).toBe(0);
    expect(err).toBe('');
  });

  test('-R goes back to the application', async () => {
    const path = await fileWith(image(10));
    await call('download', path, '-a', '1', '-R');
    expect(out).toContain('Asked the device to leave DFU mode');
    await vi.waitFor(() => expect(board.history.at(-1)).toBe('application'));
  });

  test('--json tells everything as events', async () => {
    const path = await fileWith(image(3000));
    await call('download', path, '-a', '1', '--json');
    const told = events();
    expect(told.at(-1)).toMatchObject({ type: 'downloaded', ending: 'manifested', bytes: 3000 });
    expect(new Set(told.map(({ type }) => type))).toEqual(
      new Set([
        'selected',
        'detaching',
        'returned',
        'ready',
        'progress',
        'manifesting',
        'downloaded',
      ]),
    );
    expect(told).toContainEqual({
      type: 'progress',
      operation: 'download',
      doneBytes: 3000,
      totalBytes: 3000,
    });
  });

  test('a suffix is checked, and not sent', async () => {
    const suffix = { idVendor: 0x1209, idProduct: 0x7d00, bcdDevice: 0xffff, bcdDFU: 0x0100 };
    await call('download', await fileWith(appendSuffix(image(100), suffix)), '-a', '1');
    expect(board.disks[1]?.content).toEqual(image(100));
    const path = await fileWith(appendSuffix(image(50), { ...suffix, idProduct: 0x1234 }));
    expect(await call('download', path, '-a', '1')).toBe(65);
    expect(err).toContain('1209:1234');
    expect(board.disks[1]?.content).toEqual(image(100));
    await call('download', path, '-a', '1', '--force');
    expect(board.disks[1]?.content).toEqual(image(50));
  });

  test('an upload to standard output is the bytes and nothing else', async () => {
    await call('download', await fileWith(image(1500)), '-a', '1');
    await call('upload', '-', '-a', '1', '--json');
    expect(Buffer.compare(terminal.out.bytes, image(1500))).toBe(0);
    expect(err).toContain('{"type":"uploaded","bytes":1500,"blocks":2}');
  });
});

describe('what goes wrong', () => {
  test('a file that is not there: 66', async () => {
    expect(await call('download', join(folder, 'nothing'))).toBe(66);
    expect(err).toContain('no such file');
    expect(board.history).toEqual(['application']);
  });

  test('a file that exists is not overwritten: 73', async () => {
    const path = await fileWith(image(4));
    expect(await call('upload', path, '-a', '1')).toBe(73);
    expect(err).toBe(`dfukit: cannot create ${path}: it exists already\n`);
    expect(new Uint8Array(await readFile(path))).toEqual(image(4));
    expect(board.history).toEqual(['application']);
  });

  test('an upload that fails leaves no file', async () => {
    const path = join(folder, 'half.bin');
    expect(await call('upload', path, '-a', '1', '--max-size', '5000', '--json')).toBe(65);
    expect(await readdir(folder)).toEqual([]);
    expect(events().at(-1)).toMatchObject({ type: 'error', code: 'OUT_OF_RANGE' });
  });

  test('two alternates and no -a: both are listed', async () => {
    await intoDfuMode();
    const path = await fileWith(image(4));
    expect(await call('download', path)).toBe(74);
    expect(err).toMatch(/\(-a\)[^]*ramdisk0[^]*ramdisk1/);
  });

  test('Ctrl-C in the middle of an upload: no file, the device idle, no listener left', async () => {
    await intoDfuMode();
    const path = join(folder, 'half.bin');
    const work = call('upload', path, '-a', '1', '-t', '1');
    await terminal.out.until('Device returned transfer size 1');
    // A kill leaves what is there now: nothing of the name that was asked for.
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^\.dfukit-.*\.new$/)]);
    terminal.interrupt();
    expect(await work).toBe(130);
    expect(await readdir(folder)).toEqual([]);
    expect(terminal.listeners).toBe(0);
    await call('upload', path, '-a', '1');
    expect(await readFile(path)).toHaveLength(200_000);
  });

  test('a file that somebody makes during an upload is not overwritten, and nothing is lost', async () => {
    await intoDfuMode();
    await call('download', await fileWith(image(5000)), '-a', '1');
    const path = join(folder, 'read.bin');
    const work = call('upload', path, '-a', '1', '-t', '1');
    await terminal.out.until('Device returned transfer size 1');
    await writeFile(path, 'another');
    expect(await work).toBe(73);
    const [, where = ''] =
      /^dfukit: cannot create .*read\.bin: it exists by now; what was read is in (.*)\n$/.exec(
        err,
      ) ?? [];
    expect(new Uint8Array(await readFile(where))).toEqual(image(5000));
    expect(await readFile(path, 'utf8')).toBe('another');
  });

  test.each([
    ['--bus', 'usbip://', 'expected native, or usbip://HOST[:PORT], got "usbip://"'],
    ['--bus', 'http://x', 'got "http://x"'],
    ['-t', '0', '--transfer-size: expected a whole number from 1 to 65535, got "0"'],
    ['-t', '12x', 'got "12x"'],
    ['-n', '-1', '--devnum'],
    ['-d', '1:2:3', 'expected VENDOR:PRODUCT'],
    ['--timeout', '0', 'expected seconds'],
  ])('%s %s', async (option, value, message) => {
    const path = await fileWith(image(4));
    expect(await call('download', path, option, value)).toBe(64);
    expect(err).toContain(message);
  });
});

describe('detach', () => {
  test('ends in DFU mode, with what is there now', async () => {
    await call('detach');
    expect(out).toMatch(/Found DFU: .*alt=0.*\nFound DFU: .*alt=1.*\n$/);
    expect(board.history).toEqual(['application', 'loader']);
  });

  test('in DFU mode it asks the device out', async () => {
    await intoDfuMode();
    await call('detach');
    await vi.waitFor(() => expect(board.history.at(-1)).toBe('application'));
  });
});

describe('at a terminal', () => {
  test('a bar grows on standard error, and what was asked for is told', async () => {
    await intoDfuMode();
    const path = await fileWith(image(20_000));
    terminal = new FakeTerminal().sitDown();
    expect(await dfukit(['download', path, '-a', '1', '--bus', bus], terminal)).toBe(0);
    expect(terminal.err.text).toMatch(/Download\t\[={21}\] 100% {8}20000 bytes/);
    expect(terminal.out.text).toMatch(/^Device ID [^]*Download done\.[^]*Done!\n$/);
    expect(terminal.out.text).not.toContain('[=');
  });

  test('a length that nobody knows has no percent', async () => {
    await intoDfuMode();
    terminal = new FakeTerminal().sitDown();
    const args = ['upload', join(folder, 'all'), '-a', '1', '--bus', bus];
    expect(await dfukit(args, terminal)).toBe(0);
    expect(terminal.err.text).toMatch(/Upload {2}\t {6}200000 bytes/);
    expect(terminal.out.text).toContain('Received a total of 200000 bytes');
  });
});

describe('what is sent', () => {
  test('comes from standard input too', async () => {
    terminal = new FakeTerminal();
    terminal.in.write(image(700));
    terminal.in.end(image(300));
    expect(await dfukit(['download', '-', '-a', '1', '--bus', bus], terminal)).toBe(0);
    const sent = Buffer.concat([image(700), image(300)]);
    expect(Buffer.compare(board.disks[1]?.content ?? Buffer.alloc(0), sent)).toBe(0);
  });

  test('departure dfu-util/bytes-not-text: the bytes of a HEX file, and the file only if it is meant', async () => {
    const hex = new TextEncoder().encode(writeIntelHex([{ address: 0, bytes: image(100) }]));
    expect(await call('download', await fileWith(hex), '-a', '1')).toBe(0);
    expect(err).toContain(
      'Intel HEX file: its bytes are sent, 0x00000000 to 0x00000063 (100 bytes)',
    );
    expect(board.disks[1]?.content).toEqual(image(100));
    expect(await call('download', await fileWith(hex), '-a', '1', '--raw')).toBe(0);
    expect(board.disks[1]?.content).toEqual(hex);
    const key = new TextEncoder().encode('-----BEGIN EC PRIVATE KEY-----\n');
    expect(await call('download', await fileWith(key), '-a', '1')).toBe(65);
    expect(err).toContain('no firmware (--raw to send the file itself)');
  });

  test('a suffix that is damaged is sent, and warned of', async () => {
    const suffix = { idVendor: 0x1209, idProduct: 0x7d00, bcdDevice: 0xffff, bcdDFU: 0x0100 };
    const bytes = appendSuffix(image(100), suffix);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    expect(await call('download', await fileWith(bytes), '-a', '1')).toBe(0);
    expect(err).toMatch(/^dfukit: Warning: .*; sent as it is\n$/);
    expect(board.disks[1]?.content).toEqual(bytes);
  });

  test('in blocks as large as is wished, within times that are wished', async () => {
    const path = await fileWith(image(3000));
    const times = ['--timeout', '4.5', '-E', '9'];
    expect(await call('download', path, '-a', '1', '-t', '64', ...times, '-c', '0')).toBe(0);
    expect(out).toMatch(
      /Device returned transfer size \d+\nTransfer size 64 is used, as asked for\n/,
    );
    expect(board.disks[1]?.content).toEqual(image(3000));
  });

  test('-s needs a device that speaks DfuSe', async () => {
    const path = await fileWith(image(10));
    expect(await call('download', path, '-a', '1', '-s', '0x08000000')).not.toBe(0);
    expect(err).toMatch(/is no memory layout/);
    expect([...(board.disks[1]?.content.subarray(0, 2) ?? [])]).toEqual([1, 0]);
  });
});

describe('what is read', () => {
  test('departure dfu-util/short-upload: less than expected is 75, and kept; more is warned of', async () => {
    const path = join(folder, 'short');
    await call('download', await fileWith(image(100)), '-a', '1');
    const more = join(folder, 'more');
    expect(await call('upload', more, '-a', '1', '-Z', '50')).toBe(0);
    expect(err).toBe('dfukit: Warning: expected 50 bytes, the device sent 100\n');
    expect(await readFile(more)).toHaveLength(100);
    expect(await call('upload', path, '-a', '1', '-Z', '200', '-R')).toBe(75);
    expect(err).toBe(
      `dfukit: the device ended the upload after 100 of 200 bytes; acknowledged so far: 100 of 200 bytes; the 100 good bytes are in ${path}\n`,
    );
    expect(await readFile(path)).toHaveLength(100);
    expect(out).not.toContain('Upload done');
    expect(out).toContain('Asked the device to leave DFU mode');
  });

  test('a folder that is missing: 73', async () => {
    const path = join(folder, 'no/file');
    expect(await call('upload', path)).toBe(73);
    expect(err).toMatch(/^dfukit: cannot create .*: ENOENT/);
  });
});

describe('Ctrl-C', () => {
  test('while it waits for a device', async () => {
    terminal = new FakeTerminal();
    const ended = dfukit(['detach', '-w', '-S', 'NOBODY', '--bus', bus], terminal);
    await terminal.out.until('Waiting for a device...');
    terminal.interrupt();
    expect(await ended).toBe(130);
    expect(terminal.exits).toEqual([]);
  });

  test('again ends the program, but not when it is told twice at once', async () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(1000);
    terminal = new FakeTerminal();
    const path = join(folder, 'half');
    const ended = dfukit(['upload', path, '-w', '-S', 'NOBODY', '--bus', bus], terminal);
    await terminal.out.until('Waiting for a device...');
    terminal.interrupt();
    now.mockReturnValue(1100);
    terminal.interrupt();
    expect(terminal.exits).toEqual([]);
    now.mockReturnValue(1600);
    terminal.interrupt();
    expect(terminal.exits).toEqual([130]);
    expect(await readdir(folder)).toEqual([]);
    now.mockRestore();
    await ended;
  });
});

describe('a bus', () => {
  test.each([
    ['usbip://127.0.0.1:0', 'expected a port from 1 to 65535'],
    ['usbip://127.0.0.1/path', 'expected native, or usbip://HOST[:PORT]'],
    ['nonsense', 'expected native'],
  ])('%s is none: 64', async (wrong, words) => {
    const { exit, err: said } = await ran(['list', '--bus', wrong, '--json']);
    expect(exit).toBe(64);
    expect(said).toContain(words);
  });

  test('that is not there is told as JSON too', async () => {
    await server.close();
    const { exit, out: said } = await ran(['list', '--bus', bus, '--json']);
    expect(exit).not.toBe(0);
    expect(JSON.parse(said)).toMatchObject({ type: 'error' });
  });
});

describe('a device that cannot be looked into', () => {
  /** It gives its device descriptor, and no other. */
  function plugInMute(): void {
    const { device } = new MiniatureBoard(all, 1024, COMPATIBLE);
    const setup = device.setup.bind(device);
    Object.assign(device, {
      setup: (packet: SetupPacket): SetupAnswer =>
        packet.bRequest === 6 && packet.wValue >> 8 === 2 ? STALL : setup(packet),
    });
    server.add(device);
  }

  test('is told of, and the others are listed', async () => {
    plugInMute();
    expect(await call('list')).toBe(0);
    expect(out.match(/Found Runtime/g)).toHaveLength(1);
    expect(err).toMatch(/^dfukit: .*1209:7d00.*\n$/);
    expect(await call('list', '--json')).toBe(0);
    expect(events()).toMatchObject([
      { type: 'interface' },
      { type: 'problem', code: 'STALLED', message: expect.any(String) as string },
    ]);
  });
});
