import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { replayFolder as replayMcuboot } from './mcuboot/replay-folder.ts';
import { FILES as RT_FILES, replay as replayUsbdDfuRt } from './usbd-dfu-rt/replay.ts';
import { FILES as DFU_FILES, replay as replayUsbdDfu } from './usbd-dfu/replay.ts';
import { replayFolder as replayZephyr } from './zephyr/replay.ts';

/** A replayed case, and where this package does otherwise; nowhere: it passed. */
export interface ReplayedCase {
  readonly name: string;
  readonly differences: readonly string[];
}

/** A kind of recordings. A new one is a line in `vectorShapes`. */
export interface VectorShape {
  readonly name: string;
  /** Whether a folder holds such recordings, by what is in it and not by what it is called. */
  fits(folder: string): boolean;
  replay(folder: string, report: (found: ReplayedCase) => void): Promise<void>;
}

/** Whether one of the folder's JSON files is as `test` says. */
function someFile(
  folder: string,
  test: (value: Readonly<Record<string, unknown>>) => boolean,
): boolean {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .some((file) => {
      const value: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      return typeof value === 'object' && value !== null && test(value as Record<string, unknown>);
    });
}

/** A replay of single files, made one of a folder. */
function eachFile(
  files: readonly string[],
  replay: (path: string) => readonly ReplayedCase[],
): VectorShape['replay'] {
  return (folder, report) => {
    for (const file of files) {
      const path = join(folder, file);
      if (!existsSync(path)) continue;
      for (const { name, differences } of replay(path))
        report({ name: `${file}: ${name}`, differences });
    }
    return Promise.resolve();
  };
}

const titled = (name: string) => (folder: string) =>
  someFile(folder, ({ title }) => typeof title === 'string' && title.startsWith(`${name} `));

/** Every kind of recordings that can be replayed. */
export const vectorShapes: readonly VectorShape[] = [
  {
    name: 'mcuboot',
    fits: (folder) =>
      ['boot', 'powercut', 'fuzz', 'tables'].some((part) => existsSync(join(folder, part))),
    replay: replayMcuboot,
  },
  {
    name: 'zephyr',
    fits: (folder) => someFile(folder, ({ scenario }) => typeof scenario === 'string'),
    replay: replayZephyr,
  },
  {
    name: 'usbd-dfu-rt',
    fits: titled('usbd-dfu-rt'),
    replay: eachFile(RT_FILES, replayUsbdDfuRt),
  },
  {
    name: 'usbd-dfu',
    fits: (folder) =>
      someFile(folder, ({ memory, configs }) => memory !== undefined && configs !== undefined),
    replay: eachFile(DFU_FILES, replayUsbdDfu),
  },
];

/** The kind of recordings in a folder; undefined: none that is known. */
export function shapeOf(folder: string): VectorShape | undefined {
  return vectorShapes.find((shape) => shape.fits(folder));
}
