import { DfuError } from '../../bytes/index.ts';

/** A file of a build: its text, and the name that errors and findings give it. */
export interface BuildText {
  readonly name: string;
  readonly text: string;
}

/** Where something stands in a file. */
export interface Place {
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Of a build's devicetree or configuration, real ones have some 200 kB. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** A place as a compiler says it. */
export function placeText({ name, line }: Place): string {
  return `${name}:${line}`;
}

/** Throws `MALFORMED` for what stands there. */
export function malformed(place: Place, words: string): never {
  throw new DfuError('MALFORMED', `${placeText(place)}: ${words}`);
}

/** Throws `OUT_OF_RANGE` for a file that no build makes. */
export function checkLength({ name, text }: BuildText): void {
  if (text.length <= MOST_CHARACTERS) return;
  const words = `expected at most ${MOST_CHARACTERS} characters, got ${text.length}`;
  throw new DfuError('OUT_OF_RANGE', `${name}: ${words}`);
}
