import { startSample } from '../../../firmware/usb-dfu/sample.ts';
import type { SampleOptions } from '../../../src/board/stand-in/sample-usb.ts';
import { usbIdentityOf } from '../../../src/board/hardware/usb-identity.ts';
import type { Peripherals } from '../../../src/board/index.ts';
import { DescriptorType, VirtualClock } from '../../../src/usb/index.ts';
import type { SetupPacket, UsbDevice } from '../../../src/usb/index.ts';
import { ZEPHYR } from '../../../src/device/index.ts';
import { MemoryFlash } from '../../../src/flash/index.ts';
import { Wire } from '../../conformance/device-bench.ts';
import type { Seen } from '../../conformance/device-bench.ts';
import { inProcess } from './in-process.ts';

/** Lets promises have their say. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** From the reset of a device that has appeared to its configuration, in ms. */
const ENUMERATION_MS = 54;

/** Slots 0 and 1 of the simulated flash of the recordings. */
const SLOT_BYTES = 0x69000;
const areas = [
  { name: 'image-0', address: 0xc000, sizeBytes: SLOT_BYTES },
  { name: 'image-1', address: 0x75000, sizeBytes: SLOT_BYTES },
];

/** What the device of the recordings is built with. */
export interface ZephyrBenchOptions extends SampleOptions {
  /** Puts something between the sample's device and the cable. */
  readonly instead?: (device: UsbDevice) => UsbDevice;
}

/**
 * The example firmware `usb-dfu` on a board with high speed and profile `zephyr`, in one thread, and
 * at the other end of the cable the host of the recordings, which resets and configures what appears.
 */
export class ZephyrBench {
  readonly flash: MemoryFlash;
  readonly #clock = new VirtualClock();
  readonly #printed: string[] = [];
  readonly #instead: (device: UsbDevice) => UsbDevice;
  #wire: Wire | undefined;
  #past: string[] = [];
  #configureMs = Infinity;

  /** Starts the sample; the host has configured it. */
  static async start(options: ZephyrBenchOptions): Promise<ZephyrBench> {
    const bench = new ZephyrBench(options);
    await turn();
    bench.pass(ENUMERATION_MS + 200);
    return bench;
  }

  private constructor(options: ZephyrBenchOptions) {
    this.#instead = options.instead ?? ((device) => device);
    this.flash = new MemoryFlash({
      sectors: [{ count: 256, sizeBytes: 4096 }],
      writeUnitBytes: 1,
      erasedValue: 0xff,
    });
    const peripherals = {
      serial: '12345678',
      clock: this.#clock,
      flash: this.flash,
      areas,
      model: { flashBaseAddress: 0 },
      // The build of the recordings takes slot 0 for the one that is not running.
      image: { slot: 1, version: 0, entryAddress: 0 },
      dfu: { profile: ZEPHYR, functional: {} },
      usbIdentity: usbIdentityOf({}, ZEPHYR),
      dfuGuard: {},
      downloads: { downloaded: () => {}, refused: () => {} },
      usb: {
        speed: 'high',
        plugged: false,
        onPlugged: () => {},
        present: (device: UsbDevice) => this.#present(device),
        remove: () => {},
      },
    } as unknown as Peripherals;
    this.#start(peripherals, options);
  }

  /** What the sample has printed, without times. Waits for its log. */
  async lines(): Promise<string[]> {
    await turn();
    return this.#printed.map((line) => line.replace(/^\[[0-9:.,]+\] /, ''));
  }

  /** What the link was told, e.g. why a transfer was stalled. */
  get remarks(): readonly string[] {
    return [...this.#past, ...(this.#wire?.lines ?? [])];
  }

  /** Milliseconds since the start. */
  get now(): number {
    return this.#clock.now();
  }

  pass(ms: number): void {
    const end = this.#clock.now() + ms;
    while (this.#clock.now() < end) {
      this.#clock.advance(1);
      const wire = this.#wire;
      if (wire === undefined) continue;
      wire.now = this.#clock.now();
      wire.tick();
      if (wire !== this.#wire || wire.now < this.#configureMs) continue;
      this.#configureMs = Infinity;
      wire.configure();
    }
  }

  transfer(setup: SetupPacket, data: Uint8Array = new Uint8Array(setup.wLength)): Seen {
    return this.#wire?.transfer(setup, data) ?? { end: 'stall' };
  }

  /** A class request; the answer's bytes. */
  ask(bRequest: number, wLength: number): Uint8Array {
    const setup = { bmRequestType: 0xa1, bRequest, wValue: 0, wIndex: 0, wLength };
    const seen = this.transfer(setup);
    return seen.end === 'ok' ? seen.bytes : new Uint8Array(0);
  }

  tell(bRequest: number, wValue = 0, data: Uint8Array = new Uint8Array(0)): Seen {
    const setup = { bmRequestType: 0x21, bRequest, wValue, wIndex: 0, wLength: data.length };
    return this.transfer(setup, data);
  }

  get state(): number {
    return this.ask(5, 1)[0] ?? -1;
  }

  /** DFU_DETACH, and the time until the host has configured the device in DFU mode. */
  enterDfuMode(): void {
    this.tell(0, 1000);
    this.pass(500);
  }

  /** To dfuIDLE, as the recordings do between two cases. */
  goIdle(): void {
    for (let tries = 0; tries < 12; tries += 1) {
      const { state } = this;
      if (state <= 2 || state === 8) return;
      if (state === 10) this.tell(4);
      else if (state === 5 || state === 9) this.tell(6);
      else this.ask(3, 6);
    }
  }

  #start(peripherals: Peripherals, options: SampleOptions): void {
    const print = (line: string): void => void this.#printed.push(line);
    const { board } = inProcess(peripherals, print);
    startSample(board, options).catch((error: unknown) => print(String(error)));
  }

  #present(device: UsbDevice): void {
    this.#past = [...this.remarks];
    const isDfuMode = productOf(device) === 0xffff;
    const wire = new Wire(isDfuMode ? this.#instead(device) : device);
    this.#wire = wire;
    wire.now = this.#clock.now();
    wire.tick();
    wire.reset();
    this.#configureMs = wire.now + ENUMERATION_MS;
  }
}

function productOf(device: UsbDevice): number {
  const { device: bytes } = device.descriptors();
  return bytes[1] === DescriptorType.device ? (bytes[10] ?? 0) | ((bytes[11] ?? 0) << 8) : 0;
}
