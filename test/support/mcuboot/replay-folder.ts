import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MagicState, SwapState, Algorithm } from '../../../src/boot/mcuboot/index.ts';
import {
  boot,
  decideSwap,
  slotTrailerBytes,
  trailerLayout,
} from '../../../src/boot/mcuboot/index.ts';
import { departs } from '../../departures/table.ts';
import { toHex } from '../../../src/bytes/index.ts';
import { trailerMagic } from '../../../src/image/index.ts';
import type { FlagState } from '../../../src/image/index.ts';
import { replayPowercut } from './replay-cuts.ts';
import { attempt, attemptNow, differ, differInList } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { ImgtoolFolder } from './imgtool-folder.ts';
import { replayImgtool } from './replay-imgtool.ts';
import { outcomeOf, poked, replayBoot, versionOf } from './replay.ts';
import type { FuzzVector } from './vector-files.ts';
import { VectorFolder, configOf, flashOf, hashOf } from './vector-files.ts';

/** Replays a file of `fuzz/`: one case for each row, two boots each. */
export async function replayFuzz(folder: VectorFolder, name: string): Promise<ReplayedCase[]> {
  const { config, bases, logs, rows } = folder.json(name) as FuzzVector;
  const judge = await folder.judge(config);
  const starts = bases.map(({ file }) => flashOf(config, folder.bytes(file)));
  const cases: ReplayedCase[] = bases.map(({ sha256, file }, n) => {
    const start = starts[n];
    const found = start === undefined ? 'nothing' : hashOf(start);
    return { name: `${name} ${file}`, differences: differ('flash', sha256, found) };
  });
  const replayRow = async ([base, pokes, ...expected]: FuzzVector['rows'][number]) => {
    const start = starts[base];
    if (start === undefined) throw new Error(`expected a base of the file, got ${base}`);
    const flash = poked(config, start, pokes);
    const differences: string[] = [];
    for (const first of [0, 4]) {
      const [outcome, version, log, hash] = expected.slice(first, first + 4);
      const result = await boot({ flash, config: configOf(config), judge });
      differences.push(...differ(`boot ${first / 4} outcome`, outcome, outcomeOf(result)));
      if (outcome === 'signal') {
        differences.push(departs('mcuboot/scratch-reads-beyond-its-sectors'));
        continue;
      }
      differences.push(
        ...differ('version', version, versionOf(result)),
        ...differInList('log', (logs[Number(log)] ?? '').split('\n'), result.log),
        ...differ('flash', hash, hashOf(flash).slice(0, 32)),
      );
    }
    return differences;
  };
  for (const [n, row] of rows.entries())
    cases.push(await attempt(`${name} row ${n}`, () => replayRow(row)));
  return cases;
}

interface SwapTable {
  readonly default: readonly SwapRow[];
  readonly offset: readonly SwapRow[];
}
type SwapRow = readonly [MagicState, number, number, MagicState, number, number, string];

const flag = (byte: number): FlagState => (byte === 255 ? 'unset' : byte === 1 ? 'set' : 'bad');

function stateOf(magic: MagicState, copyDone: number, imageOk: number): SwapState {
  const rest = { swapType: 'none', imageNumber: 0 } as const;
  return { magic, copyDone: flag(copyDone), imageOk: flag(imageOk), ...rest };
}

function replaySwapTable(folder: VectorFolder, name: string): ReplayedCase[] {
  const table = folder.json(name) as SwapTable;
  const classes: readonly [keyof SwapTable, Algorithm][] = [
    ['default', 'swap-using-move'],
    ['default', 'swap-using-scratch'],
    ['default', 'overwrite-only'],
    ['offset', 'swap-using-offset'],
  ];
  return classes.flatMap(([column, algorithm]) =>
    table[column].map((row) =>
      attemptNow(`${name} ${algorithm} ${row.slice(0, 6).join(' ')}`, () => {
        const [pm, pc, pi, sm, sc, si, expected] = row;
        const found = decideSwap(stateOf(pm, pc, pi), stateOf(sm, sc, si), algorithm);
        return differ('swap type', expected, found);
      }),
    ),
  );
}

