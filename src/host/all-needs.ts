import * as dfuse from './dfuse-part.ts';
import * as expected from './expected.ts';
import * as readers from './file-readers.ts';
import type { SendNeeds } from './needs.ts';

/** Everything that a plan may need to be decided, for those who cannot wait for it. */
export const ALL_NEEDS: SendNeeds = { dfuse, readers, expected };
