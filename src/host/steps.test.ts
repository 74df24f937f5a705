import { describe, expect, test } from 'vitest';
import { status } from '../../test/support/scripted-pipe.ts';
import { DETACH_START, detachStep } from './detach-steps.ts';
import { DFUSE_START, dfuseStep } from './dfuse-steps.ts';
import { DOWNLOAD_START, downloadStep } from './download-steps.ts';
import { PREPARE_START, prepareStep } from './prepare-steps.ts';
import { START } from './steps.ts';
import type { Action, Outcome, Step } from './steps.ts';
import { UPLOAD_START, uploadStep } from './upload-steps.ts';

/*
 * The conversations are pure: played here by hand, without a bus, a clock or a promise.
 */

const DONE: Outcome = { is: 'done' };
const data = (bytes: Uint8Array): Outcome => ({ is: 'data', data: bytes });
const said = (...args: Parameters<typeof status>): Outcome => data(status(...args));
const limits = { busyLimitMs: 1000, lingerMs: 10 };

/** Plays to the end; what was to be done at each step, and where it stood then. */
function played<S extends { readonly at: string }, R>(
  step: Step<S, R>,
  start: S,
  outcomes: readonly Outcome[],
): { readonly actions: Action<R>['do'][]; readonly at: string; readonly again: Action<R> } {
  let [state, action] = step(start, START);
  const actions = [action.do];
  for (const outcome of outcomes) {
    [state, action] = step(state, outcome);
    actions.push(action.do);
  }
  const [, again] = step(state, DONE);
  expect(again).toEqual(action);
  return { actions, at: state.at, again };
}

describe('every conversation ends in done, and says the same when asked again', () => {
  test('detach', () => {
    const terms = { timeoutMs: 5, reset: true, asksFirst: false };
    const outcomes: Outcome[] = [DONE, { is: 'reset', port: 'same' }];
    const { actions, at, again } = played(
      (state, outcome) => detachStep(state, outcome, terms),
      DETACH_START,
      outcomes,
    );
    expect([actions, at]).toEqual([['out', 'reset', 'end'], 'done']);
    expect(again).toMatchObject({ do: 'end', result: { accepted: true, reset: 'same' } });
  });

  test('prepare', () => {
    const { actions, at } = played(
      (state, outcome) => prepareStep(state, outcome, limits),
      PREPARE_START,
      [said('dfuDNLOAD-IDLE'), DONE, said('dfuIDLE')],
    );
    expect([actions, at]).toEqual([['in', 'out', 'in', 'end'], 'done']);
  });

  test('download', () => {
    const terms = { ...limits, manifestationTolerant: true, blockBytes: 64 };
    const { actions, at, again } = played(
      (state, outcome) => downloadStep(state, outcome, terms),
      DOWNLOAD_START,
      [
        data(Uint8Array.of(1, 2)),
        DONE,
        said('dfuDNLOAD-IDLE'),
        data(new Uint8Array(0)),
        DONE,
        said('dfuIDLE'),
      ],
    );
    expect(actions).toEqual(['read', 'out', 'in', 'read', 'out', 'in', 'end']);
    expect(at).toBe('done');
    expect(again).toMatchObject({ result: { bytes: 2, blocks: 1, ending: 'manifested' } });
  });

  test('DfuSe, left or written', () => {
    const play = (op: 'leave' | 'idle', outcomes: readonly Outcome[]) =>
      played((state, outcome) => dfuseStep(state, outcome, limits), DFUSE_START, [
        { is: 'planned', operation: { op } },
        ...outcomes,
      ]);
    const left = play('leave', [DONE, said('dfuMANIFEST'), { is: 'lingered', left: true }]);
    expect([left.actions, left.at]).toEqual([['plan', 'out', 'in', 'linger', 'end'], 'done']);
    expect(left.again).toMatchObject({ result: { ending: 'left', leftAt: undefined } });
    const written = play('idle', [DONE, said('dfuIDLE'), { is: 'planned', operation: undefined }]);
    expect([written.actions, written.at]).toEqual([['plan', 'out', 'in', 'plan', 'end'], 'done']);
    expect(written.again).toMatchObject({ result: { ending: 'written' } });
  });

  test('upload', () => {
    const terms = { transferSizeBytes: 4, maxBytes: 100 };
    const { actions, at, again } = played(
      (state, outcome) => uploadStep(state, outcome, terms),
      UPLOAD_START,
      [data(Uint8Array.of(1)), DONE],
    );
    expect([actions, at]).toEqual([['in', 'write', 'end'], 'done']);
    expect(again).toEqual({ do: 'end', result: { bytes: 1, blocks: 1 } });
  });
});

test('an outcome that answers no action is a defect, and told as one', () => {
  const lingered: Outcome = { is: 'lingered', left: true };
  expect(() => prepareStep({ ...PREPARE_START, at: 'asking' }, lingered, limits)).toThrow(
    'the outcome "lingered" answers no action of this conversation',
  );
});
