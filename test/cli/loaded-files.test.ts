// What a command is made of: Node finds, reads and compiles every file before anything is done.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device, DfuMode, RamDisk } from '../../src/device/index.ts';
import { UsbipServer } from '../../src/link/usbip/index.ts';
import { timerClock } from '../../src/usb/index.ts';
import { main, prepareBuild } from '../support/built-cli.ts';

let folder = '';
beforeAll(() => {
  prepareBuild();
  folder = mkdtempSync(join(tmpdir(), 'dfukit-loaded-'));
  const teller =
    "process.on('exit', () => console.error(JSON.stringify(Object.keys(require.cache))));";
  writeFileSync(join(folder, 'teller.cjs'), teller);
  writeFileSync(join(folder, 'file.bin'), Buffer.alloc(1000, 0x5a));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** The files that were loaded, in the end of a command that went well. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const child = spawn(process.execPath, ['--require', join(folder, 'teller.cjs'), main, ...args], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const status = await new Promise((done) => child.on('close', done));
  expect({ status, said }).toMatchObject({ status: 0 });
  const files = JSON.parse(said.trim().split('\n').at(-1) ?? '') as string[];
  return files.filter((file) => dirname(file) !== folder);
}

const own = (files: readonly string[]): string[] =>
  files.filter((file) => dirname(file) === dirname(main));
const kibibytes = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + statSync(file).size, 0) / 1024;
const packages = (files: readonly string[]): string[] => {
  const named = files.filter((file) => dirname(file) !== dirname(main));
  const names = named.map((file) => file.split(`node_modules${sep}`).at(-1)?.split(sep)[0] ?? file);
  return [...new Set(names)];
};

test('a download of a plain file loads a handful of files, and of packages what reads its command line', async () => {
  const server = new UsbipServer({ clock: timerClock(globalThis), host: '127.0.0.1', port: 0 });
  const bmAttributes = {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: true,
    willDetach: false,
  };
  const functional = { bmAttributes, wTransferSize: 256, wDetachTimeOut: 500 };
  const mode = new DfuMode({ functional, media: [new RamDisk({ sizeBytes: 4096 })] });
  const identity = { idVendor: 0x1209, idProduct: 0x7d02, serial: 'LOADED' };
  server.add(new Device({ identity, configurations: [{ functions: [mode] }] }));
  const { port } = await server.listen();
  try {
    const files = await loadedBy('download', 'file.bin', '--bus', `usbip://127.0.0.1:${port}`);
    expect(own(files).length).toBeLessThanOrEqual(6);
    expect(kibibytes(own(files))).toBeLessThan(480);
    expect(packages(files)).toEqual(['commander']);
  } finally {
    await server.close();
  }
}, 30_000);

test('what only says its version loads two files', async () => {
  const files = await loadedBy('--version');
  expect(own(files).length).toBeLessThanOrEqual(2);
  expect(kibibytes(own(files))).toBeLessThan(16);
  expect(packages(files)).toEqual([]);
}, 30_000);
