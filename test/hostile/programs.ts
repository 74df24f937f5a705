import { round } from '../chip/differential.ts';
import type { Attack } from './attack.ts';

/** Random machine code: the core that chips have comes to the same as the slow one, by the letter of the manual. */
export const programs: Attack = {
  name: 'random machine code',
  rounds: 10,
  begin: () => ({
    round(random) {
      round(random, 400, random.once(2) ? 1 : 1 + random.below(200));
    },
    end() {},
  }),
};
