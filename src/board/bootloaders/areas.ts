import type { FlashRange } from '../../flash/index.ts';
import type { FlashArea } from '../../lab/index.ts';

/** A partition that an application keeps its settings in. */
export function settingsArea(range: FlashRange): FlashArea {
  const words = ['what the application keeps here: no bootloader looks at it'];
  return { ...range, name: 'storage', filled: { kind: 'settings', title: 'settings', words } };
}
