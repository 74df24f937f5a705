import { DfuError } from '../../bytes/index.ts';
import {
  DescriptorType,
  HELD,
  OUT,
  RequestType,
  STALL,
  STATUS,
  StandardRequest,
  isIn,
} from '../../usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceCapability,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
  UsbSpeed,
} from '../../usb/index.ts';
import { Chapter9 } from './chapter9.ts';
import type { ControlQuirks } from './chapter9.ts';
import { checkNumber } from './check-number.ts';
import { describeConfiguration, describeDevice } from './device-layout.ts';
import type { ConfigurationState, DeviceConfiguration, DeviceIdentity } from './device-layout.ts';
import type { FunctionHost, UsbFunction } from './function.ts';
import { OsIdentity } from './os-identity.ts';
import type { OsIdentityOptions } from './os-identity.ts';
import { StringTable } from './string-table.ts';

/** bmRequestType bits 6..5. */
const TYPE = 0x60;

/** What a host does to the whole device. */
export type DeviceBusEvent =
  { readonly type: 'reset' } | { readonly type: 'configured'; readonly value: number };

/** What a device in software is made of. */
export interface DeviceOptions {
  readonly identity: DeviceIdentity;
  readonly configurations: readonly DeviceConfiguration[];
  /** What the BOS descriptor lists; without any there is none. */
  readonly capabilities?: readonly DeviceCapability[] | undefined;
  /** Class and vendor requests to the device itself; undefined or left out: stalled. */
  readonly deviceRequest?: (packet: SetupPacket) => SetupAnswer | undefined;
  /** What makes hosts find a driver by themselves. Left out: nothing does. */
  readonly osIdentity?: OsIdentityOptions | undefined;
  /** Where the device departs from USB 2.0 chapter 9, to be like a real one that does. */
  readonly quirks?: ControlQuirks | undefined;
  /** Told of bus resets, and of another configuration than before (0: none). */
  readonly onBus?: ((event: DeviceBusEvent) => void) | undefined;
  /** False: stays off the bus when the cable is plugged in, until `attach`. Default true. */
  readonly attachAtOnce?: boolean | undefined;
}

/** Where the device stands on the bus (USB 2.0 §9.1). */
export type DeviceState = 'unplugged' | 'detached' | 'default' | 'address' | 'configured';

/** What the transfer under way waits for. */
type Stage = 'none' | 'data' | 'held' | 'status';

/**
 * A USB device in software: control endpoint 0 with chapter 9, and behind it the functions, to which
 * it hands whatever is for one of their interfaces.
 */
export class Device implements UsbDevice {
  readonly speed: UsbSpeed;
  readonly #options: DeviceOptions;
  readonly #chapter9: Chapter9;
  readonly #functions: readonly UsbFunction[];
  readonly #osIdentity: OsIdentity | undefined;
  #bus: DeviceBus | undefined;
  #attached = false;
  #stage: Stage = 'none';
  /** Whose transfer it is; undefined: the device's own. */
  #owner: UsbFunction | undefined;
  #toHost = false;
  #wLength = 0;
  /** A request whose data stage is taken before anybody looks at it. */
  #unseen: SetupPacket | undefined;
  /** The class request that the original would not live to answer now. */
  #diesAt: number | undefined;

