import {
  DescriptorType,
  Feature,
  LANGUAGE_ENGLISH,
  Recipient,
  RequestType,
  STALL,
  STATUS,
  StandardRequest,
  isIn,
} from '../../usb/index.ts';
import type { SetupAnswer, SetupPacket, UsbSpeed } from '../../usb/index.ts';
import { otherSpeed } from './device-layout.ts';
import type { ConfigurationState, DeviceWords, InterfaceState } from './device-layout.ts';
import type { UsbFunction } from './function.ts';
import type { StringTable } from './string-table.ts';

/** Where a device departs from USB 2.0 chapter 9. */
export interface ControlQuirks {
  /** Standard requests (bRequest) that it stalls although it should answer them. */
  readonly stalls?: readonly number[] | undefined;
  /** It takes any alternate setting of an interface, also one that does not exist. */
  readonly anyAlternate?: boolean | undefined;
  /** It stalls GET_DESCRIPTOR of class descriptors, such as the DFU functional descriptor. */
  readonly noClassDescriptors?: boolean | undefined;
  /** It answers for interfaces and endpoints that it does not have: GET_INTERFACE and GET_STATUS say 0. */
  readonly answersAbsent?: boolean | undefined;
  /** It takes SET_FEATURE and CLEAR_FEATURE of DEVICE_REMOTE_WAKEUP, which it does not have. */
  readonly takesRemoteWakeup?: boolean | undefined;
  /** It gives its strings whatever language is asked for. */
  readonly anyLanguage?: boolean | undefined;
  /** String 0 lists no language. */
  readonly noLanguages?: boolean | undefined;
  /** Index of its first string; those before it are stalled. Default 1. */
  readonly firstString?: number | undefined;
  /**
   * It answers for any interface, there or not: GET_STATUS and GET_INTERFACE say 0, SET_INTERFACE takes
   * alternate 0.
   */
  readonly anyInterface?: boolean | undefined;
  /** Requests to interfaces are answered before SET_CONFIGURATION. */
  readonly beforeConfiguration?: boolean | undefined;
  /**
   * A data stage to the device is taken before anybody looks at the request, and by standard requests
   * that have none; a refusal comes in the status stage.
   */
  readonly dataFirst?: boolean | undefined;
  /** Of the wIndex that names an interface, in a class request, it looks at the low byte only. */
  readonly interfaceLowByte?: boolean | undefined;
  /** GET_STATUS says bus-powered, whatever the configuration descriptor says. */
  readonly hidesSelfPower?: boolean | undefined;
  /**
   * Longest data stages that it has memory for, in bytes; longer ones are stalled before anyone sees
   * them. `diesAt`: the class request (bRequest) that the original does not live to answer after one to
   * the device.
   */
  readonly mostDataBytes?:
    | {
        readonly out: number;
        readonly in: number;
        readonly diesAt?: number | undefined;
      }
    | undefined;
}

/** What the requests are answered from. */
interface Chapter9Parts {
  readonly words: DeviceWords;
  readonly strings: StringTable;
  readonly configurations: readonly ConfigurationState[];
  readonly quirks: ControlQuirks;
  readonly speed: UsbSpeed;
}

/** bmRequestType bits 6..5 and 4..0. */
const TYPE = 0x60;
const RECIPIENT = 0x1f;

const ZERO_STATUS: Uint8Array = Uint8Array.of(0, 0);
const SELF_POWERED_STATUS: Uint8Array = Uint8Array.of(1, 0);
const NO_ALTERNATE: Uint8Array = Uint8Array.of(0);
const HALTED_STATUS: Uint8Array = Uint8Array.of(1, 0);

/**
 * Whether the host means English although it says otherwise. Language 0 asks for the list of languages
 * (USB 2.0 §9.6.7); hosts that ask for a string with it want that string, and most devices give it.
 */
function english(language: number, { anyLanguage }: ControlQuirks): boolean {
  return anyLanguage === true || language === 0;
}

function reply(data: Uint8Array | undefined): SetupAnswer {
  return data === undefined ? STALL : { stage: 'in', data };
}

/** Alternate 0 of an interface that may be there or not (`ControlQuirks.anyInterface`). */
function answerForAnyInterface({
  bmRequestType,
  bRequest,
  wValue,
  wIndex,
}: SetupPacket): SetupAnswer {
  if (wIndex > 0xff) return STALL;
  if ((bmRequestType & 0x80) === 0) {
    return bRequest === StandardRequest.SET_INTERFACE && wValue === 0 ? STATUS : STALL;
  }
  if (bRequest === StandardRequest.GET_STATUS) return reply(ZERO_STATUS);
  return reply(bRequest === StandardRequest.GET_INTERFACE ? NO_ALTERNATE : undefined);
}

