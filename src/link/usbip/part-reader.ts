/**
 * Cuts a stream of bytes into parts of known length. A part that lies whole in what came is a view of
 * it, not a copy. While `paused`, nothing is cut; whoever pauses stops the stream, too, so that at
 * most one chunk and one part are kept.
 */
export class PartReader {
  #take: (part: Uint8Array) => number = () => 0;
  #want = 0;
  #paused = false;
  #partial: Uint8Array | undefined;
  #filled = 0;
  #chunk: Uint8Array | undefined;
  #at = 0;

  /**
   * Says who takes the parts, and how long the next one is. `take` answers the length of the part after
   * it, 0 to take no more. Call it before the first byte, or from within `take`: what that one answers
   * is the length then.
   */
  start(firstBytes: number, take: (part: Uint8Array) => number): void {
    this.#want = firstBytes;
    this.#take = take;
  }

  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#run();
  }

  /** The stream has brought more. */
  push(chunk: Uint8Array): void {
    const whole = this.#chunk === undefined ? chunk : Buffer.concat([this.#left(), chunk]);
    // Plain bytes for those who take them, not the subclass that Node hands out.
    this.#chunk = new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
    this.#at = 0;
    this.#run();
  }

  #left(): Uint8Array {
    return this.#chunk?.subarray(this.#at) ?? new Uint8Array(0);
  }

  #run(): void {
    while (!this.#paused && this.#want > 0) {
      const part = this.#cut();
      if (part === undefined) return;
      this.#want = this.#take(part);
    }
    if (this.#want === 0) this.#chunk = undefined;
  }

  #cut(): Uint8Array | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined) return undefined;
    const left = chunk.length - this.#at;
    if (this.#partial === undefined && left >= this.#want) {
      const part = chunk.subarray(this.#at, this.#at + this.#want);
      this.#advance(this.#want);
      return part;
    }
    this.#partial ??= new Uint8Array(this.#want);
    const count = Math.min(left, this.#want - this.#filled);
    this.#partial.set(chunk.subarray(this.#at, this.#at + count), this.#filled);
    this.#filled += count;
    this.#advance(count);
    if (this.#filled < this.#want) return undefined;
    const part = this.#partial;
    this.#partial = undefined;
    this.#filled = 0;
    return part;
  }

  #advance(count: number): void {
    this.#at += count;
    if (this.#chunk !== undefined && this.#at >= this.#chunk.length) this.#chunk = undefined;
  }
}
