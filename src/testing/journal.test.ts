import { describe, expect, test } from 'vitest';
import { Journal } from './journal.ts';

const journal = (): Journal => new Journal({ now: () => 0, heard: () => {} });

describe('a journal', () => {
  test('keeps the last events of very many', () => {
    const kept = journal();
    for (let n = 0; n < 100_001; n += 1) kept.add({ type: 'console', text: '' });
    expect(kept.count).toBe(100_001);
    expect(kept.events).toHaveLength(50_001);
    expect(kept.events.at(-1)?.sequence).toBe(100_000);
  });

  test('keeps no more text of a console that floods it than fits into memory', () => {
    const kept = journal();
    const text = 'x'.repeat(0x10000);
    for (let n = 0; n < 2000; n += 1) kept.add({ type: 'console', text });
    expect(kept.events.length).toBeLessThan(512);
    expect(kept.events.length).toBeGreaterThanOrEqual(256);
    expect(kept.events.at(-1)?.sequence).toBe(1999);
    expect(kept.find(0, (event) => event.type === 'console')?.sequence).toBeGreaterThan(1488);
  });
});
