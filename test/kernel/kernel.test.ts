import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingBrowser } from '../package/chromium.ts';
import { need } from '../support/needs.ts';
import type { Outcome } from './guest/scenario.ts';
import { scenarios } from './guest/scenarios.ts';
import { LabRun, missingPart } from './lab.ts';
import { seedsPage } from './seeds-page.ts';

const missing = missingPart();

/** The first one also waits for the guest to boot. */
const LIMIT_MS = 900_000;

describe('on a real Linux kernel', () => {
  let run: LabRun | undefined;

  beforeAll(() => {
    if (missing === undefined) run = new LabRun();
  });
  afterAll(() => run?.stop());

  const names = scenarios.map(({ name }) => name);
  test.for(names)('%s', { timeout: LIMIT_MS }, async (name, context) => {
    need(context, missing ?? (name.includes('Chromium') ? missingBrowser() : undefined));
    const outcome = await run?.outcome(name);
    if (outcome?.error !== undefined) throw new Error(outcome.error);
    expect(outcome?.name).toBe(name);
  });

  test('docs/seeds.md tells what came of the commands of the documents', async (context) => {
    need(context, missing);
    const outcomes: Outcome[] = [];
    for (const name of names) {
      const outcome = await run?.outcome(name);
      if (outcome !== undefined) outcomes.push(outcome);
    }
    const page = seedsPage(outcomes);
    await expect(page).toMatchFileSnapshot('../../docs/seeds.md');
  });
});
