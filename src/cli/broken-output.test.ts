import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { guardOutput } from './broken-output.ts';
import { ExitCode } from './shared/exit-codes.ts';

/** An output that has failed twice in this way, and what came of it. */
function failed(code: string, prepare: (output: PassThrough) => void = () => {}): unknown[] {
  const said: unknown[] = [];
  const output = new PassThrough();
  guardOutput(output, { tell: (line) => said.push(line), fail: (exit) => said.push(exit) });
  prepare(output);
  for (let times = 0; times < 2; times += 1) {
    output.emit('error', Object.assign(new Error(`${code}: no more`), { code }));
  }
  return said;
}

describe('an output that takes no more', () => {
  test('is told of once, and the command is no success', () => {
    expect(failed('ENOSPC')).toEqual(['dfukit: standard output: ENOSPC: no more', ExitCode.io]);
  });

  test('is no failure where its reader has gone', () => {
    expect(failed('EPIPE')).toEqual([]);
  });

  test('is left to a command that listens for it, once being enough', () => {
    expect(failed('ENOSPC', (output) => output.once('error', () => {}))).toEqual([]);
  });
});
