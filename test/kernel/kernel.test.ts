import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingBrowser } from '../package/chromium.ts';
import { need } from '../support/needs.ts';
import type { Outcome } from './guest/scenario.ts';
import { scenarios } from './guest/scenarios.ts';
import { LabRun, missingPart } from './lab.ts';
import { seedsPage } from './seeds-page.ts';

const missing = missingPart();

/** The first ones also wait for their guest to boot, and the last ones for the other guest. */
const LIMIT_MS = 1_800_000;

/**
 * A guest waits for its devices more than it computes: two of them, side by side, share the scenarios, turn and turn about.
 */
const GUESTS = 2;

describe('on a real Linux kernel', () => {
  const names = scenarios.map(({ name }) => name);
  let guests: readonly LabRun[] = [];

  beforeAll(() => {
    if (missing !== undefined) return;
    guests = Array.from(
      { length: GUESTS },
      (_, guest) => new LabRun(names.filter((__, at) => at % GUESTS === guest)),
    );
  });
  afterAll(() => {
    for (const guest of guests) guest.stop();
  });

  const outcomeOf = (name: string): Promise<Outcome> | undefined =>
    guests[names.indexOf(name) % GUESTS]?.outcome(name);

  test.for(names)('%s', { timeout: LIMIT_MS }, async (name, context) => {
    need(context, missing ?? (name.includes('Chromium') ? missingBrowser() : undefined));
    const outcome = await outcomeOf(name);
    if (outcome?.error !== undefined) throw new Error(outcome.error);
    expect(outcome?.name).toBe(name);
  });

  test('docs/seeds.md tells what came of the commands of the documents', async (context) => {
    need(context, missing);
    const outcomes: Outcome[] = [];
    for (const name of names) {
      const outcome = await outcomeOf(name);
      if (outcome !== undefined) outcomes.push(outcome);
    }
    const page = seedsPage(outcomes);
    await expect(page).toMatchFileSnapshot('../../docs/seeds.md');
  });
});
