import { Utf8Reader, encodeUtf8, sameBytes } from '../../bytes/index.ts';
import type { Peripherals, Program } from '../seams/peripherals.ts';

/** The module that a program is; undefined after a fault. */
export function moduleText(board: Peripherals, program: Program | undefined): string | undefined {
  const payload = program?.payload ?? new Uint8Array(0);
  const reader = new Utf8Reader();
  const text = reader.read(payload) + reader.end();
  // What was replaced is not what stands there.
  if (sameBytes(encodeUtf8(text), payload)) return text;
  board.fault('hard fault: the module is no text in UTF-8');
  return undefined;
}
