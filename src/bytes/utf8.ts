/** Stands for what is no text. */
const REPLACEMENT = 0xfffd;

/** A text in UTF-8; half a surrogate pair becomes U+FFFD, as everywhere else. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length * 3);
  let at = 0;
  for (let index = 0; index < text.length; index += 1) {
    let code = text.codePointAt(index) ?? REPLACEMENT;
    if (code > 0xffff) index += 1;
    if (code >= 0xd800 && code <= 0xdfff) code = REPLACEMENT;
    at = put(bytes, at, code);
  }
  return bytes.slice(0, at);
}

function put(bytes: Uint8Array, from: number, code: number): number {
  let at = from;
  if (code < 0x80) {
    bytes[at++] = code;
    return at;
  }
  if (code < 0x800) {
    bytes[at++] = 0xc0 | (code >> 6);
  } else {
    if (code < 0x10000) {
      bytes[at++] = 0xe0 | (code >> 12);
    } else {
      bytes[at++] = 0xf0 | (code >> 18);
      bytes[at++] = 0x80 | ((code >> 12) & 63);
    }
    bytes[at++] = 0x80 | ((code >> 6) & 63);
  }
  bytes[at++] = 0x80 | (code & 63);
  return at;
}

/** Longest run that is made text of at once: it is handed over as arguments of a call. */
const RUN_BYTES = 4096;

function asciiEnd(bytes: Uint8Array, from: number): number {
  const most = Math.min(bytes.length, from + RUN_BYTES);
  let end = from;
  while (end < most && (bytes[end] ?? 0x80) < 0x80) end += 1;
  return end;
}

/**
 * Reads UTF-8 that comes in pieces, which may end inside of a character. What is no UTF-8 becomes U+FFFD, piece by
 * piece as the Encoding Standard has it (§8.1.1).
 */
export class Utf8Reader {
  #code = 0;
  #missing = 0;
  /** What the next byte may be (Unicode table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF). */
  #low = 0x80;
  #high = 0xbf;

  read(bytes: Uint8Array): string {
    let text = '';
    for (let at = 0; at < bytes.length;) {
      const end = this.#missing === 0 ? asciiEnd(bytes, at) : at;
      if (end > at) text += String.fromCharCode(...bytes.subarray(at, end));
      else text += this.#byte(bytes[at] ?? 0);
      at = Math.max(end, at + 1);
    }
    return text;
  }

  /** The end: half a character that is still there becomes U+FFFD. */
  end(): string {
    const cut = this.#missing > 0;
    this.#missing = 0;
    return cut ? String.fromCodePoint(REPLACEMENT) : '';
  }

  #byte(byte: number): string {
    if (this.#missing === 0) return this.#first(byte);
    if (byte < this.#low || byte > this.#high) return this.end() + this.#first(byte);
    this.#low = 0x80;
    this.#high = 0xbf;
    this.#code = (this.#code << 6) | (byte & 63);
    this.#missing -= 1;
    return this.#missing === 0 ? String.fromCodePoint(this.#code) : '';
  }

  #first(byte: number): string {
    if (byte < 0x80) return String.fromCharCode(byte);
    if (byte < 0xc2 || byte > 0xf4) return String.fromCodePoint(REPLACEMENT);
    this.#missing = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#code = byte & (0x3f >> this.#missing);
    this.#low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    return '';
  }
}
