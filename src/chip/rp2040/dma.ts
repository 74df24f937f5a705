import { createRegisters, repeated, unmodelled } from './block.ts';
import type { Register, Registers } from './block.ts';
import type { AccessSize, Bus } from '../armv6m/bus.ts';
import { BusFault } from '../armv6m/bus.ts';
import type { Spi } from './spi.ts';
import { createSniffer } from './sniffer.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

const ADDRESS = 0x50000000;
const CHANNELS = 12;

/** CTRL */
const EN = 1;
const INCREMENT_READ = 1 << 4;
const INCREMENT_WRITE = 1 << 5;
const RING_WRITE = 1 << 10;
const QUIET = 1 << 21;
const SWAP = 1 << 22;
const SNIFF = 1 << 23;
const BUSY = 1 << 24;
const WRITE_ERROR = 1 << 29;
const READ_ERROR = 1 << 30;

/** TREQ_SEL that never has to wait here: UARTs send at once, the stream of XIP is there at once. */
const atOnce = new Set([20, 22, 37, 0x3f]);
/** TREQ_SEL of the two SPI: to send and received, of each. */
const FIRST_SPI = 16;

/** Moves that are made at once. A chip makes about one a cycle. */
const SLICE = 0x10000;

interface Channel {
  read: number;
  write: number;
  /** Of the next transfer. */
  count: number;
  /** Of this one, still to come. */
  left: number;
  control: number;
}

interface DmaOrder {
  readonly bus: () => Bus;
  readonly spi: () => readonly Spi[];
}

/** The DMA controller, and who asks it to look again. */
interface Dma {
  readonly block: Registers;
  /** Something that paces channels may have become ready. */
  readonly requested: () => void;
}

/**
 * The DMA controller (RP2040 datasheet §2.5), for what does not have to wait: copies, fills, what goes to a UART, and SPI. A
 * transfer is over when the instruction that started it is, unless it is a long one.
 */
