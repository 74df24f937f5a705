import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import type { DfuErrorCode, SendOutcome } from '../bytes/index.ts';
import type { SendEnding } from '../host/index.ts';
import { endedBadly, endedWell } from './endings.ts';
import { FLOW_TEXTS } from './index.ts';

/*
 * Nothing is called done that was not acknowledged, whatever it failed by.
 */

const all: Readonly<Record<DfuErrorCode, true>> = {
  MALFORMED: true,
  TRUNCATED: true,
  OUT_OF_RANGE: true,
  UNSUPPORTED: true,
  INVALID_ARGUMENT: true,
  NOT_FOUND: true,
  AMBIGUOUS: true,
  STALLED: true,
  TIMEOUT: true,
  DISCONNECTED: true,
  DEVICE_STATUS: true,
  PROTOCOL: true,
  INCOMPLETE: true,
  MISMATCH: true,
  ACCESS: true,
  BUSY: true,
  NO_USB: true,
  NOT_LOADED: true,
  IO: true,
  ABORTED: true,
  FLASH_RULE: true,
  POWER_LOST: true,
  REFUSED: true,
  REPLAY: true,
};
const codes = Object.keys(all) as DfuErrorCode[];

const tally = { elements: 1, bytes: 5, blocks: 1, commands: 0, erases: 0, erasedBytes: 0 };
const whole = {
  outcome: 'written',
  planned: tally,
  acknowledged: tally,
  kept: { sectors: 1, bytes: 3 },
} as SendEnding;

const around = {
  memory: 'written',
  doubt: 'a doubt',
  stays: false,
  before: undefined,
  runs: undefined,
  expected: undefined,
  mustVerify: false,
} as const;

describe('what failed', () => {
  const outcomes: readonly SendOutcome[] = ['unchanged', 'partly-written', 'unconfirmed'];
  test.each(outcomes.flatMap((outcome) => codes.map((code) => [outcome, code] as const)))(
    '%s by %s is never said to be done',
    (outcome, code) => {
      const ending = endedBadly(new DfuError(code, 'the words', { outcome }), whole);
      expect(ending).toMatchObject({ outcome, code, detail: 'the words' });
      expect(ending.rating).toBe(outcome === 'unconfirmed' ? 'unknown' : 'bad');
      expect(ending.said.text).not.toMatch(/^Done|\{/);
      const saysWhole = /as it was|Nothing was written/.test(ending.said.text);
      expect(saysWhole).toBe(outcome === 'unchanged');
    },
  );

  test.each([
    ['BUSY', 'do-other-program'],
    ['ACCESS', 'do-other-program'],
    ['TIMEOUT', 'do-replug'],
    ['REFUSED', undefined],
    ['ABORTED', undefined],
  ] as const)('%s before anything was sent: %s', (code, remedy) => {
    expect(endedBadly(new DfuError(code, 'x')).remedy?.id).toBe(remedy);
  });
});

describe('what was acknowledged', () => {
  const verified = { ...whole, outcome: 'verified' } as SendEnding;
  const open = { ...whole, outcome: 'unconfirmed' } as SendEnding;
  const unread = { ...whole, unverified: 'no uploads' } as SendEnding;
  test.each([
    ['read back', verified, {}, 'ended-verified', 'good'],
    ['and seen running', verified, { runs: '2' }, 'ended-verified-runs', 'good'],
    ['the same runs', verified, { runs: '2', before: '2' }, 'ended-verified-as-before', 'good'],
    [
      'as it should',
      verified,
      { runs: '2', before: '2', expected: '2' },
      'ended-verified-runs',
      'good',
    ],
    ['written', whole, {}, 'ended-written', 'good'],
    ['and seen running', whole, { runs: '2', before: '1' }, 'ended-written-runs', 'good'],
    ['the same runs', whole, { runs: '2', before: '2' }, 'ended-written-as-before', 'good'],
    ['it stays', whole, { stays: true }, 'ended-stays', 'good'],
    ['not read back', unread, {}, 'ended-written', 'good'],
    ['not read back as asked', unread, { mustVerify: true }, 'ended-unread', 'unknown'],
    ['no application', open, {}, 'ended-silent', 'unknown'],
    ['in doubt', open, { memory: 'unconfirmed' }, 'ended-unconfirmed', 'unknown'],
    ['another runs', open, { runs: '3', expected: '2' }, 'ended-other', 'unknown'],
  ] as const)('%s (%#)', (...[, ending, more, id, rating]) => {
    const said = endedWell(ending, { ...around, ...more });
    expect(said).toMatchObject({ rating, said: { id }, outcome: ending.outcome });
    expect(said.said.text).not.toContain('{');
    // What was there already counts as well.
    expect(said.said.values['bytes']).toBe(8);
    expect(Object.hasOwn(FLOW_TEXTS, id)).toBe(true);
  });
});
