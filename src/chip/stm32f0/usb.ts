import { interrupts } from './addresses.ts';
import { createPacketMemory } from './packet-memory.ts';
import type { PacketMemory } from './packet-memory.ts';
import { createPeripheral, register } from './peripheral.ts';
import type { Peripheral, Register, Wiring } from './peripheral.ts';
import {
  CNTR,
  DPPU,
  ENABLED,
  EP,
  EVENT,
  STAT,
  TYPE_CONTROL,
  statRx,
  statTx,
  withStatRx,
  withStatTx,
  writtenEndpoint,
} from './usb-registers.ts';
import type { InAnswer, OutAnswer, UsbPort } from '../usb-port.ts';

interface UsbOrder {
  readonly wiring: Pick<Wiring, 'interrupt'>;
  /** Firmware did something that the host's end may wait for. */
  readonly changed: () => void;
  /** Whether it is clocked, with 48 MHz. */
  readonly clocked: () => boolean;
}

/** The USB full-speed device peripheral. */
interface Usb {
  readonly peripheral: Peripheral;
  readonly memory: PacketMemory;
  readonly port: UsbPort;
}

const NAK = { type: 'nak' } as const;
const STALL = { type: 'stall' } as const;
const NONE = { type: 'none' } as const;

/** What of USB_EPnR a host's end may wait for. */
const AWAITED = EP.STAT_RX | EP.STAT_TX | EP.CTR_RX;

