import { describe, expect, test } from 'vitest';
import { attacks, attempt } from './attacks.ts';

describe('after that many attacks nothing is lost, and nothing said that is not so', () => {
  test.each(attacks)('$name: $rounds rounds', async (attack) => {
    const goesOn = (rounds: number): boolean => rounds < attack.rounds;
    expect(await attempt(attack, { firstSeed: 1, goesOn })).toBe(attack.rounds);
  });
});
