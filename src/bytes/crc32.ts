const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) {
    value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value;
});

/** The start value of a CRC-32 that runs over several pieces. */
const CRC32_START = 0xffffffff;

/**
 * The register of the reflected CRC-32 (polynomial 0xedb88320) after `bytes`, without the final
 * inversion: exactly what the DFU suffix stores (DFU 1.1 Appendix B). Feed the result back in as
 * `start` to go on with the next piece; invert it for the CRC-32 of zip and Ethernet.
 */
export function crc32Register(bytes: Uint8Array, start: number = CRC32_START): number {
  let register = start;
  for (const byte of bytes) {
    register = (table[(register ^ byte) & 0xff] ?? 0) ^ (register >>> 8);
  }
  return register >>> 0;
}

/** CRC-32 as zip, PNG and Ethernet have it (final inversion included). */
export function crc32(bytes: Uint8Array): number {
  return ~crc32Register(bytes) >>> 0;
}

/** CRC-32/MPEG-2: neither reflected nor inverted at the end (polynomial 0x04c11db7), as the RP2040's boot ROM has it. */
export function crc32Mpeg2(bytes: Uint8Array): number {
  let register = -1;
  for (const byte of bytes) {
    register ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) {
      register = register < 0 ? (register << 1) ^ 0x04c11db7 : register << 1;
    }
  }
  return register >>> 0;
}
