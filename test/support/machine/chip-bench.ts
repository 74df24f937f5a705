import { readFileSync } from 'node:fs';
import { UsbHost } from '../../../src/chip/control/usb-host.ts';
import type { ControlEnd } from '../../../src/chip/control/transfer.ts';
import type { SeenDescriptors } from '../../../src/chip/control/look.ts';
import type { Chip, ChipCause, ChipModel, ChipStop } from '../../../src/chip/index.ts';

/** Bytes of a program of `test/fixtures/machine`, of a chip's folder there: `stm32f0/dfu.bin`. */
export function machineFixture(path: string): Uint8Array {
  const [folder = '', name = ''] = path.split('/');
  const url = new URL(`../../fixtures/machine/${folder}/built/${name}`, import.meta.url);
  return Uint8Array.from(readFileSync(url));
}

/** A chip with its flash, its console and a host at its USB port, on its own virtual time. */
export class ChipBench {
  readonly flash: Uint8Array;
  readonly ram: Uint8Array;
  readonly retained: Uint8Array;
  readonly pins = new Map<string, boolean | undefined>();
  readonly warnings: string[] = [];
  readonly log: string[] = [];
  readonly operations: string[] = [];
  console = '';
  /** Called before each operation on flash, counted from 0. */
  onOperation: (number: number) => void = () => {};
  attached: SeenDescriptors | undefined;
  chip: Chip;
  host: UsbHost;
  readonly #model: ChipModel;

  constructor(model: ChipModel, image: Uint8Array, flashBytes: number) {
    this.#model = model;
    this.flash = new Uint8Array(flashBytes).fill(0xff);
    this.flash.set(image);
    this.ram = new Uint8Array(model.ram.sizeBytes);
    this.retained = new Uint8Array(model.retainedBytes);
    [this.chip, this.host] = this.#make('power-on');
  }

  /** The next life. */
  start(cause: ChipCause, entry?: number): void {
    if (cause === 'power-on') {
      this.ram.fill(0);
      this.retained.fill(0);
    }
    this.attached = undefined;
    [this.chip, this.host] = this.#make(cause, entry);
  }

  /** Runs it for that long, or until it does something that ends its life or is a fault. */
  run(ms: number): ChipStop {
    const untilNs = this.chip.nowNs + ms * 1e6;
    for (;;) {
      const dueNs = this.host.step(this.chip.nowNs);
      const stop = this.chip.run(Math.min(untilNs, dueNs));
      const over = stop.why === 'time' || stop.why === 'idle' || stop.why === 'outside';
      if (!over) return stop;
      if (this.chip.nowNs >= untilNs - 1 && stop.why !== 'outside') return stop;
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

  plug(ms = 200): void {
    this.host.setVbus(true);
    this.run(ms);
  }

  type(text: string): void {
    this.chip.uartInput(this.#model.consoleUart, new TextEncoder().encode(text));
  }

  /** A control transfer, and what came of it within that time. */
  send(setup: readonly number[], data?: Uint8Array, ms = 1000): ControlEnd | undefined {
    const came: { end?: ControlEnd } = {};
    const ended = (end: ControlEnd): void => {
      came.end = end;
    };
    this.host.submit({ setup: Uint8Array.from(setup), data, ended });
    const untilNs = this.chip.nowNs + ms * 1e6;
    while (came.end === undefined && this.chip.nowNs < untilNs) {
      const stop = this.run(0.1);
      if (stop.why !== 'time' && stop.why !== 'idle') break;
    }
    return came.end;
  }

  #operation(words: string): void {
    this.onOperation(this.operations.length);
    this.operations.push(words);
  }

  #make(cause: ChipCause, entry?: number): [Chip, UsbHost] {
    const { flash, pins, warnings } = this;
    const chip = this.#model.make({
      cause,
      ram: this.ram,
      retained: this.retained,
      entry,
      uniqueId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
      outside: {
        flash: {
          bytes: flash,
          program: (offsetBytes, bytes) => {
            this.#operation(`program ${offsetBytes.toString(16)} ${bytes.length}`);
            for (const [at, byte] of bytes.entries())
              flash[offsetBytes + at] = (flash[offsetBytes + at] ?? 0) & byte;
          },
          erase: (offsetBytes, lengthBytes) => {
            this.#operation(`erase ${offsetBytes.toString(16)} ${lengthBytes}`);
            flash.fill(0xff, offsetBytes, offsetBytes + lengthBytes);
          },
        },
        uart: (port, byte) => {
          if (port === this.#model.consoleUart) this.console += String.fromCharCode(byte);
        },
        usbChanged: () => host.changed(),
        pin: (name, level) => pins.set(name, level),
        warn: (words) => warnings.push(words),
      },
    });
    const host: UsbHost = new UsbHost(chip.usb, {
      attached: (descriptors) => (this.attached = descriptors),
      detached: () => (this.attached = undefined),
      log: (line) => this.log.push(line),
    });
    return [chip, host];
  }
}
