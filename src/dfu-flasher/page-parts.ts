import type { PartWait } from '../usb/index.ts';
import type * as Manifest from './page-manifest.ts';

/** What not every page needs. Each throws `NOT_LOADED` where it is a file of its own and cannot be had. */
export interface PageParts {
  /** Fetches and reads manifests. */
  readonly manifest: (wait: PartWait) => Promise<typeof Manifest>;
}
