import {
  DescriptorType,
  HELD,
  OUT,
  STALL,
  STATUS,
  StandardRequest,
  deviceDescriptor,
  encodeConfiguration,
  encodeLanguages,
  encodeString,
  interfaceDescriptor,
  isIn,
} from '../../src/usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
  UsbSpeed,
} from '../../src/usb/index.ts';

/** Vendor requests (0x40 out, 0xc0 in) of {@link ScriptedDevice}. */
export const Say = {
  /** In: what `store` holds. Out: it goes to `store`. */
  memory: 1,
  /** Refused. */
  stall: 2,
  /** Held until `device.release(answer)`. */
  hold: 3,
  /** More bytes than wLength. */
  overlong: 4,
  /** Held at the data stage. */
  holdData: 5,
  /** Acknowledged; on the status stage leaves the bus for `wValue` ms. */
  leave: 6,
  /** Leaves the bus before the status stage. */
  vanish: 7,
  /** Acknowledged; the next bus reset changes the product id to wValue. */
  change: 8,
} as const;

/** A device that does what a test says, and writes down what the link did to it. */
export class ScriptedDevice implements UsbDevice {
  speed: UsbSpeed = 'full';
  productId = 0x7d02;
  alternates = 2;
  configurationValue = 0;
  store: Uint8Array = new Uint8Array(0);
  attachOnConnect = true;
  /** wLength of each GET_DESCRIPTOR(DEVICE), resets and the rest, in order. */
  readonly log: string[] = [];
  bus: DeviceBus | undefined;
  #nextProductId: number | undefined;
  #leaveMs: number | undefined;
  #attachMs = Infinity;
  #nowMs = 0;

  connect(bus: DeviceBus): void {
    this.bus = bus;
    this.log.push('connect');
    if (this.attachOnConnect) bus.attach();
  }

  disconnect(): void {
    this.bus = undefined;
    this.log.push('disconnect');
  }

  /** Answers a held transfer. */
  release(answer: SetupAnswer): void {
    this.bus?.resume(answer);
  }

  setup(packet: SetupPacket): SetupAnswer {
    const { bmRequestType, bRequest, wValue, wIndex } = packet;
    if ((bmRequestType & 0x60) === 0) return this.#standard(packet);
    switch (bRequest) {
      case Say.memory:
        return isIn(packet) ? { stage: 'in', data: this.store } : packet.wLength > 0 ? OUT : STATUS;
      case Say.hold:
        return HELD;
      case Say.overlong:
        return { stage: 'in', data: new Uint8Array(packet.wLength + 10).fill(0xee) };
      case Say.holdData:
        return OUT;
      case Say.leave:
        this.#leaveMs = wValue;
        return STATUS;
      case Say.vanish:
        this.bus?.detach();
        return STATUS;
      case Say.change:
        this.#nextProductId = wValue;
        return STATUS;
      default:
        this.log.push(`stall ${bRequest} ${wValue} ${wIndex}`);
        return STALL;
    }
  }

  data(bytes: Uint8Array): DataAnswer {
    this.store = bytes.slice();
    this.log.push(`data ${bytes.length}`);
    return bytes[0] === 0xff ? HELD : STATUS;
  }

  done(): void {
    if (this.#leaveMs === undefined) return;
    this.#attachMs = this.#nowMs + this.#leaveMs;
    this.#leaveMs = undefined;
    this.bus?.detach();
  }

  reset(): void {
    this.log.push('reset');
    this.configurationValue = 0;
    this.productId = this.#nextProductId ?? this.productId;
    this.#nextProductId = undefined;
  }

  configure(value: number): boolean {
    this.configurationValue = value;
    return value <= 1;
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    this.log.push(`alternate ${interfaceNumber} ${alternate}`);
    return interfaceNumber === 0 && alternate < this.alternates;
  }

  tick(nowMs: number): number {
    this.#nowMs = nowMs;
    if (nowMs >= this.#attachMs) {
      this.#attachMs = Infinity;
      this.bus?.attach();
    }
    return this.#attachMs;
  }

  descriptors(): DeviceDescriptors {
    const device = deviceDescriptor.encode({
      bcdUSB: 0x0200,
      bDeviceClass: 0,
      bDeviceSubClass: 0,
      bDeviceProtocol: 0,
      bMaxPacketSize0: 64,
      idVendor: 0x1209,
      idProduct: this.productId,
      bcdDevice: 0x0100,
      iManufacturer: 1,
      iProduct: 2,
      iSerialNumber: 3,
      bNumConfigurations: 1,
    });
    const settings = Array.from({ length: this.alternates }, (_, bAlternateSetting) => ({
      descriptor: interfaceDescriptor.decode(
        Uint8Array.of(9, 4, 0, bAlternateSetting, 0, 0xff, 1, 2, 0),
      ),
    }));
    const head = { bConfigurationValue: 1, iConfiguration: 0, bmAttributes: 0x80, bMaxPower: 50 };
    const configurations = [encodeConfiguration(head, settings)];
    return { device, configurations, configurationValue: this.configurationValue };
  }

  #standard(packet: SetupPacket): SetupAnswer {
    const { bRequest, wValue, wIndex, wLength } = packet;
    switch (bRequest) {
      case StandardRequest.GET_DESCRIPTOR:
        return this.#descriptor(wValue >> 8, wValue & 0xff, wLength);
      case StandardRequest.SET_ADDRESS:
        this.log.push(`address ${wValue}`);
        return STATUS;
      case StandardRequest.SET_CONFIGURATION:
        this.log.push(`configuration ${wValue}`);
        return this.configure(wValue) ? STATUS : STALL;
      case StandardRequest.SET_INTERFACE:
        return this.selectAlternate(wIndex, wValue) ? STATUS : STALL;
      case StandardRequest.GET_STATUS:
        return { stage: 'in', data: Uint8Array.of(0, 0) };
      default:
        return STALL;
    }
  }

  #descriptor(type: number, index: number, wLength: number): SetupAnswer {
    const { device, configurations } = this.descriptors();
    let data: Uint8Array | undefined;
    if (type === DescriptorType.device) {
      this.log.push(`device ${wLength}`);
      data = device;
    } else if (type === DescriptorType.configuration) data = configurations[index];
    else if (type === DescriptorType.string) {
      if (index === 0) data = encodeLanguages([0x0409]);
      else data = ['Maker', 'Scripted', 'S1'].map((each) => encodeString(each))[index - 1];
    }
    return data === undefined ? STALL : { stage: 'in', data: data.subarray(0, wLength) };
  }
}
