import type { InAnswer, OutAnswer, UsbPort } from '../usb-port.ts';
import {
  createRegisters,
  interruptRegisters,
  raisedInterrupts,
  repeated,
  unmodelled,
} from './block.ts';
import type { Block, Registers } from './block.ts';
import { createEndpoints } from './usb-endpoints.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

const ADDRESS = 0x50110000;
const MAIN_CTRL = 0x40;
const SIE_CTRL = 0x4c;
const MUXING = 0x74;
const POWER = 0x78;
const INTE = 0x90;

/** SIE_CTRL */
const PULL_UP = 1 << 16;
const TRANSCEIVER_OFF = 1 << 18;
/** SIE_STATUS */
const VBUS = 1 << 0;
const SUSPENDED = 1 << 4;
const RESUMED = 1 << 11;
const CONNECTED = 1 << 16;
const SETUP_SEEN = 1 << 17;
const TRANSFER_DONE = 1 << 18;
const BUS_RESET = 1 << 19;
const OVERFLOW = 1 << 26;
const SEQUENCE_ERROR = 1 << 31;
/** Bits that writing a 1 clears. */
const CLEARABLE = 0xff0e0810;

/** INTR */
const VBUS_DETECT = 1 << 11;
const START_OF_FRAME = 1 << 17;
const STALL_OR_NAK = 1 << 19;

/** What of SIE_STATUS is an interrupt, by its bit there: the bit of INTR. */
const statusInterrupts: readonly (readonly [number, number])[] = [
  [18, 3],
  [31, 5],
  [27, 6],
  [26, 7],
  [25, 8],
  [24, 9],
  [29, 10],
  [19, 12],
  [4, 14],
  [11, 15],
  [17, 16],
];

/** The USB device controller (RP2040 datasheet §4.1), driven by its host token by token. */
export interface Usb {
  readonly block: Registers;
  readonly memory: Uint8Array;
  readonly port: UsbPort;
  /** The program wrote there: a buffer may have been armed. */
  readonly memoryWritten: (offset: number) => void;
}

interface UsbOrder {
  /** Hz of clk_usb. */
  readonly clockHz: () => number;
}

