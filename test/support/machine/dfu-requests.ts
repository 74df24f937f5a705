import type { ChipBench } from './chip-bench.ts';

const request = (type: number, code: number, value: number, length: number): readonly number[] =>
  // wValue, wIndex, wLength
  [type, code, value & 0xff, value >> 8, 0, 0, length & 0xff, length >> 8];

/** DFU class requests of interface 0 (DFU 1.1 §3). */
export const dfu = {
  detach: request(0x21, 0, 0, 0),
  dnload: (block: number, length: number): readonly number[] => request(0x21, 1, block, length),
  upload: (block: number, length: number): readonly number[] => request(0xa1, 2, block, length),
  getStatus: request(0xa1, 3, 0, 6),
  clrStatus: request(0x21, 4, 0, 0),
} as const;

/** GETSTATUS: bStatus, bwPollTimeout in ms, bState; throws if nothing comes. */
export function status(bench: ChipBench): readonly [number, number, number] {
  const end = bench.send(dfu.getStatus);
  if (end?.end !== 'in') throw new Error(`GETSTATUS: ${JSON.stringify(end)}`);
  const [bStatus = -1, low = 0, middle = 0, high = 0, bState = -1] = end.bytes;
  return [bStatus, low + middle * 0x100 + high * 0x10000, bState];
}

/** dfuDNBUSY and dfuMANIFEST: ask again. */
const busy: ReadonlySet<number> = new Set([4, 7]);

/** Downloads those bytes into the device of `bench`, block after block, as a host does. */
export function download(bench: ChipBench, bytes: Uint8Array, blockBytes = 1024): void {
  const blocks = Math.ceil(bytes.length / blockBytes);
  for (let block = 0; block <= blocks; block += 1) {
    const data = bytes.subarray(block * blockBytes, (block + 1) * blockBytes);
    const sent = bench.send(dfu.dnload(block, data.length), data.length === 0 ? undefined : data);
    if (sent?.end !== 'done') throw new Error(`block ${block}: ${JSON.stringify(sent)}`);
    for (let tries = 0; ; tries += 1) {
      const [bStatus, pollTimeoutMs, bState] = status(bench);
      if (bStatus !== 0) throw new Error(`bStatus ${bStatus}`);
      if (!busy.has(bState)) break;
      if (tries > 100) throw new Error(`block ${block}: still busy, bState ${bState}`);
      bench.run(pollTimeoutMs + 0.1);
    }
  }
}