interface LayoutRow {
  readonly algorithm: 'move' | 'scratch' | 'offset';
  readonly maxAlign: 8 | 16 | 32;
  readonly writeAlign: number;
  readonly maxImgSectors: number;
  readonly statusSize: number;
  readonly trailerSize: number;
  readonly offsetsIn64KiBSlot: Readonly<Record<string, number>>;
  readonly magic: string;
}

function replayLayout(row: LayoutRow): string[] {
  const { maxAlign, maxImgSectors, writeAlign, offsetsIn64KiBSlot } = row;
  const algorithm = `swap-using-${row.algorithm}` as const;
  const shape = { algorithm, maxAlign, maxImgSectors };
  const layout = trailerLayout(shape, { sizeBytes: 0x10000, writeUnitBytes: writeAlign });
  return [
    ...differ('trailer', row.trailerSize, slotTrailerBytes(shape, writeAlign)),
    ...differ('status', row.statusSize, layout.statusBytes),
    ...differ('start', 0x10000 - row.trailerSize, layout.status),
    ...differ('magic', offsetsIn64KiBSlot['magic'], layout.magic),
    ...differ('image_ok', offsetsIn64KiBSlot['image_ok'], layout.imageOk),
    ...differ('copy_done', offsetsIn64KiBSlot['copy_done'], layout.copyDone),
    ...differ('swap_info', offsetsIn64KiBSlot['swap_info'], layout.swapInfo),
    ...differ('tlv sizes', offsetsIn64KiBSlot['unprotected_tlv_sizes'], layout.tlvSizes),
    ...differ('swap_size', offsetsIn64KiBSlot['swap_size'], layout.swapSize),
    ...differ('magic bytes', row.magic, toHex(trailerMagic(maxAlign))),
  ];
}

/** Replays a file of `tables/`. */
export function replayTable(folder: VectorFolder, name: string): ReplayedCase[] {
  if (name.endsWith('/swap-type')) return replaySwapTable(folder, name);
  const { rows } = folder.json(name) as { readonly rows?: readonly LayoutRow[] };
  if (!Array.isArray(rows)) throw new Error('expected rows of a trailer’s layout, found none');
  return (rows as readonly LayoutRow[]).map((row, n) =>
    attemptNow(`${name} row ${n}`, () => replayLayout(row)),
  );
}

/** What a folder of these recordings has in folders of their own. */
export const PARTS = ['tables', 'boot', 'powercut', 'fuzz', 'imgtool'] as const;
export type Part = (typeof PARTS)[number];

type ReplayFile = (folder: VectorFolder, name: string) => Promise<readonly ReplayedCase[]>;

const replays: Readonly<Record<Exclude<Part, 'imgtool'>, ReplayFile>> = {
  tables: (folder, name) => Promise.resolve(replayTable(folder, name)),
  boot: replayBoot,
  powercut: replayPowercut,
  fuzz: replayFuzz,
};

/** Replays a folder of this shape, or parts of it; each case is handed over as it is done. */
export async function replayFolder(
  root: string,
  each: (found: ReplayedCase) => void,
  parts: readonly Part[] = PARTS,
): Promise<void> {
  const folder = new VectorFolder(root);
  for (const part of parts) {
    if (part === 'imgtool') {
      const runs = join(root, 'imgtool');
      if (existsSync(join(runs, 'cases.json'))) await replayImgtool(new ImgtoolFolder(runs), each);
      continue;
    }
    for (const name of folder.list(part)) {
      const cases: ReplayedCase[] = [];
      const whole = await attempt(name, async () => {
        cases.push(...(await replays[part](folder, name)));
        return [];
      });
      (whole.differences.length > 0 ? [whole] : cases).forEach(each);
    }
  }
}
