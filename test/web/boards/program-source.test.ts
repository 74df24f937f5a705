import { describe, expect, test } from 'vitest';
import { isProgramSource } from '../../../web/boards/program-source.ts';

const text = (source: string): Uint8Array => new TextEncoder().encode(source);
const MODULE = 'export async function main(board) { board.console.print("here"); }\n';

describe('a program in source', () => {
  test.each([
    ['by its name', 'app.mjs', MODULE],
    ['by its name, in capitals', 'APP.JS', MODULE],
    ['by what it is', 'app.bin', MODULE],
    ['as a bundler writes it', '', 'const a=()=>{};export{a as main};'],
    ['that looks at import.meta', 'app.mjs', `${MODULE}void import.meta;`],
  ])('is known %s', (_, name, source) => {
    expect(isProgramSource(text(source), name)).toBe(true);
  });

  test.each([
    ['a text', 'read-me.txt', text('This text is no firmware.\n'.repeat(9))],
    ['a script without a word of modules', 'app.bin', text('const main = 5;')],
    ['a record of Intel HEX', 'app.hex', text(':00000001FF\n')],
    ['bytes', 'app.bin', Uint8Array.of(0, 4, 0, 0x20, 9, 0, 0, 8)],
    ['bytes that a name calls TypeScript', 'stream.ts', Uint8Array.of(0x47, 0xff, 0xff)],
    ['nothing', 'empty.bin', new Uint8Array(0)],
  ])('is not %s', (_, name, bytes) => {
    expect(isProgramSource(bytes, name)).toBe(false);
  });

  test.each([
    ['app.ts', MODULE, 'UNSUPPORTED', 'got TypeScript, which no board runs; dfukit firmware build'],
    ['app.mts', 'const a: number = 1;', 'UNSUPPORTED', 'got TypeScript'],
    ['app.mjs', 'import "./x.js"; export const main = 1;', 'MALFORMED', 'it imports "./x.js"'],
    ['', 'export const main = (x) => import(x);', 'MALFORMED', 'imports something while it runs'],
    ['app.bin', 'export const run = () => {};', 'MALFORMED', 'exports a function "main"'],
    ['app.cjs', 'exports.main = () => {};', 'MALFORMED', 'exports a function "main"'],
    ['app.js', 'export function main( {', 'MALFORMED', 'got what does not parse as one'],
    ['app.js', 'a\0b', 'MALFORMED', 'got no text'],
  ])('cannot be %s with %j', (name, source, code, words) => {
    expect(() => isProgramSource(text(source), name)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) as string }),
    );
  });
});
