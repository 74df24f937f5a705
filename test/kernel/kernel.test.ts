import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { need } from '../needs.ts';
import { scenarios } from './guest/scenarios.ts';
import { LabRun, missingPart } from './lab.ts';

const missing = missingPart();

/** The first one also waits for the guest to boot. */
const LIMIT_MS = 540_000;

describe('on a real Linux kernel', () => {
  let run: LabRun | undefined;

  beforeAll(() => {
    if (missing === undefined) run = new LabRun();
  });
  afterAll(() => run?.stop());

  const names = scenarios.map(({ name }) => name);
  test.for(names)('%s', { timeout: LIMIT_MS }, async (name, context) => {
    need(context, missing);
    const outcome = await run?.outcome(name);
    if (outcome?.error !== undefined) throw new Error(outcome.error);
    expect(outcome?.name).toBe(name);
  });
});
