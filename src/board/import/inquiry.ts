import { DfuError } from '../../bytes/index.ts';
import { placeText } from './text-file.ts';
import type { Place } from './text-file.ts';

/** Where something is known from: a place in a file, or in words. */
export type Source = Place | string;

/** What was learnt from a build, and from where. */
export interface Finding {
  readonly what: string;
  readonly value: string;
  /** `zephyr.dts:40`, or who said it. */
  readonly from: string;
}

/** What is not known, and how it can be said. */
interface Gap {
  readonly what: string;
  /** The option that gives it. */
  readonly option: string;
}

/** A source in words. */
function sourceText(source: Source): string {
  return typeof source === 'string' ? source : placeText(source);
}

/** What is asked of a build, as it goes: what is found, what is missing, what no board here does. */
export class Inquiry {
  readonly findings: Finding[] = [];
  /** What differs from the device, in sentences. */
  readonly doubts: string[] = [];
  readonly #gaps: Gap[] = [];
  readonly #unsupported: string[] = [];

  /** Notes something that is known; the answer is the value. */
  found<T>(what: string, value: T, { from, text }: { from: Source; text?: string }): T {
    this.findings.push({ what, value: text ?? String(value), from: sourceText(from) });
    return value;
  }

  /** Notes something that must be said on the command line. */
  missing(what: string, option: string): undefined {
    this.#gaps.push({ what, option });
  }

  /** Notes something that the build does and no board here can. */
  unsupported(what: string, from: Source): undefined {
    this.#unsupported.push(`${what} (${sourceText(from)})`);
  }

  /** Notes something that is not as on the device. */
  doubt(sentence: string): void {
    this.doubts.push(sentence);
  }

  /** Throws `UNSUPPORTED` for what cannot be played, then `INVALID_ARGUMENT` for what must be said, all of it at once. */
  close(name: string): void {
    if (this.#unsupported.length > 0) {
      const list = this.#unsupported.map((each) => `\n  ${each}`).join('');
      throw new DfuError('UNSUPPORTED', `${name}: a board here cannot have this:${list}`);
    }
    if (this.#gaps.length === 0) return;
    const width = Math.max(...this.#gaps.map(({ option }) => option.length));
    const list = this.#gaps
      .map(({ what, option }) => `\n  ${option.padEnd(width)}  ${what}`)
      .join('');
    throw new DfuError(
      'INVALID_ARGUMENT',
      `${name}: what the build does not say must be said:${list}`,
    );
  }
}
