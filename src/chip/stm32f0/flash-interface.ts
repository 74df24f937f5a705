import { hexNumber } from '../../bytes/index.ts';
import { BusFault } from '../armv6m/bus.ts';
import type { AccessSize } from '../armv6m/bus.ts';
import type { ChipFlash } from '../chip.ts';
import { FLASH, FLASH_BYTES, PAGE_BYTES, interrupts } from './addresses.ts';
import { createPeripheral, notModelled, register } from './peripheral.ts';
import type { Peripheral, Register, Wiring } from './peripheral.ts';

const BASE = 0x40022000;
const KEYS = [0x45670123, 0xcdef89ab] as const;
/** DS9826 §6.3.10, typical and greatest: half a word programmed, a page erased, all erased. */
const PROGRAM_NS = 53_500;
const ERASE_NS = 40_000_000;

const SR = { PGERR: 1 << 2, WRPRTERR: 1 << 4, EOP: 1 << 5 } as const;
const CR = {
  PG: 1 << 0,
  PER: 1 << 1,
  MER: 1 << 2,
  OPTPG: 1 << 4,
  OPTER: 1 << 5,
  STRT: 1 << 6,
  LOCK: 1 << 7,
  OPTWRE: 1 << 9,
  ERRIE: 1 << 10,
  EOPIE: 1 << 12,
  OBL_LAUNCH: 1 << 13,
} as const;

interface FlashInterfaceOrder {
  readonly flash: ChipFlash;
  readonly wiring: Wiring;
  /** Bytes of flash are not what they were. */
  readonly changed: (offsetBytes: number, lengthBytes: number) => void;
  /** The core fetches from flash, and waits that long. */
  readonly stall: (ns: number) => void;
}

/** The flash interface, and what it makes of a write into flash. */
interface FlashInterface {
  readonly peripheral: Peripheral;
  /** The core writes into flash. Throws `BusFault` where the chip answers with a bus error. */
  readonly write: (offsetBytes: number, size: AccessSize, value: number) => void;
}

type Name = 'ACR' | 'KEYR' | 'OPTKEYR' | 'SR' | 'CR' | 'AR' | 'OBR' | 'WRPR';

/** One of two locks: the right keys in turn open it, anything else shuts it until the next reset (RM0091 §3.2.2). */
function createLock(name: string, open: () => void): { key(written: number): void; reset(): void } {
  let keys = 0;
  let jammed = false;
  return {
    key(written) {
      if (jammed) return;
      if (written === KEYS[keys]) {
        keys += 1;
        if (keys === KEYS.length) {
          keys = 0;
          open();
        }
        return;
      }
      jammed = true;
      const what = `${hexNumber(written, 8)} is not the key that ${name} wants: locked until the next reset`;
      throw new BusFault(BASE + (name === 'FLASH_KEYR' ? 4 : 8), what);
    },
    reset() {
      keys = 0;
      jammed = false;
    },
  };
}

/** FPEC: flash is programmed by half-words and erased by pages of 2 KiB (RM0091 §3.2, §3.5). */
export function createFlashInterface(order: FlashInterfaceOrder): FlashInterface {
  const { flash, wiring } = order;
  const lock = createLock('FLASH_KEYR', () => (r.CR.value &= ~CR.LOCK));
  const optionLock = createLock('FLASH_OPTKEYR', () => (r.CR.value |= CR.OPTWRE));
  const levels = (): void => {
    const {
      SR: { value: sr },
      CR: { value: cr },
    } = r;
    const failed = (sr & (SR.PGERR | SR.WRPRTERR)) !== 0 && (cr & CR.ERRIE) !== 0;
    wiring.interrupt(interrupts.FLASH, failed || ((sr & SR.EOP) !== 0 && (cr & CR.EOPIE) !== 0));
  };
  const tell = (flag: number): void => {
    r.SR.value |= flag;
    levels();
  };
  const done = (offsetBytes: number, lengthBytes: number, ns: number): void => {
    order.changed(offsetBytes, lengthBytes);
    order.stall(ns);
    tell(SR.EOP);
  };
  const erase = (offsetBytes: number, lengthBytes: number): void => {
    flash.erase(offsetBytes, lengthBytes);
    done(offsetBytes, lengthBytes, ERASE_NS);
  };
  const start = (cr: number): void => {
    if (cr & (CR.OPTPG | CR.OPTER))
      throw notModelled(BASE + 0x10, 'FLASH CR: to erase option bytes');
    if (cr & CR.MER) erase(0, FLASH_BYTES);
    else if (cr & CR.PER) {
      const offset = r.AR.value - FLASH;
      if (offset < 0 || offset >= FLASH_BYTES) return;
      erase(offset - (offset % PAGE_BYTES), PAGE_BYTES);
    }
  };
  const r: Record<Name, Register> = {
    // The prefetch buffer's status follows its switch.
    ACR: register(0x00, {
      reset: 0x30,
      write: (written) => (r.ACR.value = (written & 0x1f) | ((written & 0x10) << 1)),
    }),
    KEYR: register(0x04, { read: () => 0, write: (written) => lock.key(written) }),
    OPTKEYR: register(0x08, { read: () => 0, write: (written) => optionLock.key(written) }),
    SR: register(0x0c, {
      write: (written) => {
        r.SR.value &= ~(written & (SR.PGERR | SR.WRPRTERR | SR.EOP));
        levels();
      },
    }),
    CR: register(0x10, {
      reset: CR.LOCK,
      write: (written) => {
        if (r.CR.value & CR.LOCK) return;
        if (written & CR.OBL_LAUNCH) throw notModelled(BASE + 0x10, 'FLASH CR: OBL_LAUNCH');
        // OPTWRE is set by its keys alone; LOCK by software, and cleared by the keys.
        const kept = r.CR.value & written & CR.OPTWRE;
        r.CR.value = (written & 0x14b7) | kept;
        if (written & CR.STRT) start(written);
        levels();
      },
    }),
    AR: register(0x14),
    // No protection, no choice made: option bytes as from the factory (RM0091 §3.5.7).
    OBR: register(0x1c, { reset: 0xffffff00, writable: 0 }),
    WRPR: register(0x20, { reset: 0xffffffff, writable: 0 }),
  };
  const refuse = (offsetBytes: number, why: string): never => {
    const address = FLASH + offsetBytes;
    throw new BusFault(address, `a write into flash at ${hexNumber(address, 8)}: ${why}`);
  };
  const program = (offsetBytes: number, value: number): void => {
    const before = (flash.bytes[offsetBytes] ?? 0) | ((flash.bytes[offsetBytes + 1] ?? 0) << 8);
    if (before !== 0xffff && value !== 0) {
      tell(SR.PGERR);
      return;
    }
    if (before !== value) flash.program(offsetBytes, Uint8Array.of(value & 0xff, value >> 8));
    done(offsetBytes, 2, PROGRAM_NS);
  };
  return {
    peripheral: createPeripheral({
      name: 'FLASH',
      base: BASE,
      lanes: 'separate',
      registers: r,
      whenReset: () => {
        lock.reset();
        optionLock.reset();
      },
    }),
    write(offsetBytes, size, value) {
      if ((r.CR.value & CR.PG) === 0) refuse(offsetBytes, 'FLASH_CR.PG is not set');
      else if (size !== 2)
        refuse(offsetBytes, `${size} bytes at once, where half-words are programmed`);
      else program(offsetBytes, value);
    },
  };
}
