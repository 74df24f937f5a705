import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { dfukit } from '../dfukit.ts';

let folder = '';
let path = '';
const firmware = Uint8Array.from({ length: 100 }, (_, at) => at);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-tools-'));
  path = join(folder, 'app.bin');
  writeFileSync(path, firmware);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A command line to its end, without the banner. */
async function tool(...args: readonly string[]): Promise<[exit: number, out: string, err: string]> {
  const terminal = new FakeTerminal();
  const exit = await dfukit(args, terminal);
  const plain = (text: string): string =>
    text
      .replaceAll(`${folder}/`, '')
      .replace(/^.*0\.11\n\n.*line\.\n\n/, '')
      .replace(/^Usage[^]*/m, '');
  return [exit, plain(terminal.out.text), plain(terminal.err.text)];
}

describe('dfu-suffix', () => {
  test('adds, shows, removes', async () => {
    expect(await tool('dfu-suffix', '-v', '1209', '-p', '0x7d02', '-S', '110', '-a', path)).toEqual(
      [0, 'Suffix successfully added to file\n', ''],
    );
    const [exit, out] = await tool('dfu-suffix', '--check', path);
    expect([exit, out.split('\n').slice(0, 6)]).toEqual([
      0,
      [
        'The file app.bin contains a DFU suffix with the following properties:',
        'BCD device:\t0xFFFF',
        'Product ID:\t0x7D02',
        'Vendor ID:\t0x1209',
        'BCD DFU:\t0x0110',
        'Length:\t\t16',
      ],
    ]);
    expect((await tool('dfu-suffix', '-a', path))[0]).toBe(65);
    expect((await tool('dfu-suffix', '-D', path))[0]).toBe(0);
    expect(Uint8Array.from(readFileSync(path))).toEqual(firmware);
    expect(readdirSync(folder)).toEqual(['app.bin']);
  });

  test.each([
    [['-c', 'FILE'], 65, 'Valid DFU suffix needed'],
    [['-V'], 0, ''],
    [['-h'], 0, ''],
    [[], 64, 'specify a filename'],
    [['-q'], 64, "invalid option -- 'q'"],
    [['-S', '200', '-a', 'FILE'], 64, 'Only DFU specification'],
    [['-d', 'x', '-a', 'FILE'], 64, 'got "x"'],
    [['-a', 'FILE', 'other'], 64, 'nothing is done to other'],
    [['-a', 'FILE', '-c', 'FILE'], 64, 'only one of'],
    [['-c', 'FILE.none'], 66, 'No such file'],
  ])('%j', async (args, exit, words) => {
    const line = args.map((each) => each.replace('FILE', path));
    const [code, , err] = await tool('dfu-suffix', ...line);
    expect([code, err]).toEqual([exit, expect.stringContaining(words)]);
    expect(Uint8Array.from(readFileSync(path))).toEqual(firmware);
  });
});

describe('dfu-prefix', () => {
  test.each([
    [['-s', '0x2000'], 'TI Stellaris', 'Address:\t0x00002000'],
    [['--lpc-prefix'], 'NXP unencrypted LPC', 'Size:\t    0 kiB'],
  ])('%j: adds, shows, removes, and makes the suffix anew', async (kind, name, line) => {
    await tool('dfu-suffix', '-a', path);
    expect((await tool('dfu-prefix', ...kind, '-a', path))[0]).toBe(0);
    expect((await tool('dfu-prefix', ...kind, '-a', path))[0]).toBe(65);
    const [exit, out] = await tool('dfu-prefix', '-c', path);
    expect(exit).toBe(0);
    expect(out).toContain(`contains a ${name} DFU prefix`);
    expect(out).toContain(line);
    expect(out).toContain('contains a DFU suffix');
    const other = kind[0] === '-s' ? '-L' : '-T';
    expect((await tool('dfu-prefix', other, '-D', path))[0]).toBe(65);
    expect((await tool('dfu-prefix', '-D', path))[0]).toBe(0);
    expect((await tool('dfu-suffix', '-D', path))[0]).toBe(0);
    expect(Uint8Array.from(readFileSync(path))).toEqual(firmware);
  });

  test.each([
    [['-h'], 0, ''],
    [['-V'], 0, ''],
    [['-q'], 64, 'invalid option'],
    [['-a', 'FILE'], 64, 'Prefix type must be specified'],
    [['-T', '-a', 'FILE'], 64, 'Prefix address'],
    [['-s', '1', '-a', 'FILE'], 64, 'multiple of 1024'],
    [['-s', 'x', '-a', 'FILE'], 64, 'Invalid lmdfu address: x'],
    [['-L', '-T', '-c', 'FILE'], 64, 'not for both'],
    [['-D', 'FILE'], 65, 'Valid DFU prefix needed'],
    [['-L', '-c', 'FILE'], 65, 'No prefix of requested type'],
  ])('%j', async (args, exit, words) => {
    const line = args.map((each) => each.replace('FILE', path));
    const [code, , err] = await tool('dfu-prefix', ...line);
    expect([code, err]).toEqual([exit, expect.stringContaining(words)]);
  });
});

