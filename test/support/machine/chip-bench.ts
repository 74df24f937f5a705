import type { ControlEnd } from '../../../src/chip/control/transfer.ts';
import { UsbHost } from '../../../src/chip/control/usb-host.ts';
import type {
  Chip,
  ChipCause,
  ChipFlash,
  ChipModel,
  ChipOrder,
  ChipStop,
  SeenDescriptors,
} from '../../../src/chip/index.ts';

/** What stands in the flash of a bench, by offset; the rest is erased. */
export type Images = Readonly<Record<number, Uint8Array>>;

/** Milliseconds of a chip's time until a device that was plugged in has been looked at. */
const PLUG_MS = 200;

/** A chip with its flash, its console and a host at its USB port, on its own virtual time; all times here are in ms of that. */
export class ChipBench {
  readonly flash: Uint8Array;
  readonly ram: Uint8Array;
  readonly retained: Uint8Array;
  readonly pins = new Map<string, boolean | undefined>();
  /** What the chip warns of, and what its host has to say of it. */
  readonly warnings: string[] = [];
  /** What each flash operation was, in hexadecimal: `erase 40000+1000`, `program 40000+100`. */
  readonly operations: string[] = [];
  console = '';
  /** Called before each operation on flash, counted from 0; what it throws, the flash throws. */
  onOperation: (number: number) => void = () => {};
  /** What the device says of itself that the host has found; undefined: there is none. */
  attached: SeenDescriptors | undefined;
  /** The chip as it is since its last start. */
  chip: Chip;
  host: UsbHost;
  readonly #model: ChipModel;
  #plugged = false;

  /** After power-on, at its first instruction, with no cable at its port. */
  constructor(model: ChipModel, flashBytes: number, images: Images = {}) {
    this.#model = model;
    this.flash = new Uint8Array(flashBytes).fill(0xff);
    for (const [offset, image] of Object.entries(images)) this.flash.set(image, Number(offset));
    this.ram = new Uint8Array(model.ram.sizeBytes);
    this.retained = new Uint8Array(model.retainedBytes);
    [this.chip, this.host] = this.#make('power-on');
  }

  /** The next life. The cable stays where it is; RAM and what is retained stay as they are, unless it is power-on. */
  start(cause: ChipCause, more: Partial<ChipOrder> = {}): void {
    if (cause === 'power-on') {
      this.ram.fill(0);
      this.retained.fill(0);
    }
    this.attached = undefined;
    [this.chip, this.host] = this.#make(cause, more);
    if (this.#plugged) this.host.setVbus(true);
  }

  /** Runs it for that long, or until it does something that ends its life or is a fault. */
  run(ms: number): ChipStop {
    const untilNs = this.chip.nowNs + ms * 1e6;
    for (;;) {
      const toNs = Math.min(untilNs, this.host.step(this.chip.nowNs));
      const stop = this.chip.run(toNs);
      if (stop.why === 'outside') continue;
      const goesOn = stop.why === 'time' || stop.why === 'idle';
      if (!goesOn || toNs === untilNs) return stop;
    }
  }

  /** Until that is on the console. Throws what ended it before. */
  until(words: string, ms = 1000): void {
    for (let step = 0; step < ms && !this.console.includes(words); step += 1) {
      const stop = this.run(1);
      if (!['time', 'idle'].includes(stop.why)) break;
    }
    if (!this.console.includes(words)) {
      throw new Error(
        `"${words}" never came: ${this.console} ${JSON.stringify(this.chip.core.fault)}`,
      );
    }
  }

  /** Puts the cable in, and waits until the host has looked at what is there. */
  plug(ms = PLUG_MS): ChipStop {
    this.#plugged = true;
    this.host.setVbus(true);
    return this.run(ms);
  }

  unplug(): void {
    this.#plugged = false;
    this.host.setVbus(false);
  }

  /** Types at the console. */
  type(text: string): void {
    this.chip.uartInput(this.#model.consoleUart, new TextEncoder().encode(text));
  }

  /** A control transfer, and what came of it within that time. */
  send(setup: readonly number[], data?: Uint8Array, ms = 200): ControlEnd | undefined {
    const ends: ControlEnd[] = [];
    this.host.submit({ setup: Uint8Array.from(setup), data, ended: (end) => ends.push(end) });
    const untilNs = this.chip.nowNs + ms * 1e6;
    while (ends.length === 0 && this.chip.nowNs < untilNs) {
      const stop = this.run(0.1);
      if (stop.why !== 'time' && stop.why !== 'idle') break;
    }
    return ends[0];
  }

  #make(cause: ChipCause, more: Partial<ChipOrder> = {}): [Chip, UsbHost] {
    const chip = this.#model.make({
      cause,
      ram: this.ram,
      retained: this.retained,
      uniqueId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
      outside: {
        flash: this.#norFlash(),
        uart: (port, byte) => {
          if (port === this.#model.consoleUart) this.console += String.fromCharCode(byte);
        },
        usbChanged: () => host.changed(),
        pin: (name, level) => this.pins.set(name, level),
        warn: (words) => this.warnings.push(words),
      },
      ...more,
    });
    const host: UsbHost = new UsbHost(chip.usb, {
      attached: (descriptors) => (this.attached = descriptors),
      detached: () => (this.attached = undefined),
      log: (line) => this.warnings.push(line),
    });
    return [chip, host];
  }

  #norFlash(): ChipFlash {
    const { flash } = this;
    return {
      bytes: flash,
      program: (offsetBytes, bytes) => {
        this.#operation('program', offsetBytes, bytes.length);
        for (const [at, byte] of bytes.entries())
          flash[offsetBytes + at] = (flash[offsetBytes + at] ?? 0) & byte;
      },
      erase: (offsetBytes, lengthBytes) => {
        this.#operation('erase', offsetBytes, lengthBytes);
        flash.fill(0xff, offsetBytes, offsetBytes + lengthBytes);
      },
    };
  }

  #operation(what: 'program' | 'erase', offsetBytes: number, lengthBytes: number): void {
    this.onOperation(this.operations.length);
    this.operations.push(`${what} ${offsetBytes.toString(16)}+${lengthBytes.toString(16)}`);
  }
}
