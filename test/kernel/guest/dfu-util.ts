import assert from 'node:assert/strict';
import type { Bench, Ended, RunOptions } from './bench.ts';

/** One line of `dfu-util -l`. */
interface Listed {
  readonly mode: 'Runtime' | 'DFU';
  readonly id: string;
  readonly alt: number;
  readonly path: string;
  readonly name: string;
  readonly serial: string;
}

const LINE =
  /^Found (Runtime|DFU): \[([0-9a-f:]+)\].* path="([^"]*)", alt=(\d+), name="([^"]*)", serial="([^"]*)"$/gm;

export function dfuUtil(
  bench: Bench,
  args: readonly string[],
  options?: RunOptions,
): Promise<Ended> {
  return bench.run('dfu-util', args, options);
}

/** Runs dfu-util, which must succeed; answers what it said. */
export async function dfuUtilSucceeds(bench: Bench, ...args: readonly string[]): Promise<string> {
  const { status, output } = await dfuUtil(bench, args);
  assert.equal(status, 0, 'exit status of dfu-util');
  return output;
}

/** What `dfu-util -l` finds, by alternate. It must exit 0. */
export async function dfuUtilList(bench: Bench): Promise<Listed[]> {
  const output = await dfuUtilSucceeds(bench, '-l');
  return [...output.matchAll(LINE)]
    .map(([, mode = '', id = '', path = '', alt, name = '', serial = '']) => ({
      mode: mode as Listed['mode'],
      id,
      alt: Number(alt),
      path,
      name,
      serial,
    }))
    .toSorted((a, b) => a.alt - b.alt);
}
