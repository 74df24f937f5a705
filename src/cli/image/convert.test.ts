import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ran } from '../../../test/support/fake-terminal.ts';
import { withStellarisPrefix } from '../../image/index.ts';

let folder = '';
const path = (name: string): string => join(folder, name);
const app = Uint8Array.from({ length: 512 }, (_, at) => (at * 3) & 0xff);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-convert-'));
  writeFileSync(path('app.bin'), app);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function convert(
  ...args: readonly string[]
): Promise<[exit: number, out: string, err: string]> {
  const files = args.map((each) => (/^[a-z]+\.[a-z\d]+$/.test(each) ? path(each) : each));
  const { exit, out, err } = await ran(['image', 'convert', ...files]);
  const plain = (text: string): string => text.replaceAll(`${folder}/`, '');
  return [exit, plain(out), plain(err)];
}

test('from one format to the next, and back to what it was', async () => {
  const names = ['app.hex', 'app.srec', 'app.mot', 'app.uf', 'app.s37', 'app.dfu', 'back.bin'];
  expect(await convert('app.bin', 'app.hex', '--address', '0x8000')).toEqual([
    0,
    '0x00008000 to 0x000081ff (512 bytes)\napp.hex: hex, 1420 bytes\n',
    '',
  ]);
  for (const [at, name] of names.slice(1).entries()) {
    const to = name === 'app.uf' ? ['--to', 'uf2', '--family', '0xe48bff56'] : [];
    const [exit, , err] = await convert(names[at] ?? '', name, ...to);
    expect([name, exit, err]).toEqual([name, 0, '']);
  }
  expect(Uint8Array.from(readFileSync(path('back.bin')))).toEqual(app);
});

test('in JSON, and to standard output', async () => {
  const [, out] = await convert('app.bin', 'app.dfu', '--device', '1209:7d02', '--json');
  expect(JSON.parse(out)).toEqual({
    type: 'converted',
    from: 'bin',
    to: 'dfu',
    sizeBytes: 528,
    pieces: [{ sizeBytes: 512 }],
  });
  const [exit, text, err] = await convert('app.bin', '-', '--to', 's19', '--address', '0');
  expect([exit, text.slice(0, 4), err]).toEqual([0, 'S003', expect.stringContaining('-: s19')]);
});

test('a prefix is taken off, and told', async () => {
  writeFileSync(path('ti.bin'), withStellarisPrefix(app, 0x2000));
  const [exit, out, err] = await convert('ti.bin', 'ti.hex');
  expect([exit, out.split('\n')[0], err]).toEqual([
    0,
    '0x00002000 to 0x000021ff (512 bytes)',
    'dfukit: a stellaris prefix of 8 bytes was taken off\n',
  ]);
});

test.each([
  [['app.bin', 'app.hex'], 64, '--address, e.g. --address 0x08000000'],
  [['app.bin', 'app.xyz'], 64, 'nothing says in what format app.xyz is to be: --to bin, dfu'],
  [['app.bin', 'a.s19', '--address', '0x10000'], 65, 'expected addresses of 16 bits'],
  [['none.bin', 'app.hex'], 66, 'no such file'],
  [['app.bin', 'app.hex', '--from', 'hex'], 65, 'Intel HEX line 1'],
  [['app.bin', 'app.hex', '--from', 'elff'], 64, '--from'],
])('%j: %i', async (args, exit, words) => {
  const [code, , err] = await convert(...args);
  expect([code, err]).toEqual([exit, expect.stringContaining(words)]);
});

test('image info tells the prefix', async () => {
  writeFileSync(path('ti.bin'), withStellarisPrefix(app, 0x2000));
  const { out } = await ran(['image', 'info', path('ti.bin')]);
  expect(out).toContain('TI Stellaris, 8 bytes, in front of 512 bytes for 0x00002000');
  const { out: json } = await ran(['image', 'info', path('ti.bin'), '--json']);
  expect(JSON.parse(json)).toMatchObject({ prefix: { kind: 'stellaris', address: 0x2000 } });
});
