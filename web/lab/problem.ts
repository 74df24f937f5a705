/** Something that a person can do something about, in a sentence. */
export class Problem extends Error {
  override readonly name = 'Problem';
}

/**
 * The sentence of an error that is meant to be read: one of the package's own, whichever copy of it threw that, or one of the
 * page's. Undefined of anything else, which is a defect.
 */
export function problemWords(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return error.name === 'DfuError' || error.name === 'Problem' ? error.message : undefined;
}
