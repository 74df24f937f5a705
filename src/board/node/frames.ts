/** Two lengths in front of a frame, each in four bytes, little endian: the head's, and the bytes'. */
const LENGTHS = 8;
/** The second length of a frame without bytes. */
const NO_BYTES = 0xffffffff;

/** A text, and bytes that belong to it. */
export interface Frame {
  readonly head: string;
  readonly bytes?: Uint8Array | undefined;
}

/** What stands in front of a frame. */
interface FrameLengths {
  readonly headLength: number;
  /** Of all of it, these lengths included. */
  readonly whole: number;
  readonly hasBytes: boolean;
}

/** A frame as it goes through a pipe. */
export function encodeFrame({ head, bytes }: Frame): Uint8Array {
  const text = Buffer.from(head, 'utf8');
  const frame = new Uint8Array(LENGTHS + text.length + (bytes?.length ?? 0));
  const view = new DataView(frame.buffer);
  view.setUint32(0, text.length, true);
  view.setUint32(4, bytes === undefined ? NO_BYTES : bytes.length, true);
  frame.set(text, LENGTHS);
  if (bytes !== undefined) frame.set(bytes, LENGTHS + text.length);
  return frame;
}

/** Puts frames together from the pieces that come through a pipe. None is longer than it was told. */
export class FrameReader {
  readonly #mostBytes: number;
  #pieces: Uint8Array[] = [];
  #length = 0;
  #told: FrameLengths | undefined;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** The next frame, if all of it is there. Throws a `RangeError` for one that is too long. */
  next(): Frame | undefined {
    const lengths = this.#lengths();
    if (lengths === undefined || this.#length < lengths.whole) return undefined;
    const { headLength, whole, hasBytes } = lengths;
    const frame = this.#first(whole);
    this.#drop(whole);
    this.#told = undefined;
    const text = frame.subarray(LENGTHS, LENGTHS + headLength);
    return {
      head: Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8'),
      // A buffer of their own: a Buffer's slice would be one more view.
      bytes: hasBytes ? Uint8Array.from(frame.subarray(LENGTHS + headLength)) : undefined,
    };
  }

  /** The lengths of the next frame, read once: nothing is put together before all of it is there. */
  #lengths(): FrameLengths | undefined {
    if (this.#told !== undefined || this.#length < LENGTHS) return this.#told;
    const first = this.#first(LENGTHS);
    const view = new DataView(first.buffer, first.byteOffset);
    const headLength = view.getUint32(0, true);
    const told = view.getUint32(4, true);
    const sum = headLength + (told === NO_BYTES ? 0 : told);
    if (sum > this.#mostBytes) {
      throw new RangeError(`a frame of ${sum} bytes, expected at most ${this.#mostBytes}`);
    }
    this.#told = { headLength, whole: LENGTHS + sum, hasBytes: told !== NO_BYTES };
    return this.#told;
  }

  /** That many bytes in one piece. What is put together once stays together. */
  #first(length: number): Uint8Array {
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= length) return first.subarray(0, length);
    const joined = Buffer.concat(this.#pieces);
    this.#pieces = [joined];
    return joined.subarray(0, length);
  }

  #drop(length: number): void {
    const [first] = this.#pieces;
    this.#length -= length;
    if (first === undefined || first.length === length) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(length);
  }
}
