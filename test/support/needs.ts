import { existsSync, readFileSync } from 'node:fs';
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

/** A command that root has to run, as this user types it: where sudo is not needed it need not be there. */
export function asRoot(command: string): string {
  return process.getuid?.() === 0 ? command : `sudo ${command}`;
}

/** What a script of the tests would install with Debian's tools, and what to do where there are none. */
export function installOnDebian(command: string): string {
  const release = '/etc/os-release';
  const isDebian = existsSync(release) && /^ID="?debian"?$/m.test(readFileSync(release, 'utf8'));
  return isDebian
    ? command
    : 'nothing here: it is made for Debian, e.g. .ci/run in a container of it';
}

/** Skips the test if a part is missing; on CI, where everything can be installed, that is a failure. */
export function need(context: TestContext, missing: MissingPart | undefined): void {
  if (missing === undefined) return;
  const reason = `missing: ${missing.what}; install with: ${missing.install}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  context.task.meta.skipped = reason;
  context.skip(reason);
}
