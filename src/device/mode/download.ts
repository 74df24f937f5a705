import type { DfuProfile } from '../dfu/profile.ts';
import { failed } from '../media/medium.ts';
import type { Medium, MediumResult } from '../media/medium.ts';
import { MediumWork } from '../media/medium-work.ts';
import type { NumberedBlocks } from '../media/numbered-blocks.ts';

const LAST_BLOCK_NUMBER = 0xffff;

/** A download into a medium: where it is, which block came last, and what the medium says of it. */
export class Download {
  readonly work: MediumWork = new MediumWork();
  readonly #profile: DfuProfile;
  readonly #blocks: NumberedBlocks;
  #medium: Medium | undefined;
  #offsetBytes = 0;
  /** Bytes of the last download, also when that is over. */
  #bytes = 0;
  /** wBlockNum of the last block taken; -1: none yet. */
  #block = -1;
  /** Its bytes, to tell a repeated block from another one of the same number. */
  readonly #last: Uint8Array;
  #lastBytes = 0;

  constructor(profile: DfuProfile, transferSize: number, blocks: NumberedBlocks) {
    this.#profile = profile;
    this.#blocks = blocks;
    this.#last = new Uint8Array(profile.blockNumbers === 'checked' ? transferSize : 0);
  }

  /** A download has begun and has neither failed nor ended. */
  get open(): boolean {
    return this.#medium !== undefined;
  }

  /** The medium of the download that is open. */
  get medium(): Medium | undefined {
    return this.#medium;
  }

  /** Bytes that the last download has brought, whether it goes on, has failed or has ended. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it may end here. */
  get complete(): boolean {
    return this.#medium?.complete?.(this.#offsetBytes) ?? true;
  }

  /** What is missing if it may not; undefined if the medium has no words for it. */
  get missing(): string | undefined {
    return this.#medium?.missing?.(this.#offsetBytes);
  }

  /** Takes a block; `work` says what came of it. A new download begins if none is open. */
  write(bytes: Uint8Array, wBlockNum: number, at: { medium: Medium; nowMs: number }): void {
    const result = this.#take(bytes, wBlockNum, at.medium);
    if (result.status !== 'OK') this.#over();
    this.work.start(result, at.nowMs);
  }

  /** No more blocks: the manifestation. `otherwise` is the medium for a download that never began. */
  finish(nowMs: number, otherwise: Medium): void {
    const medium = this.#medium ?? otherwise;
    const lengthBytes = this.#offsetBytes;
    this.#bytes = lengthBytes;
    if (!this.#profile.oneDownload) this.#over();
    this.work.start(medium.finish(lengthBytes), nowMs);
  }

  /** Time has come to that; true if the work has just ended. */
  poll(nowMs: number): boolean {
    const ended = this.work.poll(nowMs);
    if (ended && this.work.state === 'failed') this.#over();
    return ended;
  }

  /** What was written counts for nothing. */
  discard(): void {
    const medium = this.#medium;
    this.#over();
    this.work.clear();
    if (!this.#profile.oneDownload) medium?.abort();
  }

  /** The device starts anew. */
  forget(): void {
    if (!this.#profile.oneDownload) this.discard();
    this.#medium = undefined;
    this.#offsetBytes = 0;
    this.#block = -1;
    this.work.clear();
  }

  #over(): void {
    // A device that knows one download only keeps its place once something has been written.
    if (this.#profile.oneDownload && this.#offsetBytes > 0) return;
    this.#medium = undefined;
    this.#offsetBytes = 0;
    this.#block = -1;
  }

  #take(bytes: Uint8Array, wBlockNum: number, medium: Medium): MediumResult {
    const { blockNumbers, failsWith } = this.#profile;
    const result =
      blockNumbers === 'medium'
        ? this.#pass(bytes, wBlockNum, medium)
        : this.#write(bytes, wBlockNum, medium);
    if (result.status === 'OK' || failsWith === undefined) return result;
    return { ...result, status: failsWith };
  }

  /** The medium finds out by itself where the block belongs; the first one has number 0. */
  #pass(bytes: Uint8Array, wBlockNum: number, medium: Medium): MediumResult {
    if (wBlockNum === 0) this.#bytes = 0;
    const result = this.#blocks.of(medium).write(wBlockNum, bytes);
    if (result.status === 'OK') this.#bytes += bytes.length;
    return result;
  }

  #write(bytes: Uint8Array, wBlockNum: number, wanted: Medium): MediumResult {
    const began = this.#begin(wanted);
    if (began !== undefined && began.status !== 'OK') return began;
    const medium = this.#medium ?? wanted;
    const busyMs = began?.busyMs ?? 0;
    if (this.#profile.blockNumbers === 'checked') {
      const wrong = this.#check(bytes, wBlockNum);
      if (wrong !== undefined) return wrong;
    }
    const offsetBytes = this.#offsetBytes;
    if (this.#profile.checksMedium && offsetBytes + bytes.length > medium.sizeBytes) {
      const most = `"${medium.name}" holds ${medium.sizeBytes} bytes`;
      medium.abort();
      return failed('errADDRESS', `${most}, the download is longer`);
    }
    const result = medium.write(offsetBytes, bytes);
    this.#offsetBytes += result.status === 'OK' ? bytes.length : 0;
    this.#bytes = this.#offsetBytes;
    return busyMs === 0 ? result : { ...result, busyMs: busyMs + result.busyMs };
  }

  #begin(wanted: Medium): MediumResult | undefined {
    if (this.#medium !== undefined) return undefined;
    this.work.clear();
    this.#bytes = 0;
    if (this.#profile.checksMedium && !wanted.writable) {
      return failed('errWRITE', `"${wanted.name}" is read-only`);
    }
    const result = wanted.begin();
    if (result.status === 'OK') this.#medium = wanted;
    return result;
  }

  /** The same number and bytes again is a host that tries again: DONE without writing. */
  #check(bytes: Uint8Array, wBlockNum: number): MediumResult | undefined {
    const same = wBlockNum === this.#block;
    if (same && this.#isLast(bytes)) return REPEATED;
    const next = this.#block < 0 || wBlockNum === (this.#block + 1) % (LAST_BLOCK_NUMBER + 1);
    if (!next) {
      const expected = `expected block ${(this.#block + 1) % (LAST_BLOCK_NUMBER + 1)}`;
      this.#medium?.abort();
      return failed('errADDRESS', `${expected}, got ${wBlockNum}${same ? ' with other data' : ''}`);
    }
    this.#block = wBlockNum;
    this.#keep(bytes);
    return undefined;
  }

  #keep(bytes: Uint8Array): void {
    const fits = bytes.length <= this.#last.length;
    if (fits) this.#last.set(bytes);
    this.#lastBytes = fits ? bytes.length : -1;
  }

  #isLast(bytes: Uint8Array): boolean {
    if (bytes.length !== this.#lastBytes) return false;
    for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== this.#last[at]) return false;
    return true;
  }
}

const REPEATED: MediumResult = { status: 'OK', busyMs: 0 };
