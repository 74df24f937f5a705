import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DFUSE_COMPATIBLE, Device, DfuSeMode, DfuSeRam } from '../../device/index.ts';
import { appendSuffix, writeDfuSeFile } from '../../dfu/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { dfukit } from '../dfukit.ts';

/* `-s`, `--force` and what is said where they are missing, against a DfuSe device on a USB/IP bus. */

let folder: string;
let server: UsbipServer;
let flash: DfuSeRam;
let bus: string;
let out: string;
let err: string;

const image = Uint8Array.from({ length: 300 }, (_, at) => at * 7 + 1);
const ids = { idVendor: 0x0483, idProduct: 0xdf11, bcdDevice: 0xffff, bcdDFU: 0x0100 };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dfukit-dfuse-'));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  flash = new DfuSeRam({ layout: '@Flash/0x08000000/4*001Kg' });
  const mode = new DfuSeMode({
    memories: [flash],
    profile: DFUSE_COMPATIBLE,
    functional: { wTransferSize: 128 },
    onLeave: () => {},
  });
  const { idVendor, idProduct } = ids;
  const configurations = [{ functions: [mode] }];
  server.add(new Device({ identity: { idVendor, idProduct, serial: 'ST' }, configurations }));
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function call(name: string, ...args: string[]): Promise<number> {
  const terminal = new FakeTerminal();
  const exit = await dfukit([name, '--bus', bus, ...args], terminal);
  out = terminal.out.text;
  err = terminal.err.text;
  return exit;
}

async function fileWith(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'image.bin');
  await writeFile(path, bytes);
  return path;
}

const at = (address: number): Uint8Array => flash.read(address, image.length);

describe('download', () => {
  test('an image goes where -s says, and upload brings it back', async () => {
    expect(await call('download', await fileWith(image), '-s', '0x08000400')).toBe(0);
    expect(at(0x08000400)).toEqual(image);
    expect(out).toMatch(/File downloaded successfully\nDone!\n$/);
    const copy = join(folder, 'copy.bin');
    expect(await call('upload', copy, '-s', '0x08000400:300')).toBe(0);
    expect(new Uint8Array(await readFile(copy))).toEqual(image);
  });

  test('without -s it is said that -s is missing: 64', async () => {
    expect(await call('download', await fileWith(image))).toBe(64);
    expect(err).toContain(
      'the device speaks DfuSe, and the file does not say where it belongs (-s, e.g. -s 0x08000000)\n',
    );
    expect(await call('download', await fileWith(image), '-s', ':leave')).toBe(64);
  });

  test('a DfuSe file says it itself', async () => {
    const elements = [{ address: 0x08000800, data: image }];
    const file = writeDfuSeFile([{ alternate: 0, elements }], ids);
    expect(await call('download', await fileWith(file))).toBe(0);
    expect(at(0x08000800)).toEqual(image);
  });

  test('what erases everything wants force, either one: 65', async () => {
    await call('download', await fileWith(image), '-s', '0x08000000');
    expect(await call('download', '-s', ':mass-erase')).toBe(65);
    expect(err).toContain('a mass erase erases everything (--force to do it all the same)\n');
    expect(at(0x08000000)).toEqual(image);
    expect(await call('download', '-s', ':mass-erase:force')).toBe(0);
    expect(at(0x08000000).every((byte) => byte === 0xff)).toBe(true);
    expect(await call('download', '-s', ':mass-erase', '--force')).toBe(0);
  });

  test('a suffix for another device is not forced by the force of -s: 65', async () => {
    const path = await fileWith(appendSuffix(image, { ...ids, idProduct: 1 }));
    expect(await call('download', path, '-s', '0x08000000:force')).toBe(65);
    expect(err).toContain('it is for 0483:0001, the device is 0483:df11 (--allow other-device to');
    expect(at(0x08000000).every((byte) => byte === 0xff)).toBe(true);
    expect(await call('download', path, '-s', '0x08000000', '--force')).toBe(0);
    expect(at(0x08000000)).toEqual(image);
  });

  test('a program reads the same', async () => {
    const path = await fileWith(image);
    expect(await call('download', path, '--json')).toBe(64);
    const told = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(told.at(-1)).toMatchObject({
      type: 'error',
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('(-s, e.g.') as string,
    });
  });

  test('a file that is damaged is not sent: 65', async () => {
    const file = writeDfuSeFile([{ alternate: 0, elements: [] }], ids).subarray(0, 60);
    expect(await call('download', await fileWith(file))).toBe(65);
  });
});