export function createDma({ irq, time }: Wires, { bus, spi }: DmaOrder): Dma {
  const sniffer = createSniffer();
  const channels: Channel[] = Array.from({ length: CHANNELS }, (_, n) => ({
    read: 0,
    write: 0,
    count: 0,
    left: 0,
    control: n << 11,
  }));
  let raw = 0;
  const update = (): void => {
    irq(irqs.dma0, ((raw & dma.get(0x404)) | dma.get(0x408)) !== 0);
    irq(irqs.dma1, ((raw & dma.get(0x414)) | dma.get(0x418)) !== 0);
  };
  const channel = (n: number): Channel => channels[n] as Channel;

  /** The next address, within the ring if there is one. */
  const moved = (each: Channel, address: number, write: boolean): number => {
    const size = 1 << ((each.control >>> 2) & 3);
    if ((each.control & (write ? INCREMENT_WRITE : INCREMENT_READ)) === 0) return address;
    const ring = (each.control >>> 6) & 15;
    const wraps = ring > 0 && ((each.control & RING_WRITE) !== 0) === write;
    const mask = wraps ? (1 << ring) - 1 : 0xffffffff;
    return ((address & ~mask) | ((address + size) & mask)) >>> 0;
  };
  const swapped = (value: number, size: AccessSize): number =>
    size === 4
      ? ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0
      : size === 2
        ? ((value << 8) | (value >>> 8)) & 0xffff
        : value;
  const one = (each: Channel): void => {
    const size = (1 << ((each.control >>> 2) & 3)) as AccessSize;
    const through = bus();
    let error = READ_ERROR;
    try {
      const value = through.read(each.read, size);
      error = WRITE_ERROR;
      const given = (each.control & SWAP) === 0 ? value : swapped(value, size);
      through.write(each.write, size, given);
      if ((each.control & SNIFF) !== 0) sniffer.moved(channels.indexOf(each), given, size);
    } catch (thrown) {
      if (!(thrown instanceof BusFault) || thrown.unmodelled) throw thrown;
      each.control |= error;
      each.left = 0;
      return;
    }
    each.read = moved(each, each.read, false);
    each.write = moved(each, each.write, true);
    each.left -= 1;
  };
  /** Channels that have not come to their end, in their order; they go on when the alarm rings. */
  const running: number[] = [];
  const again = time.alarm(() => go());
  const spiOf = (request: number): Spi | undefined =>
    request < FIRST_SPI ? undefined : spi()[(request - FIRST_SPI) >>> 1];
  const isReady = (each: Channel): boolean => {
    const request = (each.control >>> 15) & 0x3f;
    const paced = spiOf(request);
    return paced === undefined || ((request & 1) === 0 ? paced.takes() : paced.gives());
  };
  const start = (n: number): void => {
    const each = channel(n);
    if ((each.control & EN) === 0 || running.includes(n)) return;
    const request = (each.control >>> 15) & 0x3f;
    const at = ADDRESS + 0x40 * n + 0xc;
    if (!atOnce.has(request) && spiOf(request) === undefined)
      throw unmodelled(`DMA CH${n}_CTRL_TRIG paced by request ${request}`, at);
    each.left = each.count;
    running.push(n);
  };
  const ended = (n: number): void => {
    const { control } = channel(n);
    running.splice(running.indexOf(n), 1);
    if ((control & QUIET) === 0) raw |= 1 << n;
    const next = (control >>> 11) & 15;
    if (next !== n && next < CHANNELS) start(next);
  };
  /** Carries out what is running; what is more than a slice goes on when the time for that has passed. */
  let going = false;
  const go = (): void => {
    // A move of its own made somebody ready.
    if (going) return;
    going = true;
    let moves = 0;
    try {
      while (moves < SLICE) {
        const n = running.find((each) => isReady(channel(each)) || channel(each).left === 0);
        if (n === undefined) break;
        const each = channel(n);
        for (; each.left > 0 && moves < SLICE && isReady(each); moves += 1) one(each);
        moves += 1;
        if (each.left === 0) ended(n);
      }
    } finally {
      going = false;
    }
    again.set(
      moves < SLICE ? Number.POSITIVE_INFINITY : time.nowNs + SLICE * (time.nsAt(1) - time.nsAt(0)),
    );
    update();
  };

  const fields = {
    READ_ADDR: {
      get: (each: Channel) => each.read,
      set: (each: Channel, value: number) => {
        each.read = value;
      },
    },
    WRITE_ADDR: {
      get: (each: Channel) => each.write,
      set: (each: Channel, value: number) => {
        each.write = value;
      },
    },
    TRANS_COUNT: {
      get: (each: Channel) => each.left,
      set: (each: Channel, value: number) => {
        each.count = value;
      },
    },
    CTRL: {
      get: (each: Channel) => each.control | (each.left > 0 ? BUSY : 0),
      set: (each: Channel, value: number) => {
        const errors = each.control & (WRITE_ERROR | READ_ERROR) & ~value;
        each.control = (value & 0xffffff) | errors;
      },
    },
  };
  type Field = keyof typeof fields;
  /** The four orders that a channel's registers come in; the last of each starts it. */
  const orders: readonly (readonly Field[])[] = [
    ['READ_ADDR', 'WRITE_ADDR', 'TRANS_COUNT', 'CTRL'],
    ['CTRL', 'READ_ADDR', 'WRITE_ADDR', 'TRANS_COUNT'],
    ['CTRL', 'TRANS_COUNT', 'READ_ADDR', 'WRITE_ADDR'],
    ['CTRL', 'WRITE_ADDR', 'TRANS_COUNT', 'READ_ADDR'],
  ];
  const ofChannel = (n: number): Record<number, Register> =>
    Object.fromEntries(
      orders.flatMap((order, alias) =>
        order.map((field, place): [number, Register] => [
          n * 0x40 + alias * 0x10 + place * 4,
          {
            name: `CH${n}_${alias === 0 ? '' : `AL${alias}_`}${field}${place === 3 ? '_TRIG' : ''}`,
            read: () => fields[field].get(channel(n)) >>> 0,
            write: (kept, written) => {
              fields[field].set(channel(n), field === 'CTRL' ? kept : written);
              // A null trigger (§2.5.2.1) only raises the interrupt.
              if (place !== 3) return;
              if (kept !== 0) {
                start(n);
                go();
              } else if ((channel(n).control & QUIET) !== 0) {
                raw |= 1 << n;
                update();
              }
            },
          },
        ]),
      ),
    );
  const cleared = (name: string): Register => ({
    name,
    read: () => raw,
    write: (_kept, written) => {
      raw &= ~written;
      update();
    },
  });
  const shown = (name: string, enable: number): Register => ({
    name,
    read: () => (raw & dma.get(enable)) | dma.get(enable + 4),
    write: (_kept, written) => {
      raw &= ~written;
      update();
    },
  });

  const dma: Registers = createRegisters({
    name: 'DMA',
    address: ADDRESS,
    onReset: () => {
      channels.forEach((each, n) =>
        Object.assign(each, { read: 0, write: 0, count: 0, left: 0, control: n << 11 }),
      );
      raw = 0;
      sniffer.reset();
      running.length = 0;
      again.set(Number.POSITIVE_INFINITY);
      update();
    },
    registers: {
      ...Object.assign({}, ...channels.map((_, n) => ofChannel(n))),
      0x400: cleared('INTR'),
      0x404: { name: 'INTE0', mask: 0xffff, write: update },
      0x408: { name: 'INTF0', mask: 0xffff, write: update },
      0x40c: shown('INTS0', 0x404),
      0x414: { name: 'INTE1', mask: 0xffff, write: update },
      0x418: { name: 'INTF1', mask: 0xffff, write: update },
      0x41c: shown('INTS1', 0x414),
      ...repeated(4, 0x420, 4, (n) => ({ name: `TIMER${n}` })),
      0x430: {
        name: 'MULTI_CHAN_TRIGGER',
        mask: 0,
        write: (_kept, written) => {
          for (let n = 0; n < CHANNELS; n += 1) if (((written >>> n) & 1) === 1) start(n);
          go();
        },
      },
      ...sniffer.registers,
      0x440: { name: 'FIFO_LEVELS', mask: 0 },
      0x444: {
        name: 'CHAN_ABORT',
        mask: 0,
        write: (_kept, written) => {
          for (let n = 0; n < CHANNELS; n += 1) {
            if (((written >>> n) & 1) === 0) continue;
            channel(n).left = 0;
            if (running.includes(n)) running.splice(running.indexOf(n), 1);
          }
        },
      },
      0x448: { name: 'N_CHANNELS', reset: CHANNELS, mask: 0 },
      ...repeated(CHANNELS, 0x800, 0x40, (n) => ({ name: `CH${n}_DBG_CTDREQ`, mask: 0 })),
      ...repeated(CHANNELS, 0x804, 0x40, (n) => ({ name: `CH${n}_DBG_TCR`, mask: 0 })),
    },
  });
  return { block: dma, requested: () => go() };
}