/**
 * The standard requests of a device (USB 2.0 §9.4), and the state that they set: address,
 * configuration, alternate settings, halted endpoints. Default and address state are alike here, but
 * for the address: a link that carries no SET_ADDRESS (USB/IP) leaves a device in the default state.
 */
export class Chapter9 {
  readonly parts: Chapter9Parts;
  address = 0;
  current: ConfigurationState | undefined;
  /** Takes effect when the status stage has ended (USB 2.0 §9.4.6). */
  #pendingAddress: number | undefined;
  readonly #halted = new Set<number>();

  constructor(parts: Chapter9Parts) {
    this.parts = parts;
  }

  /** Whose business a class or vendor request is; undefined: the device's own, or nobody's. */
  ownerOf({ bmRequestType, wIndex }: SetupPacket): UsbFunction | undefined {
    if ((bmRequestType & TYPE) === RequestType.standard) return undefined;
    if ((bmRequestType & RECIPIENT) !== Recipient.interface) return undefined;
    const { interfaceLowByte = false, beforeConfiguration = false } = this.parts.quirks;
    const current =
      this.current ?? (beforeConfiguration ? this.parts.configurations[0] : undefined);
    return current?.interfaces.get(interfaceLowByte ? wIndex & 0xff : wIndex)?.owner;
  }

  /** Bus reset, or the device is off the bus. */
  unaddress(): void {
    this.address = 0;
    this.current = undefined;
    this.#pendingAddress = undefined;
    this.#halted.clear();
  }

  /** The host gave up the transfer: no status stage. */
  abandoned(): void {
    this.#pendingAddress = undefined;
  }

  /** The status stage of a standard request has ended. */
  done(): void {
    if (this.#pendingAddress !== undefined) this.address = this.#pendingAddress;
    this.#pendingAddress = undefined;
  }

  /** SET_CONFIGURATION (USB 2.0 §9.4.7). False: no such configuration. */
  configure(value: number): boolean {
    const next = this.parts.configurations.find((each) => each.value === value);
    if (next === undefined && value !== 0) return false;
    this.#halted.clear();
    this.current = next;
    if (next === undefined) return true;
    for (const each of next.interfaces.values()) each.alternate = 0;
    for (const each of next.functions) each.configured();
    return true;
  }

  /** SET_INTERFACE (USB 2.0 §9.4.10). False: no such interface or alternate setting. */
  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    const found = this.current?.interfaces.get(interfaceNumber);
    if (found === undefined) return false;
    if (!found.alternates.has(alternate) && this.parts.quirks.anyAlternate !== true) return false;
    if (!found.owner.alternate(interfaceNumber, alternate)) return false;
    found.alternate = alternate;
    for (const address of found.alternates.get(alternate) ?? []) this.#halted.delete(address);
    return true;
  }

  /** Answers a standard request. */
  answer(packet: SetupPacket): SetupAnswer {
    if (this.parts.quirks.stalls?.includes(packet.bRequest) === true) return STALL;
    const { anyInterface = false } = this.parts.quirks;
    if (anyInterface && (packet.bmRequestType & RECIPIENT) === Recipient.interface) {
      return answerForAnyInterface(packet);
    }
    return isIn(packet) ? this.#get(packet) : this.#set(packet);
  }

  #get(packet: SetupPacket): SetupAnswer {
    const { bRequest, wValue, wIndex } = packet;
    const recipient = packet.bmRequestType & RECIPIENT;
    switch (bRequest) {
      case StandardRequest.GET_STATUS:
        return wValue === 0 ? reply(this.#status(recipient, wIndex)) : STALL;
      case StandardRequest.GET_DESCRIPTOR:
        return reply(this.#descriptor(packet));
      case StandardRequest.GET_CONFIGURATION:
        if (recipient !== Recipient.device) return STALL;
        return reply(Uint8Array.of(this.current?.value ?? 0));
      case StandardRequest.GET_INTERFACE: {
        if (recipient !== Recipient.interface) return STALL;
        const found = this.#interface(wIndex);
        if (found === undefined) return this.#absent(NO_ALTERNATE);
        return reply(Uint8Array.of(found.alternate));
      }
      default: // also SYNCH_FRAME: there are no isochronous endpoints
        return STALL;
    }
  }

  #set({ bmRequestType, bRequest, wValue, wIndex, wLength }: SetupPacket): SetupAnswer {
    const recipient = bmRequestType & RECIPIENT;
    // None that is supported has a data stage; SET_DESCRIPTOR, which has, is optional.
    if (wLength !== 0) return STALL;
    switch (bRequest) {
      case StandardRequest.CLEAR_FEATURE:
      case StandardRequest.SET_FEATURE: {
        const set = bRequest === StandardRequest.SET_FEATURE;
        // DEVICE_REMOTE_WAKEUP and TEST_MODE, the features of a device, are not supported.
        if (recipient === Recipient.device && wValue === Feature.DEVICE_REMOTE_WAKEUP) {
          return this.parts.quirks.takesRemoteWakeup === true ? STATUS : STALL;
        }
        if (recipient !== Recipient.endpoint || wValue !== Feature.ENDPOINT_HALT) return STALL;
        return this.#halt(wIndex, set) ? STATUS : STALL;
      }
      case StandardRequest.SET_ADDRESS:
        if (recipient !== Recipient.device || wValue > 127 || wIndex !== 0) return STALL;
        if (this.current !== undefined) return STALL;
        this.#pendingAddress = wValue;
        return STATUS;
      case StandardRequest.SET_CONFIGURATION:
        if (recipient !== Recipient.device || wIndex !== 0) return STALL;
        return this.configure(wValue) ? STATUS : STALL;
      case StandardRequest.SET_INTERFACE:
        if (recipient !== Recipient.interface) return STALL;
        return this.selectAlternate(wIndex, wValue) ? STATUS : STALL;
      default:
        return STALL;
    }
  }

