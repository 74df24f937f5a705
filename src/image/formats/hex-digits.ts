function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Reads hex digits line after line into the same bytes. */
export class HexDigits {
  #bytes = new Uint8Array(64);

  /**
   * The bytes of a line from a character on, valid until the next call; undefined if it is longer than
   * `mostCharacters` or anything but pairs of hex digits.
   */
  read(line: string, from: number, mostCharacters: number): Uint8Array | undefined {
    const length = (line.length - from) / 2;
    if (line.length > mostCharacters || !Number.isInteger(length)) return undefined;
    if (length > this.#bytes.length) this.#bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) {
      const high = digitOf(line.charCodeAt(from + 2 * at));
      const low = digitOf(line.charCodeAt(from + 2 * at + 1));
      if (high < 0 || low < 0) return undefined;
      this.#bytes[at] = high * 16 + low;
    }
    return this.#bytes.subarray(0, length);
  }
}
