// What the bundle is made of: defines the element, and gives what the room gives.
import { DfuFlasher } from './dfu-flasher.ts';

export * from './public.ts';

// A second copy of this module leaves the first one's element as it is.
if (customElements.get('dfu-flasher') === undefined) {
  customElements.define('dfu-flasher', DfuFlasher);
}
