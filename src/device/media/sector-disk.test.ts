import { describe, expect, test } from 'vitest';
import { SectorDisk } from '../index.ts';
import type { DiskAccess } from '../index.ts';

const block = (lengthBytes: number, value: number): Uint8Array =>
  new Uint8Array(lengthBytes).fill(value);

describe('a disk of sectors', () => {
  test('is filled by blocks of any size and read as a whole', () => {
    const disk = new SectorDisk({ sectors: 2 });
    disk.begin();
    expect(disk.write(0, block(100, 1))).toMatchObject({ status: 'OK' });
    expect(disk.write(100, block(700, 2))).toMatchObject({ status: 'OK' });
    disk.finish();
    expect(disk.read(0, 4096).length).toBe(1024);
    expect([disk.content[99], disk.content[100], disk.content[799], disk.content[800]]).toEqual([
      1, 2, 2, 0,
    ]);
    expect(disk.read(1024, 64).length).toBe(0);
  });

  test('refuses what reaches beyond its end, and says so', () => {
    const seen: DiskAccess[] = [];
    const disk = new SectorDisk({ sectors: 1, onAccess: (access) => seen.push(access) });
    disk.begin();
    expect(disk.write(1, block(512, 0))).toMatchObject({ status: 'errADDRESS' });
    expect(seen).toEqual([{ type: 'opened' }, { type: 'failed', reason: 'ramdisk0 ends at 512' }]);
  });

  test('tells of each block and the sum since the transfer began', () => {
    const seen: DiskAccess[] = [];
    const disk = new SectorDisk({ sectors: 4, onAccess: (access) => seen.push(access) });
    disk.begin();
    disk.write(0, block(512, 0));
    disk.write(512, block(10, 0));
    disk.read(0, 64);
    expect(seen).toEqual([
      { type: 'opened' },
      { type: 'downloaded', block: 0, bytes: 512, total: 512 },
      { type: 'downloaded', block: 1, bytes: 10, total: 522 },
      { type: 'opened' },
      { type: 'uploaded', block: 0, bytes: 64, total: 64 },
    ]);
  });
});

describe('as in Zephyr, by the number of the block', () => {
  test('a block is a sector, whatever its size', () => {
    const { blocks, content } = new SectorDisk({ sectors: 3 });
    blocks.write(0, block(8, 1));
    blocks.write(1, block(600, 2));
    expect([content[0], content[8], content[512], content[1023], content[1024]]).toEqual([
      1, 0, 2, 2, 0,
    ]);
  });

  test.each([
    ['the first may be 1', [1], 'OK'],
    ['0 starts again', [0, 1, 0, 1], 'OK'],
    ['none may be left out', [0, 2], 'errUNKNOWN'],
    ['none may come twice', [0, 1, 1], 'errUNKNOWN'],
    ['beyond the end', [0, 1, 2, 3], 'errUNKNOWN'],
  ])('%s', (_, numbers, status) => {
    const { blocks } = new SectorDisk({ sectors: 3 });
    const results = numbers.map((number) => blocks.write(number, block(512, number)).status);
    expect(results.slice(0, -1).every((each) => each === 'OK')).toBe(true);
    expect(results.at(-1)).toBe(status);
  });

  test('the end has a number, too', () => {
    const { blocks } = new SectorDisk();
    blocks.write(0, block(512, 0));
    expect(blocks.write(5, block(0, 0)).status).toBe('errUNKNOWN');
    expect(blocks.write(1, block(0, 0)).status).toBe('OK');
    expect(blocks.write(0, block(0, 0)).status).toBe('OK');
  });

  test('behind the last sector there is nothing, once', () => {
    const { blocks } = new SectorDisk({ sectors: 1 });
    expect(blocks.read(0, 512)).toHaveLength(512);
    expect(blocks.read(1, 512)).toHaveLength(0);
    expect(blocks.read(2, 512)).toMatchObject({ status: 'errUNKNOWN' });
  });

  test('what nobody sent is not given, nor is a buffer overrun', () => {
    const { blocks } = new SectorDisk();
    blocks.write(0, block(500, 1));
    expect(blocks.read(0, 512)).toEqual({
      withheld: expect.stringContaining('gives away memory') as string,
    });
    blocks.write(0, block(512, 1));
    expect(blocks.read(0, 511)).toEqual({
      withheld: expect.stringContaining('crashes') as string,
    });
  });
});
