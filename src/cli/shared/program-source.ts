import { Utf8Reader, encodeUtf8, sameBytes } from '../../bytes/index.ts';

/** Whether a file is the source of a firmware by its name: JavaScript or TypeScript. */
export function isSourceName(path: string): boolean {
  return /\.[cm]?[jt]sx?$/i.test(path);
}

/** The same, and it is a text: other kinds of files end in `.ts`, too. */
export function isProgramSource(path: string, bytes: Uint8Array): boolean {
  if (!isSourceName(path) || bytes.includes(0)) return false;
  const reader = new Utf8Reader();
  return sameBytes(encodeUtf8(reader.read(bytes) + reader.end()), bytes);
}
