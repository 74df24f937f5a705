import { loadPart } from '../usb/index.ts';
import type { HostParts } from './host-parts.ts';

/** A flow makes no plan that asks for it. */
function noPlanAsksFor(what: string): () => never {
  return () => {
    throw new TypeError(`${what} is no part of this program`);
  };
}

/** In place of `parts.ts` where each part is a file of its own (`scripts/bundle-flasher.mjs`). */
export const parts: HostParts = {
  dfuse: (wait) => loadPart('speaks DfuSe', () => import('./dfuse-part.ts'), wait),
  readers: (wait) =>
    loadPart('reads files of this format', () => import('./file-readers.ts'), wait),
  runtime: (wait) =>
    loadPart('brings devices to DFU mode', () => import('./enter-dfu-mode.ts'), wait),
  readPlain: (wait) => loadPart('reads back', () => import('./read-plain.ts'), wait),
  expected: noPlanAsksFor('expected'),
  notOlder: noPlanAsksFor('noDowngrade'),
};
