/** What may be gone past, each by itself and never silently: what was gone past is told as a note. */
export type Allowance =
  /** A file whose suffix is for another device. */
  | 'other-device'
  /** Memory that the device's layout does not have, or does not let be written or read. */
  | 'outside-layout'
  /** A program that by its own words runs somewhere else than it is sent to. */
  | 'other-place'
  /** A DfuSe device that does not tell where its memory is: nothing can be erased before it is written. */
  | 'no-layout'
  /** With `noDowngrade`: a device of which it cannot be known what it has. */
  | 'unknown-version';

/** The word for everything at once, and the words for one thing each. */
export interface Allowing {
  readonly force?: boolean | undefined;
  readonly allow?: readonly Allowance[] | undefined;
}

/** Whether it is allowed. */
export function isAllowed({ force, allow = [] }: Allowing, what: Allowance): boolean {
  return force === true || allow.includes(what);
}
