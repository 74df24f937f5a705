import { readdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { sorted } from '../departures/table.ts';
import { attempt, readRecorded } from './replayed.ts';
import { jsonFiles, shapeOf, vectorShapes } from './vector-shapes.ts';
import type { VectorShape } from './vector-shapes.ts';

/** Exit codes of `npm run vectors`. */
const ALL_PASSED = 0;
const SOME_FAILED = 1;
const EX_USAGE = 64;

/** Where a run says what it finds, a line at a time. */
interface VectorOutput {
  print(line: string): void;
  warn(line: string): void;
  /** Hears of each departure that a case met, by the name that it has in docs/departures.md. */
  departed?(id: string): void;
}

/** Folders of recordings: those of a known kind, and those that nothing here can judge. */
interface Found {
  readonly judged: { readonly folder: string; readonly shape: VectorShape }[];
  readonly unknown: string[];
}

/** Deeper folders are not looked into. */
const DEEPEST = 4;

function find(folder: string, found: Found, depth = 0): void {
  const shape = shapeOf(folder);
  if (shape !== undefined) found.judged.push({ folder, shape });
  else if (jsonFiles(folder).length > 0) found.unknown.push(folder);
  if (depth === DEEPEST) return;
  const inner = readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isDirectory() && !/^(?:\.|node_modules$)/.test(each.name))
    .filter(({ name }) => shape?.folders?.includes(name) !== true)
    .map(({ name }) => join(folder, name));
  for (const each of inner.toSorted()) find(each, found, depth + 1);
}

/** Why a path is no folder to replay; undefined: it is one. */
function refusal(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return `expected a folder of recordings, but there is no ${path}`;
  return stats.isDirectory() ? undefined : `expected a folder of recordings, got the file ${path}`;
}

const NO_JSON = 'expected JSON with an object, got something else';

const unreadable = (folder: string, files: readonly string[]): string[] =>
  files.filter((file) => readRecorded(join(folder, file)) === undefined);

const shown = (differences: readonly string[]): string => {
  const [first = ''] = differences;
  const more = differences.length - 1;
  const line = first.replaceAll(/\s*\n\s*/g, ' ');
  return more > 0 ? `${line} (and ${more} more)` : line;
};

/**
 * Replays a folder of recordings, or every such folder within it. Ends with `N passed, N failed`;
 * answers the exit code: 0, 1 if something failed, 64 if there is nothing to judge.
 */
export async function runVectors(root: string, output: VectorOutput): Promise<number> {
  const wrong = refusal(root);
  if (wrong !== undefined) {
    output.warn(wrong);
    return EX_USAGE;
  }
  const found: Found = { judged: [], unknown: [] };
  find(root, found);
  const broken = found.unknown.some((each) => unreadable(each, jsonFiles(each)).length > 0);
  if (found.judged.length === 0 && !broken) {
    const known = vectorShapes.map(({ name }) => name).join(', ');
    output.warn(`${root}: expected recordings of a known kind (${known}), found none`);
    return EX_USAGE;
  }
  const total = { passed: 0, failed: 0 };
  const met = new Map<string, number>();
  const heard: VectorOutput = {
    ...output,
    departed(id) {
      met.set(id, (met.get(id) ?? 0) + 1);
      output.departed?.(id);
    },
  };
  for (const { folder, shape } of found.judged) {
    const where = relative(root, folder) || basename(folder);
    const here = await replayOne({ folder, shape }, where, heard);
    total.passed += here.passed;
    total.failed += here.failed;
  }
  for (const folder of found.unknown) {
    const where = relative(root, folder) || '.';
    const files = jsonFiles(folder);
    for (const file of unreadable(folder, files)) {
      total.failed += 1;
      output.print(`${join(where, file)}: ${NO_JSON}`);
    }
    output.print(`${where}: not judged, nothing here replays it: ${files.join(', ')}`);
  }
  if (met.size > 0) output.print(`departures met (docs/departures.md): ${counted(met)}`);
  output.print(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 ? ALL_PASSED : SOME_FAILED;
}

const counted = (met: ReadonlyMap<string, number>): string =>
  [...met]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([id, times]) => `${id} (${times})`)
    .join(', ');

async function replayOne(
  { folder, shape }: Found['judged'][number],
  where: string,
  output: VectorOutput,
): Promise<{ passed: number; failed: number }> {
  let passed = 0;
  let failed = 0;
  output.print(`${where}: recordings of ${shape.name}`);
  const report = ({
    name,
    differences: found,
  }: {
    name: string;
    differences: readonly string[];
  }): void => {
    const { differences, met } = sorted(found);
    for (const id of met) output.departed?.(id);
    if (differences.length === 0) passed += 1;
    else {
      failed += 1;
      output.print(`${name}: ${shown(differences)}`);
    }
  };
  const whole = await attempt(where, async () => {
    await shape.replay(folder, report);
    return [];
  });
  if (whole.differences.length > 0) report(whole);
  const leftOut = shape.leftOut(folder);
  for (const file of unreadable(folder, leftOut)) report({ name: file, differences: [NO_JSON] });
  if (leftOut.length > 0) output.print(`${where}: not judged: ${leftOut.join(', ')}`);
  return { passed, failed };
}
