import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ImgtoolFolder } from './mcuboot/imgtool-folder.ts';
import { PARTS, replayFolder as replayMcuboot } from './mcuboot/replay-folder.ts';
import type { Part } from './mcuboot/replay-folder.ts';
import { replayImgtool } from './mcuboot/replay-imgtool.ts';
import { attempt, readRecorded } from './replayed.ts';
import type { Recorded, ReplayedCase } from './replayed.ts';
import {
  FILES as RIOTBOOT_FILES,
  replayFolder as replayRiotboot,
} from './riotboot/replay-folder.ts';
import { replay as replayUsbdDfuRt } from './usbd-dfu-rt/replay.ts';
import { replay as replayUsbdDfu } from './usbd-dfu/replay.ts';
import { isJudged as isJudgedZephyr, replayFolder as replayZephyr } from './zephyr/replay.ts';

export type { ReplayedCase } from './replayed.ts';

/** A kind of recordings. A new one is a line in `vectorShapes`. */
export interface VectorShape {
  readonly name: string;
  /** Whether a folder holds such recordings, by what is in it and not by what it is called. */
  fits(folder: string): boolean;
  replay(folder: string, report: (found: ReplayedCase) => void): Promise<void>;
  /** Folders in it that belong to these recordings. */
  readonly folders?: readonly string[];
  /** Files with recordings that nothing here can judge, and that are left out. */
  leftOut(folder: string): readonly string[];
}

/** The JSON files of a folder, by name. */
export function jsonFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isFile() && each.name.endsWith('.json'))
    .map(({ name }) => name)
    .toSorted();
}

type Test = (value: Recorded) => boolean;

const filesThat = (folder: string, test: Test): string[] =>
  jsonFiles(folder).filter((file) => {
    const value = readRecorded(join(folder, file));
    return value !== undefined && test(value);
  });

const filesBut = (folder: string, known: readonly string[]): string[] =>
  jsonFiles(folder).filter((file) => !known.includes(file));

/** Recordings that are single files which `test` knows. */
function eachFile(
  name: string,
  test: Test,
  replay: (path: string) => readonly ReplayedCase[],
): VectorShape {
  return {
    name,
    fits: (folder) => filesThat(folder, test).length > 0,
    async replay(folder, report) {
      for (const file of filesThat(folder, test)) {
        let cases: readonly ReplayedCase[] = [];
        const whole = await attempt(file, () => {
          cases = replay(join(folder, file));
          return [];
        });
        if (whole.differences.length > 0) report(whole);
        else
          for (const { name: title, differences } of cases)
            report({ name: `${file}: ${title}`, differences });
      }
    },
    leftOut: (folder) => filesBut(folder, filesThat(folder, test)),
  };
}

const isTitled =
  (name: string): Test =>
  ({ title, cases }) =>
    Array.isArray(cases) && typeof title === 'string' && title.startsWith(`${name} `);

const isImgtool: Test = ({ cases }) =>
  Array.isArray(cases) &&
  cases.some((each: unknown) => typeof each === 'object' && each !== null && 'cmd' in each);

const partOf = (folder: string): Part | undefined =>
  PARTS.find((part) => part === basename(folder) && part !== 'imgtool');

const hasParts = (folder: string): boolean =>
  PARTS.some((part) => existsSync(join(folder, part)) && jsonFiles(join(folder, part)).length > 0);

/** Every kind of recordings that can be replayed. */
export const vectorShapes: readonly VectorShape[] = [
  {
    name: 'mcuboot',
    folders: [...PARTS, 'flash', 'images', 'keys'],
    fits: hasParts,
    replay: replayMcuboot,
    // A list of what is in the other files.
    leftOut: (folder) => filesBut(folder, ['index.json']),
  },
  {
    name: 'imgtool',
    fits: (folder) => filesThat(folder, isImgtool).includes('cases.json'),
    replay: (folder, report) => replayImgtool(new ImgtoolFolder(folder), report),
    leftOut: (folder) => filesBut(folder, ['cases.json']),
  },
  {
    name: 'mcuboot (one part)',
    fits: (folder) => partOf(folder) !== undefined && hasParts(dirname(folder)),
    replay: (folder, report) =>
      replayMcuboot(
        dirname(folder),
        report,
        PARTS.filter((part) => part === partOf(folder)),
      ),
    leftOut: () => [],
  },
  {
    name: 'riotboot',
    fits: (folder) => RIOTBOOT_FILES.some((file) => existsSync(join(folder, file))),
    replay: replayRiotboot,
    leftOut: (folder) => filesBut(folder, RIOTBOOT_FILES),
  },
  {
    name: 'zephyr',
    fits: (folder) => filesThat(folder, ({ scenario }) => typeof scenario === 'string').length > 0,
    replay: replayZephyr,
    leftOut: (folder) => jsonFiles(folder).filter((file) => !isJudgedZephyr(folder, file)),
  },
  eachFile('usbd-dfu-rt', isTitled('usbd-dfu-rt'), replayUsbdDfuRt),
  eachFile(
    'usbd-dfu',
    ({ memory, configs, cases }) =>
      memory !== undefined && configs !== undefined && Array.isArray(cases),
    replayUsbdDfu,
  ),
];

/** The kind of recordings in a folder; undefined: none that is known. */
export function shapeOf(folder: string): VectorShape | undefined {
  return vectorShapes.find((shape) => shape.fits(folder));
}