export function createUsb(wires: Wires, { clockHz }: UsbOrder): Usb {
  const { irq, usbChanged, warn } = wires;
  const memory = new Uint8Array(0x1000);
  const endpoints = createEndpoints(memory);
  let vbus = true;
  let status = 0;
  /** What INTR keeps until the program has said that it saw it. */
  let vbusChanged = false;
  let connectionChanged = false;
  let frameStarted = false;
  let abortDone = 0;
  /** Told last. */
  let pulledUp = false;
  let detected = true;

  const vbusDetected = (): boolean => {
    const power = block.get(POWER);
    // VBUS_DETECT overridden by the program (its bit 3), as most do; else the pin, which boards do not lead out.
    return (power & 8) !== 0 ? (power & 4) !== 0 : vbus;
  };
  const raw = (): number => {
    let bits = endpoints.done === 0 ? 0 : 1 << 4;
    for (const [from, to] of statusInterrupts) if (((status >>> from) & 1) === 1) bits |= 1 << to;
    if (vbusChanged) bits |= VBUS_DETECT;
    if (connectionChanged) bits |= 1 << 13;
    if (frameStarted) bits |= START_OF_FRAME;
    if (abortDone !== 0) bits |= 1 << 18;
    return bits;
  };
  const update = (): void => irq(irqs.usb, raisedInterrupts(block, INTE, raw()) !== 0);
  /** Frames are only counted out to a program that asks for them. */
  const frames = wires.time.alarm(() => {
    frameStarted = true;
    placeFrame();
    update();
  });
  function placeFrame(): void {
    const asked = pulledUp && vbus && (block.get(INTE) & START_OF_FRAME) !== 0;
    frames.set(asked ? (Math.floor(wires.time.nowNs / 1e6) + 1) * 1e6 : Number.POSITIVE_INFINITY);
  }
  const look = (): void => {
    const now = vbusDetected();
    if (now !== detected) vbusChanged = true;
    detected = now;
    update();
  };
  const asked = (): void => {
    if ((block.get(INTE) & STALL_OR_NAK) !== 0) {
      throw unmodelled('USB INTE_EP_STALL_NAK', ADDRESS + INTE);
    }
    placeFrame();
    update();
  };

  const pullUpNow = (): boolean =>
    (block.get(SIE_CTRL) & PULL_UP) !== 0 &&
    (block.get(MAIN_CTRL) & 1) !== 0 &&
    (block.get(MUXING) & 1) !== 0;
  const controlled = (): void => {
    const now = pullUpNow();
    if (now === pulledUp) return;
    pulledUp = now;
    if (now && clockHz() !== 48_000_000) {
      warn(
        `USB is switched on while clk_usb runs at ${Math.round(clockHz())} Hz: a chip needs 48 MHz for it`,
      );
    }
    placeFrame();
    usbChanged();
  };

  const block: Registers = createRegisters({
    name: 'USBCTRL_REGS',
    address: ADDRESS,
    onReset: () => {
      status = 0;
      vbusChanged = false;
      connectionChanged = false;
      frameStarted = false;
      detected = vbusDetected();
      abortDone = 0;
      endpoints.reset();
      controlled();
      update();
    },
    registers: {
      0x00: { name: 'ADDR_ENDP', mask: 0xf007f },
      ...repeated(15, 0x04, 4, (n) => ({ name: `ADDR_ENDP${n + 1}`, mask: 0x60f007f })),
      [MAIN_CTRL]: {
        name: 'MAIN_CTRL',
        mask: 0x80000003,
        write: (kept) => {
          if ((kept & 2) !== 0) throw unmodelled('USB MAIN_CTRL as a host', ADDRESS + MAIN_CTRL);
          controlled();
        },
      },
      0x44: { name: 'SOF_WR', mask: 0x7ff },
      0x48: {
        name: 'SOF_RD',
        mask: 0,
        read: () => {
          frameStarted = false;
          update();
          return Math.floor(wires.time.nowNs / 1e6) & 0x7ff;
        },
      },
      [SIE_CTRL]: { name: 'SIE_CTRL', mask: 0xff078f4e, write: controlled },
      0x50: {
        name: 'SIE_STATUS',
        mask: 0,
        read: () =>
          (status | (vbusDetected() ? VBUS : 0) | (pullUpNow() && vbus ? CONNECTED : 0)) >>> 0,
        write: (_kept, written) => {
          const cleared = status & written & CLEARABLE;
          status &= ~cleared;
          if ((written & VBUS) !== 0) vbusChanged = false;
          if ((written & CONNECTED) !== 0) connectionChanged = false;
          update();
          if ((cleared & (SETUP_SEEN | BUS_RESET)) !== 0) usbChanged();
        },
      },
      0x54: { name: 'INT_EP_CTRL', mask: 0xfffe },
      0x58: {
        name: 'BUFF_STATUS',
        mask: 0,
        read: () => endpoints.done,
        write: (_kept, written) => {
          endpoints.clearDone(written);
          update();
        },
      },
      0x5c: { name: 'BUFF_CPU_SHOULD_HANDLE', mask: 0, read: () => endpoints.second },
      0x60: {
        name: 'EP_ABORT',
        write: (kept) => {
          abortDone |= kept;
          endpoints.abort(kept);
          update();
        },
      },
      0x64: {
        name: 'EP_ABORT_DONE',
        mask: 0,
        read: () => abortDone >>> 0,
        write: (_kept, written) => {
          abortDone &= ~written;
          update();
        },
      },
      0x68: {
        name: 'EP_STALL_ARM',
        mask: 3,
        write: (kept) => {
          endpoints.armStall(kept);
          if (kept !== 0) usbChanged();
        },
        read: () => endpoints.stallArmed,
      },
      0x6c: { name: 'NAK_POLL', reset: 0x100010, mask: 0x3ff03ff },
      0x70: { name: 'EP_STATUS_STALL_NAK', mask: 0 },
      [MUXING]: { name: 'USB_MUXING', mask: 0xf, write: controlled },
      [POWER]: { name: 'USB_PWR', mask: 0x3f, write: look },
      0x7c: { name: 'USBPHY_DIRECT', mask: 0x7ffffff },
      0x80: { name: 'USBPHY_DIRECT_OVERRIDE', mask: 0x1ffff },
      0x84: { name: 'USBPHY_TRIM', reset: 0x1f1f, mask: 0x1f1f },
      0x8c: { name: 'INTR', mask: 0, read: raw },
      ...interruptRegisters({ offset: INTE, block: () => block, raw, update: asked }),
    },
  });

  const mine = (address: number): boolean => pulledUp && vbus && address === (block.get(0) & 0x7f);
  const finish = (): void => {
    status |= TRANSFER_DONE;
    update();
  };
  const port: UsbPort = {
    get pulledUp() {
      return pulledUp;
    },
    get inReset() {
      return (status & BUS_RESET) !== 0;
    },
    setVbus: (on) => {
      if (on === vbus) return;
      vbus = on;
      connectionChanged = true;
      // A line that nobody drives is idle.
      if (pulledUp) status |= on ? RESUMED : SUSPENDED;
      placeFrame();
      look();
    },
    busReset: () => {
      if (!pulledUp) return;
      // The controller forgets its address by itself (§4.1.3).
      block.set(0, block.get(0) & ~0x7f);
      status = (status & ~SETUP_SEEN) | BUS_RESET;
      update();
    },
    setup: (address, packet) => {
      if (!mine(address)) return 'none';
      if ((status & (BUS_RESET | SETUP_SEEN)) !== 0) return 'nak';
      memory.set(packet.subarray(0, 8), 0);
      endpoints.setup();
      status |= SETUP_SEEN;
      update();
      return 'ack';
    },
    in: (address, endpoint): InAnswer => {
      if (!mine(address)) return { type: 'none' };
      // Until the program has looked at the SETUP, buffers of the transfer before it do not answer.
      if (endpoint === 0 && (status & SETUP_SEEN) !== 0) return { type: 'nak' };
      const answer = endpoints.take(endpoint, block.get(SIE_CTRL));
      if (answer.type === 'data') finish();
      return answer;
    },
    out: (address, endpoint, bytes, pid): OutAnswer => {
      if (!mine(address)) return 'none';
      if (endpoint === 0 && (status & SETUP_SEEN) !== 0) return 'nak';
      const answer = endpoints.give(endpoint, { bytes, pid, control: block.get(SIE_CTRL) });
      if (answer === 'ack') finish();
      else if (answer === 'wrong-pid') status |= SEQUENCE_ERROR;
      else if (answer === 'overflow') status |= OVERFLOW;
      update();
      return answer === 'wrong-pid' ? 'ack' : answer === 'overflow' ? 'none' : answer;
    },
  };

  return {
    block,
    memory,
    port,
    memoryWritten: (offset) => {
      if (endpoints.armed(offset)) usbChanged();
    },
  };
}

/** Start-up code of the SDK does so before it lets the controller out of reset. */
export function switchesPhyOff(offset: number, value: number): boolean {
  return offset === SIE_CTRL && value === TRANSCEIVER_OFF;
}

/** DPRAM as a block, for the aliases that set, clear and toggle its bits. */
export function dpramBlock({ memory, memoryWritten }: Usb): Block {
  const view = new DataView(memory.buffer);
  return {
    name: 'USBCTRL_DPRAM',
    read: (offset) => view.getUint32(offset, true),
    write: (offset, value) => {
      view.setUint32(offset, value, true);
      memoryWritten(offset);
    },
    reset: () => {},
  };
}
