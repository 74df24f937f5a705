import type { ChipFlash } from '../../chip/index.ts';
import type { Flash } from '../../flash/index.ts';

/**
 * The board's flash as a chip has it: it reads a copy, and what it erases and programs is done to the board's flash and
 * then to the copy. Throws what `Flash` throws.
 */
export function machineFlash(flash: Flash, bytes: Uint8Array): ChipFlash {
  flash.readInto(0, bytes);
  const copy = (offsetBytes: number, lengthBytes: number): void =>
    flash.readInto(offsetBytes, bytes.subarray(offsetBytes, offsetBytes + lengthBytes));
  return {
    bytes,
    program(offsetBytes, data) {
      flash.program(offsetBytes, data);
      copy(offsetBytes, data.length);
    },
    erase(offsetBytes, lengthBytes) {
      flash.erase(offsetBytes, lengthBytes);
      copy(offsetBytes, lengthBytes);
    },
  };
}
