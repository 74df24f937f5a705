import type { FlagState, MagicState, SwapState } from '../../../src/boot/mcuboot/index.ts';
import {
  boot,
  decideSwap,
  slotTrailerBytes,
  trailerLayout,
} from '../../../src/boot/mcuboot/index.ts';
import type { Algorithm } from '../../../src/boot/mcuboot/index.ts';
import { toHex } from '../../../src/bytes/index.ts';
import { trailerMagic } from '../../../src/image/index.ts';
import type { Case } from './replay-cuts.ts';
import { replayPowercut } from './replay-cuts.ts';
import { differ, differInList, outcomeOf, poked, replayBoot, versionOf } from './replay.ts';
import type { FuzzVector } from './vector-files.ts';
import { VectorFolder, configOf, flashOf, hashOf } from './vector-files.ts';

/** Replays a file of `fuzz/`: one case for each row, two boots each. */
export async function replayFuzz(folder: VectorFolder, name: string): Promise<Case[]> {
  const { config, bases, logs, rows } = folder.json(name) as FuzzVector;
  const judge = await folder.judge(config);
  const starts = bases.map(({ file }) => flashOf(config, folder.bytes(file)));
  const cases: Case[] = bases.map(({ sha256, file }, n) => {
    const start = starts[n];
    const found = start === undefined ? 'nothing' : hashOf(start);
    return { name: `${name} ${file}`, differences: differ('flash', sha256, found) };
  });
  for (const [n, [base, pokes, ...expected]] of rows.entries()) {
    const start = starts[base];
    if (start === undefined) throw new Error(`${name}: no base ${base}`);
    const flash = poked(config, start, pokes);
    const differences: string[] = [];
    for (const first of [0, 4]) {
      const [outcome, version, log, hash] = expected.slice(first, first + 4);
      const result = await boot({ flash, config: configOf(config), judge });
      differences.push(...differ(`boot ${first / 4} outcome`, outcome, outcomeOf(result)));
      // what the C code did after reading out of bounds is not behaviour to copy
      if (outcome === 'signal') continue;
      differences.push(
        ...differ('version', version, versionOf(result)),
        ...differInList('log', (logs[Number(log)] ?? '').split('\n'), result.log),
        ...differ('flash', hash, hashOf(flash).slice(0, 32)),
      );
    }
    cases.push({ name: `${name} row ${n}`, differences });
  }
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

function replaySwapTable(folder: VectorFolder, name: string): Case[] {
  const table = folder.json(name) as SwapTable;
  const classes: readonly [keyof SwapTable, Algorithm][] = [
    ['default', 'swap-using-move'],
    ['default', 'swap-using-scratch'],
    ['default', 'overwrite-only'],
    ['offset', 'swap-using-offset'],
  ];
  return classes.flatMap(([column, algorithm]) =>
    table[column].map((row) => {
      const [pm, pc, pi, sm, sc, si, expected] = row;
      const found = decideSwap(stateOf(pm, pc, pi), stateOf(sm, sc, si), algorithm);
      const differences = differ('swap type', expected, found);
      return { name: `${name} ${algorithm} ${row.slice(0, 6).join(' ')}`, differences };
    }),
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
export function replayTable(folder: VectorFolder, name: string): Case[] {
  if (name.endsWith('/swap-type')) return replaySwapTable(folder, name);
  const { rows } = folder.json(name) as { readonly rows: readonly LayoutRow[] };
  return rows.map((row, n) => ({ name: `${name} row ${n}`, differences: replayLayout(row) }));
}

/** Replays everything in a folder of this shape; each case is handed over as it is done. */
export async function replayFolder(root: string, each: (found: Case) => void): Promise<void> {
  const folder = new VectorFolder(root);
  for (const name of folder.list('tables')) replayTable(folder, name).forEach(each);
  for (const name of folder.list('boot')) {
    each({ name, differences: await replayBoot(folder, name) });
  }
  for (const name of folder.list('powercut')) (await replayPowercut(folder, name)).forEach(each);
  for (const name of folder.list('fuzz')) (await replayFuzz(folder, name)).forEach(each);
}
