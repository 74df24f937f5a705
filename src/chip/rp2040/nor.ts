import { hexNumber } from '../../bytes/index.ts';
import type { ChipFlash } from '../chip.ts';
import type { ChipTime } from './time.ts';

const PAGE_BYTES = 256;

/** What a Winbond W25Q takes for each, in us (W25Q16JV datasheet, typical). */
const busyUs: Readonly<Record<number, number>> = {
  0x01: 10_000,
  0x31: 10_000,
  0x02: 400,
  0x20: 45_000,
  0x52: 120_000,
  0xd8: 150_000,
  0x60: 5_000_000,
  0xc7: 5_000_000,
};

/** A SPI NOR flash with the usual commands (JEDEC), byte by byte behind its select line. */
export interface Nor {
  /** Select goes low: a command begins. */
  readonly select: () => void;
  /** Select goes high: what was sent is carried out. */
  readonly release: () => void;
  /** One byte each way. */
  readonly transfer: (byte: number) => number;
  /** It is waited for: when it will not be busy any more, in ns of the chip's time; undefined if nobody asks again and again. */
  readonly waitedForNs: number | undefined;
  /** As the ROM does it: writes one page, or erases; how long that took, in us. */
  readonly programPage: (offsetBytes: number, bytes: Uint8Array) => number;
  readonly eraseRange: (offsetBytes: number, command: number) => number;
}

interface NorOrder {
  readonly flash: ChipFlash;
  readonly time: ChipTime;
  readonly uniqueId: Uint8Array;
  readonly warn: (words: string) => void;
  /** Told of bytes that are about to be changed: nothing of them may be remembered. */
  readonly changed: (offsetBytes: number, lengthBytes: number) => void;
}

/** Sizes of what the erase commands erase; 0: everything. */
const eraseBytes: Readonly<Record<number, number>> = {
  0x20: 0x1000,
  0x52: 0x8000,
  0xd8: 0x10000,
  0x60: 0,
  0xc7: 0,
};

