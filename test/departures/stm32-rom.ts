import type { Original } from './original.ts';

/** What the board's system memory does otherwise than ST's. */
export const stm32Rom = {
  title: 'ST’s loader in system memory',
  about:
    '`stm32f072b_disco` runs it by default (`--profile stm32-rom`, [the system loader](stm32.md)).',
  departures: {
    'awake-while-busy': {
      original: 'answers nothing at all while it erases or programs',
      here: 'requests of DFU wait as they do there; standard requests (descriptors, SET_INTERFACE) are answered',
      why: 'no host was seen to ask; a system that looks at the device meanwhile need not wait',
    },
    'mass-erase-time': {
      original: 'some chips say 100 ms of a mass erase that takes up to 35 s',
      here: 'bwPollTimeout says how long it takes',
      why: 'hosts that go by the number would give up',
    },
  },
} as const satisfies Original;