/** Endpoint registers, control registers, packet memory and what is answered to tokens (RM0091 §30). */
export function createUsb(order: UsbOrder): Usb {
  const memory = createPacketMemory();
  let vbus = false;
  /** The host has driven a reset, and firmware has not enabled the function since. */
  let freshReset = false;

  const endpoint = (n: number): Register =>
    register(4 * n, {
      write: (written) => {
        const one = r[`EP${n}R` as Name];
        const before = one.value;
        one.value = writtenEndpoint(before, written);
        levels();
        if ((before ^ one.value) & AWAITED) order.changed();
      },
    });
  /** CTR, EP_ID and DIR: of the lowest endpoint that has something to tell. */
  const transferred = (): number => {
    for (const [n, { value }] of endpoints.entries()) {
      if (value & EP.CTR_RX) return EVENT.CTR | 0x10 | n;
      if (value & EP.CTR_TX) return EVENT.CTR | n;
    }
    return 0;
  };
  const status = (): number => (r.ISTR.value & ~(EVENT.CTR | 0x1f)) | transferred();
  const levels = (): void =>
    order.wiring.interrupt(interrupts.USB, (status() & r.CNTR.value & EVENT.all) !== 0);
  /** What a reset on the bus, and FRES, do (RM0091 §30.6.1, USB_EPnR). */
  const clearEndpoints = (): void => {
    for (const one of endpoints) one.value &= EP.CTR_RX | EP.CTR_TX;
    r.DADDR.value = 0;
  };
  const r: Record<Name, Register> = {
    EP0R: endpoint(0),
    EP1R: endpoint(1),
    EP2R: endpoint(2),
    EP3R: endpoint(3),
    EP4R: endpoint(4),
    EP5R: endpoint(5),
    EP6R: endpoint(6),
    EP7R: endpoint(7),
    CNTR: register(0x40, {
      reset: CNTR.FRES | CNTR.PDWN,
      write: (written) => {
        r.CNTR.value = written & 0xffbf;
        if (written & CNTR.FRES) {
          clearEndpoints();
          r.ISTR.value |= EVENT.RESET;
        }
        levels();
        order.changed();
      },
    }),
    ISTR: register(0x44, {
      read: status,
      write: (written) => {
        const wasReset = r.ISTR.value & EVENT.RESET;
        r.ISTR.value &= written & 0x7f80;
        levels();
        if (wasReset) order.changed();
      },
    }),
    FNR: register(0x48, { writable: 0 }),
    DADDR: register(0x4c, {
      write: (written) => {
        r.DADDR.value = written & 0xff;
        if (written & ENABLED) freshReset = false;
        order.changed();
      },
    }),
    BTABLE: register(0x50, { writable: 0xfff8 }),
    LPMCSR: register(0x54, { writable: 3 }),
    BCDR: register(0x58, {
      write: (written) => {
        r.BCDR.value = written & 0x800f;
        order.changed();
      },
    }),
  };
  const endpoints = [r.EP0R, r.EP1R, r.EP2R, r.EP3R, r.EP4R, r.EP5R, r.EP6R, r.EP7R];

  const pulledUp = (): boolean =>
    vbus && order.clocked() && (r.CNTR.value & CNTR.PDWN) === 0 && (r.BCDR.value & DPPU) !== 0;
  const inReset = (): boolean =>
    freshReset || (r.ISTR.value & EVENT.RESET) !== 0 || (r.CNTR.value & CNTR.FRES) !== 0;
  const addressed = (address: number): boolean =>
    pulledUp() && !inReset() && r.DADDR.value === (ENABLED | address);
  const find = (address: number, number: number): Register | undefined =>
    addressed(address)
      ? endpoints.find(({ value }) => (value & EP.EA) === number && isUsed(value))
      : undefined;
  const tellTransfer = (one: Register, value: number): void => {
    one.value = value;
    levels();
  };
  const index = (one: Register): number => one.at >> 2;

  const port: UsbPort = {
    get pulledUp() {
      return pulledUp();
    },
    setVbus(on) {
      vbus = on;
    },
    busReset() {
      if (!pulledUp()) return;
      clearEndpoints();
      freshReset = true;
      r.ISTR.value |= EVENT.RESET;
      levels();
    },
    get inReset() {
      return inReset();
    },
    setup(address, packet) {
      const one = find(address, 0);
      if (one === undefined || (one.value & EP.TYPE) !== TYPE_CONTROL) return 'none';
      if (statRx(one.value) === STAT.disabled) return 'none';
      // A reception that was not looked at: as if the packet had been damaged.
      if (one.value & EP.CTR_RX) return 'nak';
      memory.put(r.BTABLE.value, index(one), packet);
      const value = withStatTx(withStatRx(one.value, STAT.nak), STAT.nak);
      tellTransfer(one, value | EP.DTOG_RX | EP.DTOG_TX | EP.SETUP | EP.CTR_RX);
      return 'ack';
    },
    in(address, number): InAnswer {
      const one = find(address, number);
      if (one === undefined) return NONE;
      const stat = statTx(one.value);
      if (stat !== STAT.valid) {
        return stat === STAT.nak ? NAK : stat === STAT.stall ? STALL : NONE;
      }
      const { txAddress, txCount } = memory.buffers(r.BTABLE.value, index(one));
      const bytes = memory.take(txAddress, txCount);
      const pid = one.value & EP.DTOG_TX ? 1 : 0;
      tellTransfer(one, (withStatTx(one.value, STAT.nak) ^ EP.DTOG_TX) | EP.CTR_TX);
      return { type: 'data', bytes, pid };
    },
    out(address, number, bytes, pid): OutAnswer {
      const one = find(address, number);
      if (one === undefined) return 'none';
      const stat = statRx(one.value);
      if (stat !== STAT.valid) {
        return stat === STAT.nak ? 'nak' : stat === STAT.stall ? 'stall' : 'none';
      }
      // The host did not see the last ACK: acknowledged again, and thrown away (USB 2.0 §8.6.4).
      if ((one.value & EP.DTOG_RX ? 1 : 0) !== pid) return 'ack';
      // STATUS_OUT wants no data, and a buffer holds what it holds.
      const { rxSize } = memory.buffers(r.BTABLE.value, index(one));
      const isStatusOnly = (one.value & EP.KIND) !== 0 && (one.value & EP.TYPE) === TYPE_CONTROL;
      if (bytes.length > (isStatusOnly ? 0 : rxSize)) return 'stall';
      memory.put(r.BTABLE.value, index(one), bytes);
      tellTransfer(one, ((withStatRx(one.value, STAT.nak) ^ EP.DTOG_RX) & ~EP.SETUP) | EP.CTR_RX);
      return 'ack';
    },
  };
  return {
    peripheral: createPeripheral({
      name: 'USB',
      base: 0x40005c00,
      registers: r,
      whenReset: () => {
        freshReset = false;
        levels();
        order.changed();
      },
    }),
    memory,
    port,
  };
}

type Name =
  | `EP${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}R`
  | 'CNTR'
  | 'ISTR'
  | 'FNR'
  | 'DADDR'
  | 'BTABLE'
  | 'LPMCSR'
  | 'BCDR';

/** Either way is not disabled. */
function isUsed(value: number): boolean {
  return statRx(value) !== STAT.disabled || statTx(value) !== STAT.disabled;
}
