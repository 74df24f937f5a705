import type { BootOperation, BootResult, ImageJudge } from '../../../src/boot/mcuboot/index.ts';
import { boot, placeOf } from '../../../src/boot/mcuboot/index.ts';
import type { MemoryFlash } from '../../../src/flash/index.ts';
import { attempt, differ, differInList } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { operationText, outcomeOf, powerLost, versionOf } from './replay.ts';
import type { VectorConfig } from '../../../src/lab/index.ts';
import type { CutRow, PowercutVector, VectorFolder } from './vector-files.ts';
import { configOf, contentsOf, flashOf, hashOf } from './vector-files.ts';

/** The flash just before an operation, and that operation. */
interface Moment {
  readonly flash: MemoryFlash;
  readonly operation: (BootOperation & { readonly bytes?: Uint8Array }) | undefined;
}

interface Lab {
  readonly vector: PowercutVector;
  readonly judge: ImageJudge;
}

const short = (hash: string): string => hash.slice(0, 32);

/** One boot of a copy; its operations are counted. */
async function bootCopy(
  { vector, judge }: Lab,
  flash: MemoryFlash,
): Promise<{ readonly result: BootResult; readonly operations: number }> {
  let operations = 0;
  const result = await boot({
    flash,
    config: configOf(vector.config),
    judge,
    onOperation: () => void (operations += 1),
  });
  return { result, operations };
}

/** Boots once undisturbed and keeps the flash as it was before each operation, and at the end. */
async function record(
  lab: Lab,
  folder: VectorFolder,
): Promise<{ moments: Moment[]; found: string[] }> {
  const { vector, judge } = lab;
  const flash = flashOf(vector.config, folder.bytes(vector.flashInitial));
  const moments: Moment[] = [];
  const ops: string[] = [];
  const onOperation = ({ bytes, ...rest }: BootOperation): void => {
    const operation = bytes === undefined ? rest : { ...rest, bytes: bytes.slice() };
    moments.push({ flash: flash.fork(), operation });
    ops.push(operationText(rest));
  };
  const result = await boot({ flash, config: configOf(vector.config), judge, onOperation });
  moments.push({ flash, operation: undefined });
  const { uninterrupted } = vector;
  const found = [
    ...differ('operations', vector.opCount, ops.length),
    ...differInList('ops', uninterrupted.ops.split(' '), ops),
    ...differ('outcome', uninterrupted.outcome, outcomeOf(result)),
    ...differ('version', uninterrupted.version, versionOf(result)),
    ...differInList('log', uninterrupted.log, result.log),
    ...differ('flash', uninterrupted.flashAfterSha256, hashOf(flash)),
  ];
  return { moments, found };
}

/** The flash after half of an operation: half the bytes written, or half the sector erased. */
function torn(config: VectorConfig, { flash, operation }: Moment): MemoryFlash {
  if (operation === undefined) return flash.fork();
  const contents = contentsOf(flash);
  const start = placeOf(configOf(config), operation.area).offsetBytes + operation.offsetBytes;
  const half = Math.floor(operation.lengthBytes / 2);
  if (operation.bytes === undefined) {
    contents.fill(config.erasedVal, start, start + half);
  } else {
    const whole = half - (half % config.writeAlign);
    contents.set(operation.bytes.subarray(0, whole), start);
  }
  return flashOf(config, contents);
}

async function replayCut(lab: Lab, flash: MemoryFlash, row: CutRow): Promise<string[]> {
  const [, hashAtCut, outcome, hashAfter, version, operations, log] = row;
  const atCut = differ('flash at the cut', hashAtCut, short(hashOf(flash)));
  const { result, operations: found } = await bootCopy(lab, flash);
  const lines = lab.vector.logs[log] ?? '';
  return [
    ...atCut,
    ...differ('outcome', outcome, outcomeOf(result)),
    ...differ('version', version, versionOf(result)),
    ...differInList('log', typeof lines === 'string' ? lines.split('\n') : lines, result.log),
    ...differ('operations', operations, found),
    ...differ('flash', hashAfter, short(hashOf(flash))),
  ];
}

type MultiRow = PowercutVector['multiCuts'][number];

/** Several boots that are cut, then one that is not. */
async function replayMulti(lab: Lab, start: MemoryFlash, row: MultiRow): Promise<string[]> {
  const [cuts, outcomes, last, hash, version] = row;
  const flash = start.fork();
  const found: string[] = [];
  for (const [n, cut] of cuts.entries()) {
    let done = 0;
    const onOperation = (): void => {
      if (done === cut) throw powerLost();
      done += 1;
    };
    const { vector, judge } = lab;
    const result = await boot({ flash, config: configOf(vector.config), judge, onOperation });
    found.push(...differ(`outcome of boot ${n}`, outcomes[n], outcomeOf(result)));
  }
  const { result } = await bootCopy(lab, flash);
  return [
    ...found,
    ...differ('outcome', last, outcomeOf(result)),
    ...differ('version', version, versionOf(result)),
    ...differ('flash', hash, short(hashOf(flash))),
  ];
}

/** Replays a file of `powercut/`: one case for each row, and one for the boot that is not cut. */
export async function replayPowercut(folder: VectorFolder, name: string): Promise<ReplayedCase[]> {
  const vector = folder.json(name) as PowercutVector;
  const lab: Lab = { vector, judge: await folder.judge(vector.config) };
  const { moments, found } = await record(lab, folder);
  const cases: ReplayedCase[] = [{ name: `${name} uninterrupted`, differences: found }];
  const add = async (what: string, play: () => Promise<readonly string[]>): Promise<void> =>
    void cases.push(await attempt(`${name} ${what}`, play));
  const none = Promise.resolve(['no such operation']);
  for (const row of vector.cuts) {
    const moment = moments[row[0]];
    const flash = moment?.flash.fork();
    const where = `cut ${row[0]}`;
    await add(where, () => (flash === undefined ? none : replayCut(lab, flash, row)));
  }
  for (const row of vector.tornCuts ?? []) {
    const moment = moments[row[0]];
    const flash = moment === undefined ? undefined : torn(vector.config, moment);
    const where = `torn ${row[0]}`;
    await add(where, () => (flash === undefined ? none : replayCut(lab, flash, row)));
  }
  const [first] = moments;
  for (const row of vector.multiCuts) {
    const where = `cuts ${row[0].join(',')}`;
    await add(where, () => (first === undefined ? none : replayMulti(lab, first.flash, row)));
  }
  return cases;
}
