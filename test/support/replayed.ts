import { readFileSync } from 'node:fs';

/** A replayed case, and where this package does otherwise; nowhere: it passed. */
export interface ReplayedCase {
  readonly name: string;
  readonly differences: readonly string[];
}

/** A line about two things that should be the same; none if they are. */
export function differ(what: string, expected: unknown, found: unknown): string[] {
  const [one, other] = [JSON.stringify(expected), JSON.stringify(found)];
  return one === other ? [] : [`${what}: expected ${one}, got ${other}`];
}

/** Two lists that should be the same: the first place where they part. */
export function differInList(
  what: string,
  expected: readonly string[],
  found: readonly string[],
): string[] {
  const at = expected.findIndex((each, n) => each !== found[n]);
  if (at < 0 && expected.length === found.length) return [];
  const place = at < 0 ? expected.length : at;
  return [
    `${what} [${place}]: expected ${expected[place] ?? 'the end'}, got ${found[place] ?? 'the end'}`,
  ];
}

/** Two files or memories that should be the same: their lengths, or the first byte where they part. */
export function differInBytes(what: string, expected: Uint8Array, found: Uint8Array): string[] {
  if (expected.length !== found.length) {
    return [`${what}: expected ${expected.length} bytes, got ${found.length}`];
  }
  const at = expected.findIndex((byte, n) => byte !== found[n]);
  if (at < 0) return [];
  const shown = (bytes: Uint8Array): string => (bytes[at] ?? 0).toString(16).padStart(2, '0');
  return [`${what}, byte ${at}: expected ${shown(expected)}, got ${shown(found)}`];
}

/** A replay that breaks off has failed too, and says why. */
export async function attempt(
  name: string,
  replay: () => readonly string[] | Promise<readonly string[]>,
): Promise<ReplayedCase> {
  try {
    return { name, differences: await replay() };
  } catch (error) {
    return { name, differences: [`broke off: ${wordsOf(error)}`] };
  }
}

/** The same for a replay that waits for nothing. */
export function attemptNow(name: string, replay: () => readonly string[]): ReplayedCase {
  try {
    return { name, differences: replay() };
  } catch (error) {
    return { name, differences: [`broke off: ${wordsOf(error)}`] };
  }
}

/** What an error says, in one line. */
export function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
}

/** A JSON file of recordings, taken for an object. */
export type Recorded = Readonly<Record<string, unknown>>;

/** What is in a JSON file; undefined: no object, or no JSON. */
export function readRecorded(path: string): Recorded | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Recorded) : undefined;
  } catch {
    return undefined;
  }
}
