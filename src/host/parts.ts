import * as dfuse from './dfuse-part.ts';
import * as expected from './expected.ts';
import * as readers from './file-readers.ts';
import * as runtime from './enter-dfu-mode.ts';
import type { HostParts } from './host-parts.ts';
import * as notOlder from './not-older.ts';
import * as readPlain from './read-plain.ts';

/** All of it is there. A page that loads little has `parts-apart.ts` in place of this module. */
export const parts: HostParts = {
  dfuse: () => Promise.resolve(dfuse),
  readers: () => Promise.resolve(readers),
  runtime: () => Promise.resolve(runtime),
  readPlain: () => Promise.resolve(readPlain),
  expected: () => Promise.resolve(expected),
  notOlder: () => Promise.resolve(notOlder),
};
