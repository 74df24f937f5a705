import { DfuError } from '../../bytes/index.ts';
import { SwitchableDevice } from '../../device/index.ts';
import { HELD, StandardRequest } from '../../usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
  UsbSpeed,
} from '../../usb/index.ts';
import type { UsbController } from './usb-controller.ts';

/** What can be seen of a connector from outside. */
export type ConnectorState = 'attached' | 'detached' | 'configured';

/**
 * The USB connector of a board: one device to the link for the board's whole life, whichever program
 * is behind it. A program that takes over leaves the bus and comes back as another device, except
 * inside a bus reset (`SwitchableDevice`). The board has power of its own, cable or not.
 */
export class UsbConnector implements UsbDevice, UsbController {
  readonly speed: UsbSpeed = 'full';
  readonly #changed: (state: ConnectorState) => void;
  readonly #behind = new SwitchableDevice(undefined, { selfPowered: true });
  readonly #bus: DeviceBus;
  #link: DeviceBus | undefined;
  /** Whether somebody has pulled the cable out at the board's end. */
  #pulled = false;
  #selecting: number | undefined;
  #onPlugged: ((plugged: boolean) => void) | undefined;
  #wasPlugged = false;

  constructor(changed: (state: ConnectorState) => void) {
    this.#changed = changed;
    this.#bus = {
      attach: () => {
        changed('attached');
        this.#link?.attach();
      },
      detach: () => this.#gone(),
      resume: (answer) => this.#link?.resume(answer),
      log: (line) => this.#link?.log(line),
      wake: () => this.#link?.wake?.(),
    };
  }

  /** Whether a host can see a device. */
  get attached(): boolean {
    return this.#behind.attached;
  }

  /** Whether the cable is out at the board's end. */
  get isPulled(): boolean {
    return this.#pulled;
  }

  /** Whether the cable is in, at both ends. */
  get plugged(): boolean {
    return this.#link !== undefined && !this.#pulled;
  }

  present(device: UsbDevice): void {
    this.#selecting = undefined;
    this.#behind.become(device);
  }

  remove(): void {
    this.#selecting = undefined;
    this.#behind.become(undefined);
  }

  onPlugged(listener: ((plugged: boolean) => void) | undefined): void {
    this.#onPlugged = listener;
  }

  /** Pulls the cable out at the board's end. */
  pull(): void {
    this.#pulled = true;
    this.#plugOut();
  }

  /** Puts it in again. */
  insert(): void {
    if (!this.#pulled) return;
    this.#pulled = false;
    this.#plugIn();
  }

  connect(bus: DeviceBus): void {
    this.#link = bus;
    this.#plugIn();
  }

  disconnect(): void {
    this.#link = undefined;
    this.#plugOut();
  }

  setup(packet: SetupPacket): SetupAnswer {
    const selects =
      packet.bmRequestType === 0 && packet.bRequest === StandardRequest.SET_CONFIGURATION;
    this.#selecting = selects ? packet.wValue : undefined;
    return whilePowered(() => this.#behind.setup(packet)) ?? HELD;
  }

  data(bytes: Uint8Array): DataAnswer {
    return whilePowered(() => this.#behind.data(bytes)) ?? HELD;
  }

  done(): void {
    const value = this.#selecting;
    this.#selecting = undefined;
    whilePowered(() => this.#behind.done());
    if (value !== undefined && value !== 0 && this.attached) this.#changed('configured');
  }

  reset(): void {
    const { current, attached } = this.#behind;
    this.#selecting = undefined;
    whilePowered(() => this.#behind.reset());
    const taken = this.#behind.current !== current;
    if (taken && attached && this.attached) this.#changed('attached');
  }

  configure(value: number): boolean {
    const done = this.#behind.configure(value);
    if (done && value !== 0) this.#changed('configured');
    return done;
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    return this.#behind.selectAlternate(interfaceNumber, alternate);
  }

  tick(nowMs: number): number {
    // Whoever takes over from a program that lost its power waits for something else.
    for (;;) {
      const dueMs = whilePowered(() => this.#behind.tick(nowMs));
      if (dueMs !== undefined) return dueMs;
    }
  }

  descriptors(): DeviceDescriptors {
    return this.#behind.descriptors();
  }

  #plugIn(): void {
    this.#sensePower();
    this.#selecting = undefined;
    if (this.plugged) whilePowered(() => this.#behind.connect(this.#bus));
  }

  #plugOut(): void {
    this.#sensePower();
    const { attached } = this;
    this.#behind.disconnect();
    if (attached) this.#gone();
  }

  #gone(): void {
    this.#link?.detach();
    this.#changed('detached');
  }

  #sensePower(): void {
    if (this.#wasPlugged === this.plugged) return;
    this.#wasPlugged = this.plugged;
    this.#onPlugged?.(this.plugged);
  }
}

/** A device whose board loses its power in the middle of a call says nothing more. */
function whilePowered<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (DfuError.is(error, 'POWER_LOST')) return undefined;
    throw error;
  }
}
