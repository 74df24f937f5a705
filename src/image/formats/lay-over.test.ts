import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstMemory, layOver } from './lay-over.ts';
import { readHexSegments, writeIntelHex } from './intel-hex.ts';

const area = { baseAddress: 0x0800_0000, sizeBytes: 16 };
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('segments over an area', () => {
  test('each at its address, absent bytes erased, the rest named', () => {
    const segments = [
      { address: 0x07ff_fffe, bytes: bytes(1, 2, 3) },
      { address: 0x0800_0008, bytes: bytes(4) },
      { address: 0x0800_000f, bytes: bytes(5, 6) },
      { address: 0x1000_1200, bytes: bytes(7) },
    ];
    const { bytes: laid, outside } = layOver(segments, area);
    expect([...laid]).toEqual([3, ...Array(7).fill(255), 4, ...Array(6).fill(255), 5]);
    expect(outside).toEqual([
      { address: 0x07ff_fffe, bytes: bytes(1, 2) },
      { address: 0x0800_0010, bytes: bytes(6) },
      { address: 0x1000_1200, bytes: bytes(7) },
    ]);
  });

  test('a segment larger than the area sticks out at both ends', () => {
    const { bytes: laid, outside } = layOver(
      [{ address: area.baseAddress - 1, bytes: new Uint8Array(18) }],
      area,
      0xff,
    );
    expect(laid.every((byte) => byte === 0)).toBe(true);
    expect(outside.map(({ address }) => address)).toEqual([0x07ff_ffff, 0x0800_0010]);
  });

  test('no byte is lost, whatever the file', () => {
    const piece = fc.record({
      address: fc.integer({ min: 0, max: 100 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }),
    });
    const range = fc.record({ baseAddress: fc.nat(100), sizeBytes: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), range, (pieces, flash) => {
        const segments = readHexSegments(writeIntelHex(pieces));
        const { bytes: laid, outside } = layOver(segments, flash, 0xff);
        const told = new Map<number, number>();
        for (const each of outside) {
          for (const [at, byte] of each.bytes.entries()) told.set(each.address + at, byte);
        }
        const end = flash.baseAddress + flash.sizeBytes;
        for (const each of segments) {
          for (const [at, byte] of each.bytes.entries()) {
            const address = each.address + at;
            const within = address >= flash.baseAddress && address < end;
            const got = within ? laid[address - flash.baseAddress] : told.get(address);
            expect(got).toBe(byte);
          }
        }
      }),
      { seed: 8, numRuns: 200 },
    );
  });
});

test('one memory ends where nothing is for 8 MiB', () => {
  const at = (address: number): { address: number; bytes: Uint8Array } => ({
    address,
    bytes: bytes(1),
  });
  const segments = [at(0), at(0x70_0000), at(0x00ff_8000), at(0x1000_1200)];
  expect(firstMemory(segments)).toEqual([segments.slice(0, 2), segments.slice(2)]);
  expect(firstMemory([])).toEqual([[], []]);
});