  /** Throws `INVALID_ARGUMENT` or `OUT_OF_RANGE` for options that no device can have. */
  constructor(options: DeviceOptions) {
    const { identity, capabilities = [], quirks = {} } = options;
    const strings = new StringTable({
      first: quirks.firstString ?? 1,
      languages: quirks.noLanguages === true ? [] : undefined,
    });
    this.#options = options;
    this.speed = identity.speed ?? 'full';
    // In this order in the table, though the interfaces are looked at first.
    for (const text of [identity.manufacturer, identity.product, identity.serial])
      strings.add(text);
    const configurations = this.#describe(strings);
    const { osIdentity } = options;
    this.#osIdentity = osIdentity && new OsIdentity(osIdentity, configurations);
    const words = describeDevice(identity, strings, {
      configurations: options.configurations.length,
      capabilities: [...capabilities, ...(this.#osIdentity?.capabilities ?? [])],
    });
    this.#functions = configurations.flatMap((each) => each.functions);
    if (new Set(this.#functions).size !== this.#functions.length) {
      throw new DfuError('INVALID_ARGUMENT', 'configurations: each function may stand there once');
    }
    this.#chapter9 = new Chapter9({ words, strings, configurations, quirks, speed: this.speed });
  }

  /** Where it stands on the bus. */
  get state(): DeviceState {
    if (this.#bus === undefined) return 'unplugged';
    if (!this.#attached) return 'detached';
    if (this.#chapter9.current !== undefined) return 'configured';
    return this.#chapter9.address === 0 ? 'default' : 'address';
  }

  /** The address that the host gave it (USB 2.0 §9.4.6); 0 for none. */
  get address(): number {
    return this.#chapter9.address;
  }

  /** The selected alternate setting; undefined if not configured or no such interface. */
  alternate(interfaceNumber: number): number | undefined {
    return this.#chapter9.current?.interfaces.get(interfaceNumber)?.alternate;
  }

  connect(bus: DeviceBus): void {
    this.#bus = bus;
    if (this.#options.attachAtOnce !== false) this.attach();
  }

  disconnect(): void {
    this.#giveUp();
    this.#chapter9.unaddress();
    this.#attached = false;
    this.#bus = undefined;
  }

  /** The power came back after it was gone: whoever gives the device its power says so. */
  powerOn(): void {
    for (const each of this.#functions) each.powerOn?.();
  }

  /** Pulls the data line up: the host sees a device. Nothing happens without a cable. */
  attach(): void {
    if (this.#attached || this.#bus === undefined) return;
    this.#attached = true;
    this.#bus.attach();
  }

  /** Lets go of the data line: the host sees the device leave. */
  detach(): void {
    if (!this.#attached) return;
    this.#giveUp();
    this.#chapter9.unaddress();
    this.#attached = false;
    this.#bus?.detach();
  }

  setup(packet: SetupPacket): SetupAnswer {
    this.#giveUp();
    if (!this.#attached) return STALL;
    if (this.#hasCrashed(packet)) return STALL;
    this.#toHost = isIn(packet);
    this.#wLength = packet.wLength;
    if (this.#beyondMemory(packet)) return STALL;
    const own = this.#osIdentity?.answer(packet);
    if (own !== undefined) return this.#answered(own);
    if (beginsReset(packet)) for (const each of this.#functions) each.lookedAt?.();
    this.#owner = this.#chapter9.ownerOf(packet);
    if (this.#options.quirks?.dataFirst === true && !this.#toHost && packet.wLength > 0) {
      this.#unseen = packet;
      this.#stage = 'data';
      return OUT;
    }
    return this.#answered(this.#ask(packet));
  }

  data(bytes: Uint8Array): DataAnswer {
    if (this.#stage !== 'data') return STALL;
    // A data stage of another length than the SETUP announced is no control transfer.
    const packet = this.#unseen;
    this.#unseen = undefined;
    const owner = this.#owner;
    if (bytes.length !== this.#wLength || (owner === undefined && packet === undefined)) {
      this.#giveUp();
      return STALL;
    }
    const answer = packet === undefined ? dataTo(owner, bytes) : this.#askLate(packet, bytes);
    if (answer.stage === 'stall') this.#end();
    else this.#stage = answer.stage === 'held' ? 'held' : 'status';
    return answer;
  }

  done(): void {
    if (this.#stage !== 'status') return;
    const owner = this.#owner;
    this.#end();
    if (owner !== undefined) owner.done();
    else this.#chapter9.done();
  }

  reset(): void {
    this.#giveUp();
    this.#diesAt = undefined;
    this.#chapter9.unaddress();
    for (const each of this.#functions) each.reset();
    this.#options.onBus?.({ type: 'reset' });
  }

  configure(value: number): boolean {
    return this.#watched(() => this.#chapter9.configure(value));
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    return this.#chapter9.selectAlternate(interfaceNumber, alternate);
  }

  tick(nowMs: number): number {
    let due = Infinity;
    for (const each of this.#functions) due = Math.min(due, each.tick(nowMs));
    return due;
  }

  descriptors(): DeviceDescriptors {
    const { words, configurations } = this.#chapter9.parts;
    return {
      device: words.device,
      configurations: configurations.map(({ bytes }) => bytes),
      configurationValue: this.#configuration,
    };
  }

  #describe(strings: StringTable): ConfigurationState[] {
    const { configurations } = this.#options;
    checkNumber('configurations', configurations.length, [1, 255]);
    const values = configurations.map(({ value }, at) =>
      checkNumber('configuration value', value ?? at + 1, [1, 255]),
    );
    if (new Set(values).size !== values.length) {
      throw new DfuError('INVALID_ARGUMENT', `configuration values: ${values.join(', ')}`);
    }
    const hostOf = (owner: UsbFunction): FunctionHost => this.#hostOf(owner, strings);
    return configurations.map((each, at) =>
      describeConfiguration(each, values[at] ?? 0, { strings, speed: this.speed, hostOf }),
    );
  }

  #hostOf(owner: UsbFunction, strings: StringTable): FunctionHost {
    return {
      string: (text) => strings.add(text),
      text: (read) => strings.addText(read),
      detach: () => this.detach(),
      attach: () => this.attach(),
      resume: (answer) => {
        if (this.#stage !== 'held' || this.#owner !== owner) return;
        this.#bus?.resume(this.#answered(answer));
      },
      log: (line) => this.#bus?.log(line),
    };
  }

  #ask(packet: SetupPacket): SetupAnswer {
    if (this.#owner !== undefined) return this.#owner.setup(packet);
    if ((packet.bmRequestType & TYPE) === RequestType.standard) {
      return this.#watched(() => this.#chapter9.answer(packet));
    }
    return this.#options.deviceRequest?.(packet) ?? STALL;
  }

  /** bConfigurationValue of the current configuration, 0 for none. */
  get #configuration(): number {
    return this.#chapter9.current?.value ?? 0;
  }

  #watched<T>(run: () => T): T {
    const before = this.#configuration;
    const result = run();
    const value = this.#configuration;
    if (value !== before) this.#options.onBus?.({ type: 'configured', value });
    return result;
  }

  #beyondMemory({ wLength }: SetupPacket): boolean {
    const { mostDataBytes } = this.#options.quirks ?? {};
    if (mostDataBytes === undefined) return false;
    if (wLength <= (this.#toHost ? mostDataBytes.in : mostDataBytes.out)) return false;
    this.#bus?.log(`stalled: no memory for a data stage of ${wLength} bytes`);
    if (!this.#toHost) this.#diesAt = mostDataBytes.diesAt;
    return true;
  }

  /** What the original would not live to answer. Ours goes on after it. */
  #hasCrashed({ bmRequestType, bRequest }: SetupPacket): boolean {
    if (bRequest !== this.#diesAt || (bmRequestType & TYPE) !== RequestType.class) return false;
    this.#diesAt = undefined;
    this.#bus?.log(
      'stalled: the original has crashed, of the data stage that it had no memory for',
    );
    return true;
  }

  /** The data stage has been taken; what it was for is decided now. */
  #askLate(packet: SetupPacket, bytes: Uint8Array): DataAnswer {
    const owner = this.#owner;
    // Standard requests have no data stage: it is as if there had been none.
    const answer = this.#ask(owner === undefined ? { ...packet, wLength: 0 } : packet);
    if (answer.stage === 'out') return dataTo(owner, bytes);
    return answer.stage === 'in' ? STALL : answer;
  }

  /** Keeps an answer within what the SETUP allows, and remembers what the transfer waits for. */
  #answered(answer: SetupAnswer): SetupAnswer {
    // A function that left the bus while it was asked answers nobody any more.
    if (!this.#attached) return HELD;
    switch (answer.stage) {
      case 'stall':
        this.#end();
        return answer;
      case 'held':
        this.#stage = 'held';
        return answer;
      case 'status':
        this.#stage = 'status';
        return answer;
      case 'out':
        if (this.#toHost || this.#owner === undefined) return this.#refuse();
        this.#stage = this.#wLength === 0 ? 'status' : 'data';
        return this.#wLength === 0 ? STATUS : answer;
      case 'in':
        if (!this.#toHost) return this.#refuse();
        this.#stage = 'status';
        return this.#clipped(answer);
      default:
        return answer satisfies never;
    }
  }

  #clipped(answer: SetupAnswer & { readonly stage: 'in' }): SetupAnswer {
    if (this.#wLength === 0) return STATUS;
    if (answer.data.length <= this.#wLength) return answer;
    return { stage: 'in', data: answer.data.subarray(0, this.#wLength) };
  }

  #refuse(): SetupAnswer {
    this.#giveUp();
    return STALL;
  }

  #end(): void {
    this.#stage = 'none';
    this.#owner = undefined;
    this.#unseen = undefined;
  }

  /** The transfer under way, if any, ends here without its status stage. */
  #giveUp(): void {
    const owner = this.#stage === 'none' ? undefined : this.#owner;
    this.#end();
    this.#chapter9.abandoned();
    owner?.abandoned?.();
  }
}

/** The device descriptor, asked for as if its length (18) were not known: hosts do so after a reset. */
function beginsReset({ bmRequestType, bRequest, wValue, wLength }: SetupPacket): boolean {
  return (
    bmRequestType === 0x80 &&
    bRequest === StandardRequest.GET_DESCRIPTOR &&
    wValue >>> 8 === DescriptorType.device &&
    wLength !== 18
  );
}

function dataTo(owner: UsbFunction | undefined, bytes: Uint8Array): DataAnswer {
  return owner === undefined ? STALL : owner.data(bytes);
}
