/**
 * JSON as files have it: a byte order mark in front, which editors of Windows write, is no part of it (RFC 8259 §8.1). Throws
 * what `JSON.parse` throws.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as unknown;
}
