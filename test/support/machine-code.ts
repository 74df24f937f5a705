/** Where the made-up code begins, behind the sixteen system vectors. */
const TABLE_BYTES = 64;

/** What differs from code that a Cortex-M would start. */
export interface MachineCodeOptions {
  readonly stackPointer?: number;
  readonly resetVector?: number;
  /** A text behind the code. */
  readonly text?: string;
}

/** A vector table linked for that address and, behind it, `b .`: the least that a linker leaves. */
export function machineCode(
  address: number,
  {
    stackPointer = 0x20002000,
    resetVector = address + TABLE_BYTES + 1,
    text = '',
  }: MachineCodeOptions = {},
): Uint8Array {
  const words = new TextEncoder().encode(text);
  const code = new Uint8Array(TABLE_BYTES + 4 + words.length);
  const view = new DataView(code.buffer);
  view.setUint32(0, stackPointer, true);
  for (let at = 4; at < TABLE_BYTES; at += 4) view.setUint32(at, resetVector, true);
  view.setUint16(TABLE_BYTES, 0xe7fe, true);
  code.set(words, TABLE_BYTES + 4);
  return code;
}
