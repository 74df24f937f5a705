import type { PartWait } from '../usb/index.ts';
import type * as CatalogueOf from './catalogue-of.ts';
import type * as Images from './findings/images.ts';

/** What not every flow needs. Each throws `NOT_LOADED` where it is a file of its own and cannot be had. */
export interface FlowParts {
  /** Asks a manifest. */
  readonly catalogue: (wait: PartWait) => Promise<typeof CatalogueOf>;
  /** Looks into MCUboot images, and at keys. */
  readonly images: (wait: PartWait) => Promise<typeof Images>;
}