  /** What it says of an interface or endpoint that does not exist. */
  #absent(answer: Uint8Array): SetupAnswer {
    const answers = this.parts.quirks.answersAbsent === true && this.current !== undefined;
    return reply(answers ? answer : undefined);
  }

  #interface(number: number): InterfaceState | undefined {
    return this.current?.interfaces.get(number);
  }

  #status(recipient: number, wIndex: number): Uint8Array | undefined {
    switch (recipient) {
      case Recipient.device: {
        if (wIndex !== 0) return undefined;
        const { configurations, quirks } = this.parts;
        if (quirks.hidesSelfPower === true) return ZERO_STATUS;
        const selfPowered = (this.current ?? configurations[0])?.selfPowered === true;
        return selfPowered ? SELF_POWERED_STATUS : ZERO_STATUS;
      }
      case Recipient.interface:
        return this.#interface(wIndex) && ZERO_STATUS;
      case Recipient.endpoint:
        if (!this.#hasEndpoint(wIndex)) {
          return this.parts.quirks.answersAbsent === true ? ZERO_STATUS : undefined;
        }
        return this.#halted.has(wIndex) ? HALTED_STATUS : ZERO_STATUS;
      default:
        return undefined;
    }
  }

  #hasEndpoint(address: number): boolean {
    if ((address & 0xff7f) === 0) return true;
    for (const { alternates, alternate } of this.current?.interfaces.values() ?? []) {
      if (alternates.get(alternate)?.includes(address) === true) return true;
    }
    return false;
  }

  #halt(address: number, set: boolean): boolean {
    if (!this.#hasEndpoint(address)) return false;
    // Endpoint 0 never stays halted (USB 2.0 §8.5.3.4): clearing it is nothing, setting it refused.
    if ((address & 0x7f) === 0) return !set;
    if (set) this.#halted.add(address);
    else this.#halted.delete(address);
    return true;
  }

  #descriptor(packet: SetupPacket): Uint8Array | undefined {
    const { bmRequestType, wValue, wIndex } = packet;
    const recipient = bmRequestType & RECIPIENT;
    const type = wValue >> 8;
    const index = wValue & 0xff;
    if (recipient === Recipient.interface) {
      if (this.parts.quirks.noClassDescriptors === true) return undefined;
      return this.#interface(wIndex)?.owner.descriptor?.(type, index);
    }
    if (recipient !== Recipient.device) return undefined;
    const { words, strings, configurations, speed, quirks } = this.parts;
    switch (type) {
      case DescriptorType.device:
        return index === 0 ? words.device : undefined;
      case DescriptorType.configuration:
        return configurations[index]?.bytes;
      case DescriptorType.string:
        return strings.read(index, english(wIndex, quirks) ? LANGUAGE_ENGLISH : wIndex);
      case DescriptorType.deviceQualifier:
        return index === 0 ? words.qualifier : undefined;
      case DescriptorType.otherSpeedConfiguration: {
        const found = speed === 'high' ? configurations[index] : undefined;
        return found && otherSpeed(found);
      }
      case DescriptorType.bos:
        return index === 0 ? words.bos : undefined;
      default:
        return this.#classDescriptor(type, index);
    }
  }

  /** dfu-util asks the device, not the interface, for the functional descriptor. */
  #classDescriptor(type: number, index: number): Uint8Array | undefined {
    if (this.parts.quirks.noClassDescriptors === true) return undefined;
    const { functions = [] } = this.current ?? this.parts.configurations[0] ?? {};
    for (const each of functions) {
      const found = each.descriptor?.(type, index);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
