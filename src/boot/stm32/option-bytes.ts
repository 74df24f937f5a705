import { DfuError } from '../../bytes/index.ts';

/**
 * The 16 option bytes of an STM32F0 (RM0091 §4), each followed by its complement: read protection,
 * user, two bytes of data, four of write protection.
 */
const OPTION_BYTES = 16;

/** RDP of level 0: nothing is protected. */
const LEVEL_0 = 0xaa;
/** RDP of level 2: protected for ever. */
const LEVEL_2 = 0xcc;

/** As they come from the factory: no protection, all else 0xff. */
export function factoryOptionBytes(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(OPTION_BYTES);
  for (let at = 0; at < OPTION_BYTES; at += 2) {
    const value = at === 0 ? LEVEL_0 : 0xff;
    bytes[at] = value;
    bytes[at + 1] = ~value & 0xff;
  }
  return bytes;
}

/** What read protection says: 0 none, 1 not to be read from outside, 2 the same for ever. */
type ReadProtection = 0 | 1 | 2;

/** The level of read protection (RM0091 §3.3.1): whatever is neither 0 nor 2 is 1. */
export function readProtection(options: Uint8Array): ReadProtection {
  const [rdp = 0, complement = 0] = options;
  if ((rdp ^ complement) !== 0xff) return 1;
  if (rdp === LEVEL_0) return 0;
  return rdp === LEVEL_2 ? 2 : 1;
}

/**
 * The option bytes with these written over them from an offset; complements are made by the flash
 * controller. Throws `OUT_OF_RANGE`.
 */
export function withOptionBytes(
  options: Uint8Array,
  offsetBytes: number,
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (offsetBytes < 0 || offsetBytes + bytes.length > OPTION_BYTES) {
    const range = `${bytes.length} bytes at ${offsetBytes} of ${OPTION_BYTES}`;
    throw new DfuError('OUT_OF_RANGE', `option bytes: ${range}`);
  }
  const next = Uint8Array.from(options);
  next.set(bytes, offsetBytes);
  for (let at = 0; at < OPTION_BYTES; at += 2) next[at + 1] = ~(next[at] ?? 0) & 0xff;
  return next;
}