export function createNor({ flash, time, uniqueId, warn, changed }: NorOrder): Nor {
  const { bytes } = flash;
  const capacity = Math.ceil(Math.log2(bytes.length));
  const identity = [0xef, 0x40, capacity];
  const id = Uint8Array.from({ length: 8 }, (_, n) => uniqueId[n] ?? 0);
  let selected = false;
  /** Bytes of this command; the first ones of them, and what a page keeps of those behind its address. */
  let count = 0;
  let received: number[] = [];
  const page = new Uint8Array(PAGE_BYTES);
  let enabled = false;
  let volatileEnabled = false;
  let busyUntilNs = 0;
  /** Times that the status was asked for since anything else was. */
  let asked = 0;
  let status1 = 0;
  let status2 = 0x02;
  let status3 = 0x60;

  const busy = (): boolean => time.nowNs < busyUntilNs;
  const beBusy = (us: number): void => {
    busyUntilNs = time.nowNs + us * 1000;
  };
  const wrapped = (offset: number): number => offset % bytes.length;
  const address = (): number =>
    (((received[1] ?? 0) << 16) | ((received[2] ?? 0) << 8) | (received[3] ?? 0)) >>> 0;

  /** Sectors of which it was told that a 1 is programmed over a 0. */
  const raised = new Set<number>();
  const tellRaising = (offset: number): void => {
    const sector = offset - (offset % 0x1000);
    if (!raised.has(sector)) warn(raisedWords(offset, sector));
    raised.add(sector);
  };
  const programPage = (offset: number, data: Uint8Array): number => {
    const at = wrapped(offset);
    const start = at - (at % PAGE_BYTES);
    const next = bytes.slice(start, start + PAGE_BYTES);
    let raising = -1;
    let filling = -1;
    data.forEach((byte, n) => {
      const place = (at + n) % PAGE_BYTES;
      if ((byte & ~(next[place] ?? 0)) !== 0) {
        // Who has part of a page to write fills the rest of it with 0xff, which leaves what is there.
        if (byte === 0xff) filling = filling < 0 ? start + place : filling;
        else raising = raising < 0 ? start + place : raising;
      }
      next[place] = (next[place] ?? 0) & byte;
    });
    let first = 0;
    while (first < PAGE_BYTES && next[first] === bytes[start + first]) first += 1;
    let last = PAGE_BYTES;
    while (last > first && next[last - 1] === bytes[start + last - 1]) last -= 1;
    if (raising < 0 && last <= first) raising = filling;
    if (raising >= 0) tellRaising(raising);
    if (last > first) {
      changed(start + first, last - first);
      flash.program(start + first, next.subarray(first, last));
      changed(start + first, last - first);
    }
    return busyUs[0x02] ?? 0;
  };
  const eraseRange = (offset: number, command: number): number => {
    const length = eraseBytes[command] ?? 0x1000;
    const from = length === 0 ? 0 : wrapped(offset) - (wrapped(offset) % length);
    const to = length === 0 ? bytes.length : Math.min(bytes.length, from + length);
    changed(from, to - from);
    flash.erase(from, to - from);
    for (const sector of raised) if (sector >= from && sector < to) raised.delete(sector);
    changed(from, to - from);
    return busyUs[command] ?? 0;
  };

  /** What comes back while the byte of that index goes out. */
  const answer = (index: number): number => {
    const command = received[0] ?? 0;
    if (busy() && command !== 0x05 && command !== 0x35 && command !== 0x15) return 0xff;
    switch (command) {
      case 0x05:
        return index === 0 ? 0xff : status1 | (busy() ? 1 : 0) | (enabled ? 2 : 0);
      case 0x35:
        return index === 0 ? 0xff : status2;
      case 0x15:
        return index === 0 ? 0xff : status3;
      case 0x9f:
        return index === 0 ? 0xff : (identity[(index - 1) % 3] ?? 0xff);
      case 0x90:
        return index < 4 ? 0xff : index % 2 === 0 ? 0xef : capacity - 1;
      case 0xab:
        return index < 4 ? 0xff : capacity - 1;
      case 0x4b:
        return index < 5 ? 0xff : (id[(index - 5) % 8] ?? 0xff);
      case 0x5a:
        return index < 5 ? 0xff : sfdp(address() + index - 5, bytes.length);
      case 0x03:
        return index < 4 ? 0xff : (bytes[wrapped(address() + index - 4)] ?? 0xff);
      case 0x0b:
        return index < 5 ? 0xff : (bytes[wrapped(address() + index - 5)] ?? 0xff);
      default:
        return 0xff;
    }
  };

  /** What a command does when it ends; those that only answer do nothing. */
  const carryOut = (): void => {
    const [command = 0, first = 0, second] = received;
    switch (command) {
      case 0x06:
        enabled = true;
        return;
      case 0x50:
        volatileEnabled = true;
        return;
      case 0x04:
        enabled = false;
        return;
      case 0x01:
      case 0x31:
      case 0x11:
        if ((!enabled && !volatileEnabled) || count < 2) return;
        if (command === 0x01) {
          status1 = first & 0xfc;
          if (second !== undefined) status2 = second;
        } else if (command === 0x31) status2 = first;
        else status3 = first;
        if (enabled) beBusy(busyUs[0x01] ?? 0);
        enabled = false;
        volatileEnabled = false;
        return;
      case 0x02:
        if (!enabled || count < 5) return;
        enabled = false;
        if (!guarded(command))
          beBusy(programPage(address(), page.slice(0, Math.min(PAGE_BYTES, count - 4))));
        return;
      case 0x20:
      case 0x52:
      case 0xd8:
        if (!enabled || count !== 4) return;
        enabled = false;
        if (!guarded(command)) beBusy(eraseRange(address(), command));
        return;
      case 0x60:
      case 0xc7:
        if (!enabled) return;
        enabled = false;
        if (!guarded(command)) beBusy(eraseRange(0, command));
        return;
      case 0x99:
        enabled = false;
        return;
      default:
    }
  };
  /** Block protection: BP bits set protect; which blocks exactly is more than is told apart here. */
  function guarded(command: number): boolean {
    if ((status1 & 0x1c) === 0) return false;
    warn(
      `the flash is protected (status register ${hexNumber(status1)}); command ${hexNumber(command)} does nothing`,
    );
    return true;
  }

  return {
    get waitedForNs() {
      return asked > 1 && busy() ? busyUntilNs : undefined;
    },
    programPage,
    eraseRange,
    select: () => {
      if (selected) return;
      selected = true;
      count = 0;
      received = [];
    },
    release: () => {
      if (!selected) return;
      selected = false;
      asked = received[0] === 0x05 ? asked + 1 : 0;
      if (count > 0 && !busy()) carryOut();
      received = [];
    },
    transfer: (byte) => {
      if (!selected) return 0xff;
      if (count < 5) received.push(byte);
      if (count >= 4) page[(count - 4) % PAGE_BYTES] = byte;
      count += 1;
      return answer(count - 1);
    },
  };
}

function raisedWords(offset: number, sector: number): string {
  return (
    `a 1 is programmed over a 0 at flash offset ${hexNumber(offset)} (sector ${hexNumber(sector)}): ` +
    'this flash leaves the 0; others refuse it or spoil the word. Erase the sector first'
  );
}

/** The Serial Flash Discoverable Parameters: a header, one table, its size. */
function sfdp(offset: number, sizeBytes: number): number {
  const bits = sizeBytes * 8 - 1;
  const table = [0x53, 0x46, 0x44, 0x50, 5, 1, 0, 0xff, 0, 5, 1, 16, 0x80, 0, 0, 0xff];
  if (offset < table.length) return table[offset] ?? 0xff;
  const parameters = [
    0xe5,
    0x20,
    0xf1,
    0xff,
    bits & 0xff,
    (bits >>> 8) & 0xff,
    (bits >>> 16) & 0xff,
    bits >>> 24,
    0x44,
    0xeb,
    0x08,
    0x6b,
    0x08,
    0x3b,
    0x42,
    0xbb,
    0xfe,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0x00,
    0x00,
    0xff,
    0xff,
    0x40,
    0xeb,
    0x0c,
    0x20,
    0x0f,
    0x52,
    0x10,
    0xd8,
    0x00,
    0x00,
  ];
  return parameters[offset - 0x80] ?? 0xff;
}
