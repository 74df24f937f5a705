import { DfuError, hexNumber, sameBytes } from '../bytes/index.ts';
import type { SendProgress } from '../bytes/index.ts';
import type { DfuSeElement } from '../dfu/index.ts';
import type { DfuInterface } from './dfu-interface.ts';

/** What is read back from the device, before and behind the writing. */
export interface ReadBack {
  /** Read back what was written, and compare. */
  readonly verify: boolean;
  /** Write only what is not there already. */
  readonly changedOnly: boolean;
  /** Go on behind what is there already. */
  readonly resume: boolean;
}

/** What came of it: read back and equal, or why it was not read back, in words. */
export type Verdict = 'verified' | { readonly unverified: string };

/** Where a device gives something else than it should. */
export interface Difference {
  /** In the device's memory; of plain DFU, from the beginning of the image. */
  readonly address: number;
  readonly expected: number;
  /** Undefined where it gives nothing any more. */
  readonly got: number | undefined;
}

/** The first difference of two pieces of equal length; undefined if they are equal. */
function firstDifference(
  address: number,
  expected: Uint8Array,
  got: Uint8Array,
): Difference | undefined {
  if (sameBytes(expected, got)) return undefined;
  const at = expected.findIndex((byte, index) => byte !== got[index]);
  return { address: address + at, expected: expected[at] ?? 0, got: got[at] };
}

/** Compares what comes from a device, piece by piece, with what it shall have. Nothing is kept. */
export class Comparison {
  /** Bytes that have come and were looked at. */
  bytes = 0;
  readonly #elements: readonly DfuSeElement[];
  readonly #onDifference: (difference: Difference) => void;
  #element = 0;
  #at = 0;

  /** `onDifference` is told of the first one in each piece that comes, and of the end if it comes too early. */
  constructor(elements: readonly DfuSeElement[], onDifference: (difference: Difference) => void) {
    this.#elements = elements;
    this.#onDifference = onDifference;
  }

  /** The next bytes; what comes behind the last element is not looked at. */
  take(chunk: Uint8Array): void {
    let rest = chunk;
    for (let next = this.#next(); rest.length > 0 && next !== undefined; next = this.#next()) {
      const { address, data } = next;
      const expected = data.subarray(this.#at, this.#at + rest.length);
      const got = rest.subarray(0, expected.length);
      const difference = firstDifference(address + this.#at, expected, got);
      if (difference !== undefined) this.#onDifference(difference);
      this.#at += expected.length;
      this.bytes += expected.length;
      rest = rest.subarray(expected.length);
    }
  }

  /** Nothing more comes. */
  end(): void {
    const next = this.#next();
    if (next === undefined) return;
    const { address, data } = next;
    const at = this.#at;
    this.#onDifference({ address: address + at, expected: data[at] ?? 0, got: undefined });
  }

  /** The element that the next bytes belong to. */
  #next(): DfuSeElement | undefined {
    for (;;) {
      const element = this.#elements[this.#element];
      if (element === undefined || this.#at < element.data.length) return element;
      this.#element += 1;
      this.#at = 0;
    }
  }
}

/** Why a device cannot be read back at all, in words; undefined if it can. */
export function unreadable({ functional }: DfuInterface): string | undefined {
  if (functional.bmAttributes.canUpload) return undefined;
  return 'the device gives no uploads (bitCanUpload is 0)';
}

/** Where a difference is, in words; of plain DFU, whose bytes have no addresses, by their number. */
function whereText({ address }: Difference, hasAddresses: boolean): string {
  return hasAddresses ? hexNumber(address, 8) : `byte ${address}`;
}

/**
 * What was read back is not what was written. The device is the one that says so, and it may have its reasons:
 * some give back nothing, or the image in another form.
 */
export function mismatch(
  difference: Difference,
  hasAddresses: boolean,
  progress: SendProgress,
): DfuError {
  const { expected, got } = difference;
  const came = got === undefined ? 'the device gives nothing there' : `got ${hexNumber(got, 2)}`;
  const what = `read back at ${whereText(difference, hasAddresses)}: expected ${hexNumber(expected, 2)}, ${came}`;
  const why = hasAddresses
    ? 'it has not been told to leave'
    : 'the image is damaged, or the device gives it back in another form by design';
  return new DfuError('MISMATCH', `${what}; ${why}`, { progress, outcome: 'partly-written' });
}
