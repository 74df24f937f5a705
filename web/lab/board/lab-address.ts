import { optionalNumberField, textField } from '../../site/url-state.ts';
import type { Field, ValuesOf } from '../../site/url-state.ts';

/** The parts of the page that can be gone to: what stands behind the `#` of its address. */
export const PANELS = ['board', 'flasher', 'flash', 'transfers', 'console', 'dfu'] as const;
export type Panel = (typeof PANELS)[number];

const name: Field<string> = {
  ...textField('', 64),
  read: (text) => (/^[\w.:-]{1,64}$/.test(text) ? text : undefined),
};

/** What of the page's state its address has: enough for somebody else to see the same. Empty: whatever comes first. */
export const labFields = {
  /** A name of the catalogue; a board file is in no address. */
  board: name,
  bootloader: name,
  start: name,
  /** A place in the range of flash that is chosen, counted from the beginning of the flash. */
  at: optionalNumberField(0, 0xffff_ffff),
} as const;

export type LabAddress = ValuesOf<typeof labFields>;
