import { readFileSync } from 'node:fs';
import type { Chip, ChipCause, ChipOrder, ChipStop } from '../../../src/chip/chip.ts';
import type { ControlEnd } from '../../../src/chip/control/transfer.ts';
import { UsbHost } from '../../../src/chip/control/usb-host.ts';
import { rp2040 } from '../../../src/chip/rp2040/rp2040.ts';

/** A program of test/fixtures/machine/rp2040. */
export function rp2040Image(name: string): Uint8Array {
  const url = new URL(`../../fixtures/machine/rp2040/built/${name}.bin`, import.meta.url);
  return Uint8Array.from(readFileSync(url));
}

/** An RP2040 with a flash of 2 MiB, a host at its USB port, and everything that it says. */
export interface Bench {
  readonly flash: Uint8Array;
  readonly ram: Uint8Array;
  readonly retained: Uint8Array;
  /** The chip as it is since its last start. */
  chip: Chip;
  host: UsbHost;
  text: string;
  /** What each flash operation was: `erase 40000+1000`, `program 40000+100`. */
  readonly operations: string[];
  readonly warnings: string[];
  readonly pins: Map<string, boolean | undefined>;
  attached: number;
  /** Starts it anew; RAM and scratch registers stay unless it is power-on. */
  start(cause: ChipCause, more?: Partial<ChipOrder>): void;
  /** Lets that much of its time pass, or until it stops for something else. */
  run(ns: number): ChipStop;
  /** A control transfer, to its end. */
  send(setup: readonly number[], data?: Uint8Array): ControlEnd | undefined;
}

export function bench(images: Readonly<Record<number, Uint8Array>> = {}): Bench {
  const flash = new Uint8Array(0x200000).fill(0xff);
  for (const [offset, image] of Object.entries(images)) flash.set(image, Number(offset));
  const made: Bench = {
    flash,
    ram: new Uint8Array(rp2040.ram.sizeBytes),
    retained: new Uint8Array(rp2040.retainedBytes),
    chip: undefined as unknown as Chip,
    host: undefined as unknown as UsbHost,
    text: '',
    operations: [],
    warnings: [],
    pins: new Map(),
    attached: 0,
    start: (cause, more = {}) => {
      if (cause === 'power-on') {
        made.ram.fill(0);
        made.retained.fill(0);
      }
      made.chip = rp2040.make({
        cause,
        ram: made.ram,
        retained: made.retained,
        uniqueId: Uint8Array.of(0xe6, 0x60, 1, 2, 3, 4, 5, 6),
        outside: {
          flash: {
            bytes: flash,
            program: (offset, bytes) => {
              made.operations.push(`program ${offset.toString(16)}+${bytes.length.toString(16)}`);
              bytes.forEach((byte, n) => {
                flash[offset + n] = (flash[offset + n] ?? 0) & byte;
              });
            },
            erase: (offset, length) => {
              made.operations.push(`erase ${offset.toString(16)}+${length.toString(16)}`);
              flash.fill(0xff, offset, offset + length);
            },
          },
          uart: (_port, byte) => {
            made.text += String.fromCharCode(byte);
          },
          usbChanged: () => made.host.changed(),
          pin: (name, level) => made.pins.set(name, level),
          warn: (words) => made.warnings.push(words),
        },
        ...more,
      });
      made.host = new UsbHost(made.chip.usb, {
        attached: () => {
          made.attached += 1;
        },
        detached: () => {
          made.attached -= 1;
        },
        log: (line) => made.warnings.push(line),
      });
      made.host.setVbus(true);
    },
    run: (ns) => {
      const untilNs = made.chip.nowNs + ns;
      for (;;) {
        const dueNs = made.host.step(made.chip.nowNs);
        const stop = made.chip.run(Math.min(untilNs, dueNs));
        if (stop.why === 'outside') continue;
        if (stop.why !== 'time' && stop.why !== 'idle') return stop;
        if (stop.why === 'idle' && stop.nextNs > untilNs && dueNs > untilNs) return stop;
        if (made.chip.nowNs >= untilNs) return stop;
      }
    },
    send: (setup, data) => {
      const ends: ControlEnd[] = [];
      made.host.submit({
        setup: Uint8Array.from(setup),
        data,
        ended: (result) => ends.push(result),
      });
      for (let n = 0; n < 200 && ends.length === 0; n += 1) {
        const stop = made.run(1e6);
        if (stop.why === 'reset' || stop.why === 'fault') break;
      }
      return ends[0];
    },
  };
  return made;
}

/** DFU class requests of interface 0 (DFU 1.1 §3). */
export const dfu = {
  detach: [0x21, 0, 0, 0, 0, 0, 0, 0],
  dnload: (block: number, length: number): number[] =>
    // wValue, wIndex, wLength
    [0x21, 1, block & 0xff, block >> 8, 0, 0, length & 0xff, length >> 8],
  upload: (block: number, length: number): number[] => [
    0xa1,
    2,
    block & 0xff,
    block >> 8,
    0,
    0,
    length & 0xff,
    length >> 8,
  ],
  getStatus: [0xa1, 3, 0, 0, 0, 0, 6, 0],
  abort: [0x21, 6, 0, 0, 0, 0, 0, 0],
} as const;

/** Downloads those bytes into the device of `board`, block after block, as a host does. */
export function download(board: Bench, bytes: Uint8Array, blockBytes = 1024): void {
  const blocks = Math.ceil(bytes.length / blockBytes);
  for (let block = 0; block <= blocks; block += 1) {
    const data = bytes.subarray(block * blockBytes, (block + 1) * blockBytes);
    const sent = board.send(dfu.dnload(block, data.length), data.length === 0 ? undefined : data);
    if (sent?.end !== 'done') throw new Error(`block ${block}: ${JSON.stringify(sent)}`);
    for (let tries = 0; ; tries += 1) {
      const status = board.send(dfu.getStatus);
      if (status?.end !== 'in' || tries > 100) throw new Error(JSON.stringify(status));
      const [error = 0, low = 0, middle = 0, , state = 0] = status.bytes;
      if (error !== 0) throw new Error(`bStatus ${error}`);
      if (state !== 4 && state !== 7) break;
      board.run((low + middle * 256) * 1e6 + 1e5);
    }
  }
}
