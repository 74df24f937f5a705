import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crc32Register } from '../../src/bytes/index.ts';
import { dfukit } from '../../src/cli/dfukit.ts';
import { appendSuffix, writeDfuSeFile } from '../../src/dfu/index.ts';
import { withLpcPrefix, withStellarisPrefix } from '../../src/image/index.ts';
import { judged } from '../kernel/guest/program-comparison.ts';
import type { ComparedLine, Ran } from '../kernel/guest/program-comparison.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { asRoot, installOnDebian, need } from '../support/needs.ts';
import type { MissingPart } from '../support/needs.ts';
import { nativeLines, nativeRows } from './native-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-dfu-util-'));
// Without the program there is no output.
const version: string | null = spawnSync('dfu-util', ['-V'], { encoding: 'utf8' }).stdout;
const missing: MissingPart | undefined =
  version?.startsWith('dfu-util 0.11\n') === true
    ? undefined
    : {
        what: 'dfu-util 0.11',
        install: installOnDebian(asRoot('apt-get install --no-install-recommends dfu-util')),
      };

const payload = new Uint8Array(100).fill(0x78);
const own = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0xffff, bcdDFU: 0x0100 };

/** A suffix that says another length than it has, and is right by its CRC. */
function saying(length: number): Uint8Array {
  const file = appendSuffix(payload, own);
  file[file.length - 5] = length;
  const crc = crc32Register(file.subarray(0, -4));
  new DataView(file.buffer).setUint32(file.length - 4, crc, true);
  return file;
}

function damaged(file: Uint8Array): Uint8Array {
  const other = Uint8Array.from(file);
  other[3] = 0xaa;
  return other;
}

const elements = [{ address: 0x08000000, data: payload }];
const files: Readonly<Record<string, Uint8Array>> = {
  'plain.bin': payload,
  'short.bin': payload.subarray(0, 5),
  'empty.bin': new Uint8Array(0),
  'good.dfu': appendSuffix(payload, own),
  'any.dfu': appendSuffix(payload, { ...own, idVendor: 0xffff }),
  'damaged.dfu': damaged(appendSuffix(payload, own)),
  'longer.dfu': saying(20),
  'length8.dfu': saying(8),
  'length200.dfu': saying(200),
  'as-stellaris.bin': Uint8Array.of(1, 0, ...payload),
  'lpc.bin': withLpcPrefix(payload),
  'stellaris.bin': withStellarisPrefix(payload, 0x2000),
  'cut.dfu': appendSuffix(writeDfuSeFile([{ alternate: 0, elements }]).subarray(0, 60), {
    ...own,
    bcdDFU: 0x011a,
  }),
};

/** What stands in the folder: neither program may leave anything. */
const left = (): string => readdirSync(folder).toSorted().join(' ');

function dfuUtil(args: readonly string[], input = ''): Ran {
  const { status, stdout, stderr } = spawnSync('dfu-util', args, { input, encoding: 'utf8' });
  return { status: status ?? -1, out: stdout, err: stderr, left: left() };
}

async function own0(args: readonly string[], input = ''): Promise<Ran> {
  const terminal = new FakeTerminal();
  terminal.in.end(input);
  const status = await dfukit(['dfu-util', ...args], terminal);
  return { status, out: terminal.out.text, err: terminal.err.text, left: left() };
}

describe('dfukit dfu-util, with the command lines that dfu-util is given', () => {
  const met = new Set<string>();

  beforeAll(() => {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const named = nativeLines.map((each) => [each.args.join(' '), each] as const);
  test.for(named)('dfu-util %s', async ([, line]: readonly [string, ComparedLine], context) => {
    need(context, missing);
    const args = line.args.map((word) => word.replace('@', `${folder}/`));
    const pair = { theirs: dfuUtil(args, line.input), ours: await own0(args, line.input) };
    const { differences, met: rows } = judged(line, pair, folder);
    for (const row of rows) met.add(row);
    expect(differences).toEqual([]);
  });

  test('meets the departures that it says, and no other', (context) => {
    need(context, missing);
    expect([...met].toSorted()).toEqual([...nativeRows].toSorted());
  });
});
