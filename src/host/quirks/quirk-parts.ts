import type * as Checks from './parse.ts';

/** What only rows that somebody adds need. */
export interface QuirkParts {
  /** Checks them. */
  readonly checks: () => Promise<typeof Checks>;
}
