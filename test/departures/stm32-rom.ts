import type { Original } from './original.ts';

/** What the board's system memory does otherwise than ST's. */
export const stm32Rom = {
  title: 'ST’s loader in system memory',
  about:
    '`stm32f072b_disco` runs it by default (`--profile stm32-rom`, [the system loader](stm32.md)).',
  departures: {},
} as const satisfies Original;
