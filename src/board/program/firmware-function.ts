import { DfuError } from '../../bytes/index.ts';
import type { FunctionHost, UsbFunction } from '../../device/index.ts';
import { DescriptorType, HELD, OUT, STALL, isIn } from '../../usb/index.ts';
import type { DataAnswer, SetupAnswer, SetupPacket, SettingParts } from '../../usb/index.ts';

/** An interface that a program answers for. */
interface FirmwareFunctionOptions {
  /** Class, subclass, protocol. */
  readonly triple: readonly [number, number, number];
  readonly name: string;
  /** Class-specific descriptors, whole. */
  readonly descriptors: readonly Uint8Array[];
  /** Asks the program; without it every request is refused. */
  readonly ask?: ((packet: SetupPacket, data: Uint8Array) => void) | undefined;
}

/** Most class-specific descriptor bytes of one interface. */
const MOST_DESCRIPTOR_BYTES = 4096;

const NOTHING: Uint8Array = new Uint8Array(0);

/** One interface of a program: each request waits (NAK on the wire) until the program has answered. */
export class FirmwareFunction implements UsbFunction {
  readonly #options: FirmwareFunctionOptions;
  #host: FunctionHost | undefined;
  #packet: SetupPacket | undefined;

  /** Throws `MALFORMED` for descriptors whose bLength is not theirs. */
  constructor(options: FirmwareFunctionOptions) {
    let total = 0;
    for (const bytes of options.descriptors) {
      total += bytes.length;
      if (bytes.length < 2 || bytes[0] !== bytes.length || total > MOST_DESCRIPTOR_BYTES) {
        throw new DfuError('MALFORMED', `descriptor of ${bytes.length} bytes says ${bytes[0]}`);
      }
    }
    this.#options = options;
  }

  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[] {
    this.#host = host;
    const { triple, name, descriptors } = this.#options;
    const descriptor = {
      bInterfaceNumber: firstInterface,
      bAlternateSetting: 0,
      bNumEndpoints: 0,
      bInterfaceClass: triple[0],
      bInterfaceSubClass: triple[1],
      bInterfaceProtocol: triple[2],
      iInterface: name === '' ? 0 : host.string(name),
    };
    return [{ descriptor, extra: descriptors }];
  }

  setup(packet: SetupPacket): SetupAnswer {
    const { ask } = this.#options;
    if (ask === undefined) return STALL;
    this.#packet = packet;
    if (!isIn(packet) && packet.wLength > 0) return OUT;
    ask(packet, NOTHING);
    return HELD;
  }

  data(bytes: Uint8Array): DataAnswer {
    const packet = this.#packet;
    if (packet === undefined) return STALL;
    this.#options.ask?.(packet, bytes);
    return HELD;
  }

  /** The program's answer to the request that waits. Bytes are an answer to a control-in only. */
  answer(answer: SetupAnswer): void {
    const packet = this.#packet;
    if (packet === undefined) return;
    this.#packet = undefined;
    const fits = answer.stage !== 'in' || isIn(packet);
    this.#host?.resume(fits ? answer : STALL);
  }

  done(): void {
    this.#packet = undefined;
  }

  abandoned(): void {
    this.#packet = undefined;
  }

  descriptor(type: number, index: number): Uint8Array | undefined {
    if (type < DescriptorType.dfuFunctional) return undefined;
    return this.#options.descriptors.filter((bytes) => bytes[1] === type)[index];
  }

  alternate(_interfaceNumber: number, alternate: number): boolean {
    return alternate === 0;
  }

  configured(): void {
    this.#packet = undefined;
  }

  reset(): void {
    this.#packet = undefined;
  }

  tick(): number {
    return Infinity;
  }
}
