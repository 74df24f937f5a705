import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the test was skipped and the command that installs what it lacked. */
    skipped?: string;
  }
}

/** A part of the machine that a test cannot do without. */
export interface MissingPart {
  readonly what: string;
  /** The command that installs it. */
  readonly install: string;
}

/** Skips the test if a part is missing; on CI, where everything can be installed, that is a failure. */
export function need(context: TestContext, missing: MissingPart | undefined): void {
  if (missing === undefined) return;
  const reason = `missing: ${missing.what}; install with: ${missing.install}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  context.task.meta.skipped = reason;
  context.skip(reason);
}
