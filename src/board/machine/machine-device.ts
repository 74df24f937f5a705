import { DfuError } from '../../bytes/index.ts';
import type { ControlEnd, SeenDescriptors } from '../../chip/index.ts';
import {
  HELD,
  OUT,
  STALL,
  STATUS,
  StandardRequest,
  configurationDescriptor,
  decodeConfiguration,
  isIn,
  setupPacket,
} from '../../usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
} from '../../usb/index.ts';
import type { MachineNotice, MachineOrder } from './protocol.ts';

/** What of the notices is for the USB device. */
type UsbNotice = Extract<MachineNotice, { type: 'attached' | 'detached' | 'ended' | 'log' }>;

/**
 * The USB device that machine code makes of a chip's controller. Every transfer is `held` until the chip has answered, behind
 * its status stage.
 */
export class MachineDevice implements UsbDevice {
  readonly speed = 'full';
  readonly #send: (order: MachineOrder) => void;
  #bus: DeviceBus | undefined;
  #seen: SeenDescriptors | undefined;
  #configuration = 0;
  #id = 0;
  /** The transfer under way. */
  #packet: SetupPacket | undefined;

  constructor(send: (order: MachineOrder) => void) {
    this.#send = send;
  }

  connect(bus: DeviceBus): void {
    this.#bus = bus;
    this.#send({ type: 'cable', in: true });
  }

  disconnect(): void {
    this.#bus = undefined;
    this.#gone();
    this.#send({ type: 'cable', in: false });
  }

  setup(packet: SetupPacket): SetupAnswer {
    this.#packet = packet;
    if (!isIn(packet) && packet.wLength > 0) return OUT;
    this.#submit(packet, undefined);
    return HELD;
  }

  data(bytes: Uint8Array): DataAnswer {
    const packet = this.#packet;
    if (packet === undefined) return STALL;
    this.#submit(packet, bytes.slice());
    return HELD;
  }

  done(): void {
    // The answer came behind the status stage.
  }

  reset(): void {
    this.#packet = undefined;
    this.#configuration = 0;
    this.#id += 1;
    this.#send({ type: 'bus-reset' });
  }

  configure(value: number): boolean {
    const known = this.#seen?.configurations.some(
      (bytes) => configurationDescriptor.decode(bytes).bConfigurationValue === value,
    );
    if (value !== 0 && known !== true) return false;
    this.#configuration = value;
    this.#send({ type: 'configure', value });
    return true;
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    this.#send({ type: 'alternate', interfaceNumber, alternate });
    return true;
  }

  tick(): number {
    return Infinity;
  }

  descriptors(): DeviceDescriptors {
    const { device = NO_DEVICE, configurations = [] } = this.#seen ?? {};
    return { device, configurations, configurationValue: this.#configuration };
  }

  /** What the chip has told. */
  heard(notice: UsbNotice): void {
    switch (notice.type) {
      case 'attached':
        this.#gone();
        this.#seen = this.#checked(notice);
        this.#bus?.attach();
        break;
      case 'detached':
        this.#gone();
        this.#bus?.detach();
        break;
      case 'ended':
        if (notice.id === this.#id) this.#ended(notice.result);
        break;
      case 'log':
        this.#bus?.log(notice.line);
        break;
      default:
        notice satisfies never;
    }
  }

  /** Without the configurations that are none: whoever reads them later has no way to refuse. */
  #checked({ device, configurations }: SeenDescriptors): SeenDescriptors {
    const good = configurations.filter((bytes, index) => {
      try {
        decodeConfiguration(bytes);
        return true;
      } catch (error) {
        if (!DfuError.is(error)) throw error;
        this.#bus?.log(`usb: configuration descriptor ${index}: ${error.message}`);
        return false;
      }
    });
    return { device, configurations: good };
  }

  #submit(packet: SetupPacket, data: Uint8Array | undefined): void {
    this.#id += 1;
    this.#send({ type: 'submit', id: this.#id, setup: setupPacket.encode(packet), data });
  }

  #ended(result: ControlEnd): void {
    const packet = this.#packet;
    this.#packet = undefined;
    if (result.end === 'lost') return;
    if (result.end === 'done' && packet !== undefined) this.#configured(packet);
    this.#bus?.resume(answerOf(result));
  }

  #configured({ bmRequestType, bRequest, wValue }: SetupPacket): void {
    const selects = bmRequestType === 0 && bRequest === StandardRequest.SET_CONFIGURATION;
    if (selects) this.#configuration = wValue & 0xff;
  }

  #gone(): void {
    this.#packet = undefined;
    this.#configuration = 0;
    this.#id += 1;
  }
}

const NO_DEVICE: Uint8Array = new Uint8Array(0);

function answerOf(result: Exclude<ControlEnd, { end: 'lost' }>): SetupAnswer {
  switch (result.end) {
    case 'in':
      return { stage: 'in', data: result.bytes };
    case 'done':
      return STATUS;
    case 'stall':
    default:
      return STALL;
  }
}
