import { describe, expect, test } from 'vitest';
import { PACKET_MEMORY } from './addresses.ts';
import { createPacketMemory } from './packet-memory.ts';

/* What COUNT_RX says of a buffer's size (RM0091 table 127), and where its bytes go. */

describe('packet memory', () => {
  test.each([
    // BL_SIZE 0: so many times 2 bytes; 1: one more than so many times 32.
    [0x0400, 2],
    [0x2000, 16],
    [0x7c00, 62],
    [0x8000, 32],
    [0x8400, 64],
    [0x8c00, 128],
    [0xfc00, 1024],
  ])('COUNT_RX %i is a buffer of %i bytes', (count, sizeBytes) => {
    const memory = createPacketMemory();
    memory.write(PACKET_MEMORY + 0x46, 2, count);
    expect(memory.buffers(0x40, 0).rxSize).toBe(sizeBytes);
    // What came is told beside it, and leaves it alone.
    memory.write(PACKET_MEMORY + 0x44, 2, 0x100);
    memory.put(0x40, 0, Uint8Array.of(1, 2, 3));
    expect(memory.read(PACKET_MEMORY + 0x46, 2)).toBe(count | 3);
    expect(memory.read(PACKET_MEMORY + 0x100, 2)).toBe(0x0201);
    expect(memory.read(PACKET_MEMORY + 0x102, 1)).toBe(3);
  });

  test('is 16 bits wide', () => {
    const memory = createPacketMemory();
    expect(() => memory.read(PACKET_MEMORY, 4)).toThrow(/reading 32 bits at once/);
    expect(() => memory.write(PACKET_MEMORY, 4, 0)).toThrow(/writing 32 bits at once/);
    expect(() => memory.write(PACKET_MEMORY, 1, 0)).toThrow(/writing 8 bits at once/);
  });
});