describe('dfuse-pack', () => {
  test('packs binaries, S-records and Intel HEX, and takes them out again', async () => {
    const hex = join(folder, 'a.hex');
    const srec = join(folder, 'a.s19');
    const out = join(folder, 'out.dfu');
    writeFileSync(hex, ':0400000001020304F2\n:00000001FF\n');
    writeFileSync(srec, 'S00600004844521B\nS1060100010203F2\nS9030000FC\n');
    const parts = ['-b', `0x08000000@2:${path}`, '-i', hex, '-s', srec];
    expect(await tool('dfuse-pack', ...parts, '-D', '0x1209:0x7d02', out)).toEqual([0, '', '']);
    const [exit, text] = await tool('dfuse-pack', '-d', out);
    expect(exit).toBe(0);
    expect(text).toMatch(
      /^usb: 1209:7d02, device: 0x0000, dfu: 0x011a, b'UFD', 16, 0x[0-9a-f]{8}$/m,
    );
    expect(text.split('\n').slice(0, 10)).toEqual([
      'File: "out.dfu"',
      "b'DfuSe' v1, image size: 964, targets: 3",
      `b'Target' 0, alt setting: 2, name: "b'ST...'", size: 108, elements: 1`,
      '  0, address: 0x08000000, size: 100',
      '    DUMPED IMAGE TO "out.dfu.target0.image0.bin"',
      `b'Target' 1, alt setting: 0, name: "b'ST...'", size: 12, elements: 1`,
      '  0, address: 0x00000000, size: 4',
      '    DUMPED IMAGE TO "out.dfu.target1.image0.bin"',
      `b'Target' 2, alt setting: 0, name: "b'HDR'", size: 11, elements: 1`,
      '  0, address: 0x00000100, size: 3',
    ]);
    const dumped = readFileSync(join(folder, 'out.dfu.target0.image0.bin'));
    expect(Uint8Array.from(dumped)).toEqual(firmware);
  });

  test.each([
    [[], 1],
    [['-h'], 0],
    [['-q'], 2],
    [['--bu', 'x'], 2],
    [['-b'], 2],
    [['--dump=1'], 2],
    [['-b', 'x', 'OUT'], 1],
    [['-b', '08:FILE', 'OUT'], 1],
    [['-b', '1@x:FILE', 'OUT'], 1],
    [['-b', '1@300:FILE', 'OUT'], 1],
    [['-b', '1:FILE.none', 'OUT'], 1],
    [['-a', 'x', '-b', '1:FILE', 'OUT'], 1],
    [['-D', 'x', '-b', '1:FILE', 'OUT'], 1],
    [['-i', 'FILE', 'OUT'], 1],
    [['FILE'], 1],
    [['FILE.none'], 1],
  ])('%j ends with %i and writes nothing', async (args, exit) => {
    const line = args.map((each) =>
      each.replace('FILE', path).replace('OUT', join(folder, 'out.dfu')),
    );
    expect((await tool('dfuse-pack', ...line))[0]).toBe(exit);
    expect(readdirSync(folder)).toEqual(['app.bin']);
  });
});
