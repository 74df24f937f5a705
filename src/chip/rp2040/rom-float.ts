import type { Core } from '../armv6m/core.ts';

/** What a function of the floating-point tables does. */
export function floatFunction(_core: Core, trap: string, stop: (words: string) => void): void {
  stop(
    `the program called function ${trap} of the ROM's floating-point library, which is not modelled`,
  );
}
