import { DfuError } from '../../bytes/index.ts';
import {
  DIRECTION_IN,
  DescriptorType,
  DevicePort,
  LANGUAGE_ENGLISH,
  LinkedPipe,
  Recipient,
  StandardRequest,
  deviceDescriptor,
  getDescriptor,
  setConfiguration,
  sleep,
} from '../../usb/index.ts';
import type {
  BusDevice,
  BusEvent,
  Clock,
  ControlTransfers,
  DeviceIdentity,
  PortLocation,
  UsbDevice,
} from '../../usb/index.ts';
import { Attachment } from './attachment.ts';
import { LoopbackLink } from './loopback-link.ts';

/** What a port needs of its bus. */
interface PortSurroundings {
  readonly bus: number;
  readonly path: string;
  readonly clock: Clock;
  readonly debounceMs: number;
  readonly linux: boolean;
  readonly log: (line: string) => void;
  /** A free address. */
  readonly address: () => number;
  /** A number that no attachment has had. */
  readonly number: () => number;
  readonly tell: (event: BusEvent) => void;
}

/** How often enumeration is tried before the host gives up; Linux tries as often per scheme. */
const ENUMERATION_TRIES = 3;
/** wLength of the first GET_DESCRIPTOR(DEVICE), when bMaxPacketSize0 is not known yet. */
const FIRST_READ_BYTES = 64;

/** One port of the host, with a device at it: enumeration, and what a bus reset brings. */
export class LoopbackPort {
  readonly #port: DevicePort;
  readonly #around: PortSurroundings;
  /** The device as it is on the bus now, enumerated or not; undefined when it is not attached. */
  #attachment: Attachment | undefined;
  #known: BusDevice | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(device: UsbDevice, around: PortSurroundings) {
    this.#around = around;
    this.#port = new DevicePort(device, around.clock, {
      attached: () => this.#appeared(),
      detached: () => this.#vanished(),
      log: (line) => around.log(`${around.path}: ${line}`),
    });
  }

  /** The device, once it is enumerated. */
  get device(): BusDevice | undefined {
    return this.#known;
  }

  plug(): void {
    this.#port.plug();
  }

  unplug(): void {
    this.#port.unplug();
  }

  /** Resolves when no enumeration is under way. */
  async settled(): Promise<void> {
    for (let work; work !== this.#work;) {
      work = this.#work;
      await work;
    }
  }

  #appeared(): void {
    const attachment = new Attachment(this.#port, this.#around.clock);
    this.#attachment = attachment;
    this.#work = this.#enumerate(attachment);
  }

  #vanished(): void {
    const known = this.#known;
    this.#attachment?.state.leave();
    this.#attachment = undefined;
    this.#known = undefined;
    if (known !== undefined) this.#around.tell({ type: 'detached', id: known.id });
  }

  async #enumerate(attachment: Attachment): Promise<void> {
    const { clock, debounceMs, log, path } = this.#around;
    // The device has the word when it attaches: what follows must wait, be it for no time at all.
    if (debounceMs > 0) await sleep(clock, debounceMs);
    else await Promise.resolve();
    for (let tries = 1; tries <= ENUMERATION_TRIES && !attachment.state.over; tries += 1) {
      try {
        const location = await this.#address(attachment);
        const identity = await attachment.state.identify(attachment.wire);
        await readStrings(attachment.wire, identity);
        await this.#configure(attachment, identity);
        this.#present(attachment, identity, location);
        return;
      } catch (error) {
        if (!DfuError.is(error)) throw error;
        if (!attachment.state.over) log(`${path}: not enumerated, try ${tries}: ${error.message}`);
      }
    }
  }

  /** Reset, first look, reset, address: the default state and the address state of USB 2.0 §9.1. */
  async #address(attachment: Attachment): Promise<PortLocation> {
    const { bus, path } = this.#around;
    this.#busReset();
    await getDescriptor(attachment.wire, DescriptorType.device, 0, FIRST_READ_BYTES);
    this.#busReset();
    const address = this.#around.address();
    const bRequest = StandardRequest.SET_ADDRESS;
    const request = { bmRequestType: Recipient.device, bRequest, wValue: address, wIndex: 0 };
    await attachment.wire.controlOut(request, new Uint8Array(0));
    return { bus, address, path };
  }

  #busReset(): void {
    for (let times = this.#around.linux ? 2 : 1; times > 0; times -= 1) this.#port.reset();
  }

  async #configure(attachment: Attachment, identity: DeviceIdentity): Promise<void> {
    const value = identity.configurations[0]?.[5];
    if (value === undefined) return;
    try {
      await setConfiguration(attachment.wire, value);
    } catch (error) {
      // Linux lists such a device too, not configured.
      if (!DfuError.is(error, 'STALLED')) throw error;
      this.#around.log(`${this.#around.path}: configuration ${value} refused`);
    }
  }

  #present(attachment: Attachment, identity: DeviceIdentity, location: PortLocation): void {
    if (attachment.state.over) return;
    const known: BusDevice = {
      id: `loopback:${location.path}:${this.#around.number()}`,
      location,
      speed: this.#port.device.speed,
      descriptor: deviceDescriptor.decode(identity.device),
      open: () => {
        if (attachment.state.over) {
          return Promise.reject(new DfuError('DISCONNECTED', `${location.path}: it has gone`));
        }
        const { linux } = this.#around;
        const link = new LoopbackLink(attachment, {
          reset: () => this.#resetDevice(attachment),
          linux,
        });
        const { state, wire } = attachment;
        return Promise.resolve(new LinkedPipe({ device: known, link, wire, state }));
      },
    };
    this.#known = known;
    this.#around.tell({ type: 'attached', device: known });
  }

  /** As Linux's usb_reset_device: reset, look again, and put back what was set. */
  async #resetDevice(attachment: Attachment): Promise<'same' | 'gone'> {
    const { state, wire } = attachment;
    try {
      await this.#address(attachment);
      const same = await state.comesBack(wire, (now) => this.#configure(attachment, now));
      if (same) return 'same';
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      this.#around.log(`${this.#around.path}: after reset: ${error.message}`);
    }
    if (this.#attachment === attachment) {
      this.#vanished();
      if (this.#port.attached) this.#appeared();
    }
    return 'gone';
  }
}

/** bLength of a string descriptor is one byte. */
const STRING_BYTES = 255;

/** Hosts read the strings when they enumerate; a device without them, or with broken ones, is fine. */
async function readStrings(wire: ControlTransfers, { device }: DeviceIdentity): Promise<void> {
  const { iManufacturer, iProduct, iSerialNumber } = deviceDescriptor.decode(device);
  const indexes = [iProduct, iManufacturer, iSerialNumber].filter((index) => index !== 0);
  if (indexes.length === 0) return;
  const bRequest = StandardRequest.GET_DESCRIPTOR;
  for (const index of [0, ...indexes]) {
    const wValue = DescriptorType.string * 256 + index;
    const wIndex = index === 0 ? 0 : LANGUAGE_ENGLISH;
    try {
      const request = { bmRequestType: DIRECTION_IN, bRequest, wValue, wIndex };
      await wire.controlIn(request, STRING_BYTES);
    } catch (error) {
      if (DfuError.is(error, 'DISCONNECTED') || !DfuError.is(error)) throw error;
    }
  }
}
