import type { DfuSeMemory, MediumResult } from '../../../src/device/index.ts';
import { statusNumber, statusOf } from '../../../src/dfu/index.ts';

/** The head of a recording: how its memory behaves. */
export interface MemoryWords {
  readonly size: number;
  readonly page: number;
  readonly PROGRAM_TIME_MS: number;
  readonly ERASE_TIME_MS: number;
  readonly FULL_ERASE_TIME_MS: number;
  readonly MANIFESTATION_TIME_MS: number;
  readonly DETACH_TIMEOUT: number;
  readonly MEM_INFO_STRING: string;
}

/** What fails, and with which bStatus; `true` for what can tell none, which is errSTALLEDPKT. */
export type Faults = Partial<
  Record<'store' | 'read' | 'program' | 'erase' | 'eraseAll' | 'manifest', number | boolean>
>;

function faultOf(fault: number | boolean | undefined): number | undefined {
  if (typeof fault === 'boolean') return fault ? statusNumber('errSTALLEDPKT') : 0;
  return fault;
}

const hex8 = (value: number): string => value.toString(16).padStart(8, '0');

function initial(offset: number): number {
  return (offset ^ (offset >> 8)) & 0xff;
}

/** The memory that the recordings were made with: it writes down what is asked of it. */
export class RecordedMemory implements DfuSeMemory {
  readonly layout: string;
  readonly callbacks: string[] = [];
  faults: Faults = {};
  readonly #words: MemoryWords;
  readonly #base: number;
  readonly #bytes: Uint8Array;

  constructor(words: MemoryWords, base: number) {
    this.layout = words.MEM_INFO_STRING;
    this.#words = words;
    this.#base = base;
    this.#bytes = Uint8Array.from({ length: words.size }, (_, at) => initial(at));
  }

  /** What differs from the start, as the recordings write it: offset and hex, all-ff as `ff*n`. */
  get changed(): [number, string][] {
    const runs: [number, string][] = [];
    for (let at = 0; at < this.#bytes.length; at += 1) {
      if (this.#bytes[at] === initial(at)) continue;
      const start = at;
      while (at < this.#bytes.length && this.#bytes[at] !== initial(at)) at += 1;
      runs.push([start, Buffer.from(this.#bytes.subarray(start, at)).toString('hex')]);
    }
    return runs;
  }

  /** The bytes as the recording's list of changes has them. */
  static expected(size: number, changes: readonly (readonly [number, string])[]): Uint8Array {
    const bytes = Uint8Array.from({ length: size }, (_, at) => initial(at));
    for (const [offset, text] of changes) {
      const [, count] = /^ff\*(\d+)$/.exec(text) ?? [];
      if (count === undefined) bytes.set(Buffer.from(text, 'hex'), offset);
      else bytes.fill(0xff, offset, offset + Number(count));
    }
    return bytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  accept(bytes: Uint8Array): MediumResult {
    return this.#said(`store(${bytes.length})`, faultOf(this.faults.store) ?? 0, 0);
  }

  read(address: number, lengthBytes: number): Uint8Array | MediumResult {
    const at = address - this.#base;
    const call = `read(${hex8(address)},${lengthBytes})`;
    const fault = faultOf(this.faults.read) ?? (at < 0 ? 8 : 0);
    if (fault !== 0) return this.#said(call, fault, 0);
    const bytes = this.#bytes.subarray(at, at + lengthBytes);
    this.callbacks.push(`${call}=${bytes.length}`);
    return bytes;
  }

  program(address: number, bytes: Uint8Array): MediumResult {
    const at = address - this.#base;
    const { PROGRAM_TIME_MS, size } = this.#words;
    const outside = at < 0 || at + bytes.length > size;
    let fault = faultOf(this.faults.program) ?? (outside ? 8 : 0);
    if (fault === 0) {
      for (const [index, byte] of bytes.entries()) {
        this.#bytes[at + index] = (this.#bytes[at + index] ?? 0) & byte;
        if (this.#bytes[at + index] !== byte) fault = 7;
      }
    }
    return this.#said(`program(${hex8(address)},${bytes.length})`, fault, PROGRAM_TIME_MS);
  }

  erase(address: number): MediumResult {
    const at = address - this.#base;
    const { page, size, ERASE_TIME_MS } = this.#words;
    const fault = faultOf(this.faults.erase) ?? (at < 0 || at >= size ? 8 : 0);
    const start = Math.floor(at / page) * page;
    if (fault === 0) this.#bytes.fill(0xff, start, start + page);
    return this.#said(`erase(${hex8(address)})`, fault, ERASE_TIME_MS);
  }

  massErase(): MediumResult {
    const fault = faultOf(this.faults.eraseAll) ?? 0;
    if (fault === 0) this.#bytes.fill(0xff);
    return this.#said('eraseAll()', fault, this.#words.FULL_ERASE_TIME_MS);
  }

  manifest(): MediumResult {
    return this.#said(
      'manifest()',
      faultOf(this.faults.manifest) ?? 0,
      this.#words.MANIFESTATION_TIME_MS,
    );
  }

  reset(): void {
    this.callbacks.push('usbReset()');
  }

  #said(call: string, fault: number, busyMs: number): MediumResult {
    const status = statusOf(fault);
    this.callbacks.push(fault === 0 ? call : `${call}=err${statusNumber(status)}`);
    return { status, busyMs };
  }
}
