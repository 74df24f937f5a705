import { fromHex } from '../../../src/bytes/index.ts';
import type { SetupPacket } from '../../../src/usb/index.ts';

/** One transfer (test/vectors/zephyr/README.md, Fields). */
export interface RecordedTransfer {
  readonly setup: SetupPacket;
  readonly dataOut?: string;
  readonly dataIn?: string;
  /** 0, -32 for a stall, null: the process ended. */
  readonly status: number | null;
  readonly note?: string;
  readonly case?: string;
}

/** One scenario. */
export interface Recording {
  readonly scenario: string;
  readonly mode: 'DFU' | 'run-time';
  readonly variant?: string;
  readonly transfers: readonly RecordedTransfer[];
  /** How many transfers had ended when the line came, and the line. */
  readonly log: readonly (readonly [number, string])[];
}

/** A recording, and where this package answers otherwise. */
export interface Replayed {
  readonly name: string;
  readonly differences: readonly string[];
  /** Transfers that were stalled where the original crashed or gave memory away. */
  readonly withheld: number;
}

/** The bytes of a hex text; `00x512` is byte 00 repeated 512 times. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const [, byte, count] = /^([0-9a-f]{2})x([0-9]+)$/.exec(text) ?? [];
  if (byte === undefined) return fromHex(text);
  return new Uint8Array(Number(count)).fill(Number.parseInt(byte, 16));
}

/** A recorded line as it is printed, without its time. */
export function withoutTime(line: string): string {
  return line.replace(/^\[[0-9:.,]+\] /, '');
}
