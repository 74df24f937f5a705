import type { InAnswer } from '../usb-port.ts';

/** Where things are in the controller's memory (RP2040 datasheet §4.1.2.5). */
const BUFFER_CONTROL = 0x80;
const BUFFER_CONTROL_END = 0x100;
const EP0_BUFFER = 0x100;

const LENGTH = 0x3ff;
const AVAILABLE = 1 << 10;
const STALL = 1 << 11;
/** Written with it, the first of two buffers is next. */
const FROM_FIRST = 1 << 12;
const PID = 1 << 13;
const FULL = 1 << 15;

/** Endpoint control; for endpoint 0 the lower three stand in SIE_CTRL at the same places. */
const ENABLE = 1 << 31;
const DOUBLE = 1 << 30;
const EACH_BUFFER = 1 << 29;
const BOTH_BUFFERS = 1 << 28;

/** A packet that the host sends. */
interface OutPacket {
  readonly bytes: Uint8Array;
  readonly pid: 0 | 1;
  /** SIE_CTRL */
  readonly control: number;
}

/** `wrong-pid`: acknowledged, and thrown away as a repetition. */
type Given = 'ack' | 'nak' | 'stall' | 'wrong-pid' | 'overflow';

/** The endpoints' buffers, as their two ends see them. */
interface Endpoints {
  /** BUFF_STATUS: bit 2n for IN of endpoint n, 2n+1 for OUT. */
  readonly done: number;
  /** Whether it is the second of two buffers, by the same bits. */
  readonly second: number;
  /** EP_STALL_ARM */
  readonly stallArmed: number;
  readonly clearDone: (bits: number) => void;
  readonly armStall: (bits: number) => void;
  readonly abort: (bits: number) => void;
  /** A SETUP came. */
  readonly setup: () => void;
  readonly reset: () => void;
  /** Whether a write of the program there lets an endpoint answer. */
  readonly armed: (offset: number) => boolean;
  readonly take: (endpoint: number, sieControl: number) => InAnswer;
  readonly give: (endpoint: number, packet: OutPacket) => Given;
}

export function createEndpoints(memory: Uint8Array): Endpoints {
  const view = new DataView(memory.buffer);
  let done = 0;
  let second = 0;
  let stallArmed = 0;
  /** Which of two buffers is next, by the bits of BUFF_STATUS. */
  let next = 0;

  const settings = (index: number, sieControl: number): number =>
    index < 2 ? sieControl : view.getUint32(index * 4, true);
  const enabled = (index: number): boolean =>
    index < 2 || (view.getUint32(index * 4, true) & ENABLE) !== 0;
  const bufferAddress = (index: number): number =>
    index < 2 ? EP0_BUFFER : view.getUint32(index * 4, true) & 0xffc0;

  /** The half of buffer control that is next, and where its bytes are. */
  const current = (index: number, sieControl: number) => {
    const set = settings(index, sieControl);
    const two = (set & DOUBLE) !== 0;
    const which = two ? (next >>> index) & 1 : 0;
    return {
      index,
      set,
      two,
      which,
      at: BUFFER_CONTROL + index * 4 + which * 2,
      data: (bufferAddress(index) + which * 64) & 0xfff,
    };
  };
  /** Whether the program is told of a buffer that is done. */
  const tells = ({ index, set, two, which }: ReturnType<typeof current>): boolean => {
    if ((set & EACH_BUFFER) !== 0) return true;
    if ((set & BOTH_BUFFERS) === 0) return false;
    return (
      !two ||
      which === 1 ||
      (view.getUint16(BUFFER_CONTROL + index * 4 + 2, true) & AVAILABLE) === 0
    );
  };
  const moved = (buffer: ReturnType<typeof current>): void => {
    const { index, two, which } = buffer;
    const bit = 1 << index;
    if (tells(buffer)) done = (done | bit) >>> 0;
    second = (which === 1 ? second | bit : second & ~bit) >>> 0;
    if (two) next ^= bit;
  };
  const stalls = (index: number, control: number): boolean =>
    (control & STALL) !== 0 && (index > 1 || ((stallArmed >>> index) & 1) === 1);

  return {
    get done() {
      return done;
    },
    get second() {
      return second;
    },
    get stallArmed() {
      return stallArmed;
    },
    clearDone: (bits) => {
      done = (done & ~bits) >>> 0;
    },
    armStall: (bits) => {
      stallArmed = bits & 3;
    },
    abort: (bits) => {
      next &= ~bits;
    },
    setup: () => {
      stallArmed = 0;
      next &= ~3;
    },
    reset: () => {
      done = 0;
      second = 0;
      stallArmed = 0;
      next = 0;
    },
    armed: (offset) => {
      if (offset < BUFFER_CONTROL || offset >= BUFFER_CONTROL_END) return false;
      const control = view.getUint32(offset & ~3, true);
      if ((control & FROM_FIRST) !== 0) next &= ~(1 << ((offset - BUFFER_CONTROL) >>> 2));
      return (control & ((AVAILABLE | STALL) * 0x10001)) !== 0;
    },
    take: (endpoint, sieControl) => {
      const index = endpoint * 2;
      if (!enabled(index)) return { type: 'none' };
      const buffer = current(index, sieControl);
      const { at, data } = buffer;
      const control = view.getUint16(at, true);
      if (stalls(index, control)) return { type: 'stall' };
      if ((control & AVAILABLE) === 0 || (control & FULL) === 0) return { type: 'nak' };
      const length = Math.min(control & LENGTH, memory.length - data);
      view.setUint16(at, control & ~(AVAILABLE | FULL), true);
      moved(buffer);
      return {
        type: 'data',
        bytes: memory.slice(data, data + length),
        pid: (control & PID) === 0 ? 0 : 1,
      };
    },
    give: (endpoint, { bytes, pid, control: sieControl }) => {
      const index = endpoint * 2 + 1;
      if (!enabled(index)) return 'nak';
      const buffer = current(index, sieControl);
      const { at, data } = buffer;
      const control = view.getUint16(at, true);
      if (stalls(index, control)) return 'stall';
      if ((control & AVAILABLE) === 0 || (control & FULL) !== 0) return 'nak';
      if (((control & PID) === 0 ? 0 : 1) !== pid) return 'wrong-pid';
      const most = index < 2 ? 64 : Math.min(1023, memory.length - data);
      if (bytes.length > most) return 'overflow';
      memory.set(bytes, data);
      view.setUint16(at, (control & ~(AVAILABLE | LENGTH)) | FULL | bytes.length, true);
      moved(buffer);
      return 'ack';
    },
  };
}
