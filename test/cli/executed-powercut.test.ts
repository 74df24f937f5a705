import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { swapDump } from '../fixtures/machine/boot/boot.ts';
import { ran } from '../support/fake-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-executed-'));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: Uint8Array | string): string {
  writeFileSync(path(name), content);
  return path(name);
}

const range = (offsetBytes: number, sizeBytes: number): object => ({ offsetBytes, sizeBytes });

const board = file(
  'pico.json',
  JSON.stringify({
    name: 'my_pico',
    chip: 'RP2040',
    flash: { sectors: [{ count: 512, sizeBytes: 4096 }], writeUnitBytes: 1, erasedValue: 255 },
    flashBaseAddress: 0x10000000,
    ram: { baseAddress: 0x20000000, sizeBytes: 0x42000 },
    zephyr: {
      romStartOffset: 0x200,
      boot: range(0x100, 0xff00),
      slots: [range(0x10000, 0xd0000), range(0xe0000, 0xd0000)],
    },
    bootloaders: ['mcuboot'],
    buttons: [],
    sensors: [],
  }),
);

const powercut = (...args: readonly string[]): ReturnType<typeof ran> =>
  ran(['flash', 'powercut', ...args, '--execute']);

describe('flash powercut --execute', () => {
  const hasty = file('hasty.bin', swapDump('hasty'));
  const careful = file('careful.bin', swapDump('careful'));

  test('ends with 1 where a cut loses something, and says which one, in the words of the table', async () => {
    const { exit, out, err } = await powercut(
      hasty,
      '--board',
      board,
      '--every',
      '20',
      '--kinds',
      'clean',
    );
    expect([exit, err]).toEqual([1, '']);
    expect(out.split('\n')).toEqual([
      '160 operations in this boot; without a cut the boots run what stood in slot1 (SHA-256 580c8e31…) (2 until nothing changes)',
      expect.stringMatching(
        /^\d+ boots of its own machine code were executed: \d\.\d million instructions, /,
      ),
      '8 of the 160 operations were cut; of the others nothing is known',
      '  outcome                                             clean',
      '  same flash as without a cut                             1',
      '  another image than without a cut                        7',
      'another image than without a cut after a clean cut at operation 20 (write slot1 0x0, 256 bytes): runs what stood in slot0 (SHA-256 88aad2c1…)',
      expect.stringMatching(
        /^another image than without a cut after a clean cut at operation 40 \(write slot0 0x200, 256 bytes\): runs SHA-256 \w{8}…, which stood nowhere before; 5 more cases alike$/,
      ),
      '',
    ]);
  });

  test('ends with 0 where nothing is lost, and draws the map', async () => {
    const sample = ['--sample', '4', '--seed', '3'];
    const map = path('maps/careful.svg');
    const { exit, out } = await powercut(careful, '--board', board, ...sample, '--svg', map);
    expect([exit, out]).toEqual([
      0,
      expect.stringContaining('none of these cuts leads to a loss\n'),
    ]);
    expect(readFileSync(map, 'utf8')).toContain('RP2040, executed: power cuts at 160 operations');
    const all = await powercut(file('one.bin', swapDump('careful', 0)), '--board', board);
    expect([all.exit, all.out]).toEqual([0, expect.stringContaining('no cut leads to a loss\n')]);
  });

  test('tells programs all of it', async () => {
    const { exit, out } = await powercut(hasty, '--board', board, '--sample', '2', '--json');
    expect(exit).toBe(1);
    const report = JSON.parse(out) as Record<string, unknown>;
    expect(report).toMatchObject({
      complete: false,
      pairs: [],
      kinds: ['clean', 'torn', 'torn-tail'],
      executed: { boots: expect.any(Number), instructions: expect.any(Number) },
      undisturbed: { boots: 2 },
    });
    expect(report['operations']).toContainEqual({
      number: 0,
      kind: 'write',
      area: 'flash',
      offsetBytes: 0x1b0008,
      address: 0x101b0008,
      lengthBytes: 4,
      sector: 0x1b0,
    });
    expect(report['images']).toContainEqual(
      expect.objectContaining({ address: 0x10010000, known: true, lengthBytes: 11888 }),
    );
  });

  test('finds applications where it is told to', async () => {
    const places = ['--application', '0x10010000:0xd0000'];
    const { exit, out } = await powercut(hasty, '--board', board, '--sample', '1', ...places);
    expect([exit, out]).toEqual([1, expect.stringMatching(/runs .*SHA-256/)]);
    const elsewhere = ['--application', '0x10100000'];
    const none = await powercut(
      careful,
      '--board',
      board,
      '--after',
      '1',
      ...elsewhere,
      '--within',
      '1s',
    );
    expect([none.exit, none.out]).toEqual([
      1,
      expect.stringContaining(
        'without any cut: nothing runs any more, so there is nothing to lose',
      ),
    ]);
  });

  test.each([
    [['--board', 'reel_board'], 65, 'the machine code of its nRF52840 cannot be executed here'],
    [[], 64, '--execute: expected --board, whose chip executes'],
    [
      ['--board', board, '--vectors', 'x'],
      64,
      '--vectors: they are of a bootloader that is simulated',
    ],
    [['--board', board, '--sample', '2', '--every', '2'], 64, '--sample: expected this or --every'],
    [
      ['--board', board, '-k', 'none.pem', '--algorithm', 'move', '--no-validate'],
      64,
      '--execute: the machine code in the dump has its own, and there is no --update: --no-validate, --key, --algorithm',
    ],
    [['--board', board, '--seed', '2'], 64, '--seed: it goes with --sample'],
    [['--board', board, '--application', '0'], 65, '0x00000000: expected flash from 0x10000000'],
    [
      ['--board', board, '--bootrom', board],
      65,
      "expected the 16384 bytes of RP2040's boot ROM, got",
    ],
    [['--board', board, '--within', '0'], 64, '--within: expected a time with its unit'],
  ])('refuses %j', async (args, exit, words) => {
    expect(await powercut(careful, ...args)).toMatchObject({
      exit,
      err: expect.stringContaining(words),
    });
  });

  test('what only goes with it is refused without it', async () => {
    const { exit, err } = await ran([
      'flash',
      'powercut',
      careful,
      '--board',
      board,
      '--sample',
      '2',
    ]);
    expect([exit, err]).toEqual([
      64,
      expect.stringContaining('--sample: it does nothing here; it goes with --execute'),
    ]);
  });

  test('where nothing is in flash there is nothing to execute', async () => {
    const blank = file('blank.bin', new Uint8Array(0x200000).fill(0xff));
    const { exit, err } = await powercut(blank, '--board', board);
    expect([exit, err]).toEqual([65, expect.stringContaining('the flash is empty')]);
  });
});
