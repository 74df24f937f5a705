/** What is sent to a device: all of it at once, or piece by piece as it comes. */
export type Payload = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Cuts what is to be sent into blocks. */
export interface BlockSource {
  /** The next block; shorter at the end, empty behind it. Valid until the next call. */
  next(): Uint8Array | Promise<Uint8Array>;
  /** Begins anew with smaller blocks; only while the first block is the last that was asked for. */
  again(blockBytes: number): void;
  /** Nothing more will be asked for. */
  close(): Promise<void>;
}

/** Blocks of `blockBytes` out of a payload; views into it wherever a block lies in one piece. */
export function blockSource(payload: Payload, blockBytes: number): BlockSource {
  if (payload instanceof Uint8Array) return new WholeSource(payload, blockBytes);
  return new ChunkSource(payload, blockBytes);
}

class WholeSource implements BlockSource {
  readonly #payload: Uint8Array;
  #blockBytes: number;
  #at = 0;

  constructor(payload: Uint8Array, blockBytes: number) {
    this.#payload = payload;
    this.#blockBytes = blockBytes;
  }

  next(): Uint8Array {
    const block = this.#payload.subarray(this.#at, this.#at + this.#blockBytes);
    this.#at += block.length;
    return block;
  }

  again(blockBytes: number): void {
    this.#blockBytes = blockBytes;
    this.#at = 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class ChunkSource implements BlockSource {
  readonly #chunks: Iterator<Uint8Array> | AsyncIterator<Uint8Array>;
  /** For blocks that lie across chunks; used again and again. */
  #scratch: Uint8Array;
  #chunk: Uint8Array = new Uint8Array(0);
  /** What was asked for last. */
  #last: Uint8Array = this.#chunk;
  #ended = false;

  constructor(payload: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, blockBytes: number) {
    this.#chunks =
      Symbol.asyncIterator in payload
        ? payload[Symbol.asyncIterator]()
        : payload[Symbol.iterator]();
    this.#scratch = new Uint8Array(blockBytes);
  }

  async next(): Promise<Uint8Array> {
    this.#last = await this.#block();
    return this.#last;
  }

  again(blockBytes: number): void {
    const whole = new Uint8Array(this.#last.length + this.#chunk.length);
    whole.set(this.#last);
    whole.set(this.#chunk, this.#last.length);
    this.#chunk = whole;
    this.#scratch = new Uint8Array(blockBytes);
  }

  async #block(): Promise<Uint8Array> {
    const size = this.#scratch.length;
    if (this.#chunk.length >= size) return this.#take(size);
    let filled = 0;
    while (filled < size && (this.#chunk.length > 0 || (await this.#more()))) {
      if (filled === 0 && this.#chunk.length >= size) return this.#take(size);
      const piece = this.#take(Math.min(size - filled, this.#chunk.length));
      this.#scratch.set(piece, filled);
      filled += piece.length;
    }
    return this.#scratch.subarray(0, filled);
  }

  #take(length: number): Uint8Array {
    const piece = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    return piece;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#chunks.next();
    if (next.done === true) this.#ended = true;
    else this.#chunk = next.value;
    return !this.#ended;
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#chunks.return?.();
  }
}
