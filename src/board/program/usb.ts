import { Device, DfuMode, DfuRuntime } from '../../device/index.ts';
import type {
  Allowance,
  DeviceConfiguration,
  FunctionalOptions,
  UsbFunction,
} from '../../device/index.ts';
import { STALL, STATUS } from '../../usb/index.ts';
import type { SetupAnswer, SetupPacket } from '../../usb/index.ts';
import type {
  FirmwareDfuFunctional,
  FirmwareMedium,
  FirmwareUsbEvent,
} from '../seams/firmware-dfu.ts';
import { FirmwareFunction } from './firmware-function.ts';
import type { Peripherals } from '../seams/peripherals.ts';
import { slotOfArea } from '../seams/slot-of-area.ts';
import { ProgramMedia } from './media.ts';
import { readUsbDescription } from './usb-description.ts';
import type { UsbDescription, UsbFunctionRead, UsbInterface } from './usb-description.ts';
import { withSerial } from '../hardware/usb-identity.ts';
import type { FromProgram, ToProgram, UsbDfuModeMessage, UsbRuntimeMessage } from './protocol.ts';

/** Messages that a program has not taken yet; more are dropped, as Zephyr's logger does. */
const MOST_MESSAGES = 256;

/** The USB device of a program behind a port: descriptors and media here, answers and messages there. */
export class ProgramUsb {
  readonly #board: Peripherals;
  readonly #send: (message: ToProgram) => void;
  readonly #media: ProgramMedia;
  readonly #startMs: number;
  #attached = false;
  #nextId = 0;
  /** The one request that waits for the program. */
  #waiting: { readonly id: number; readonly owner: FirmwareFunction } | undefined;
  /** The DFU_DETACH that waits for the program. */
  #asked: { readonly id: number; readonly answer: (timeoutMs: Allowance) => void } | undefined;
  /** The program listens to messages; how many of them it has not taken yet. */
  #listening = false;
  #messages = 0;

  constructor(board: Peripherals, send: (message: ToProgram) => void) {
    this.#board = board;
    this.#send = send;
    this.#startMs = board.clock.now();
    this.#media = new ProgramMedia(board, (event) => this.#tell(event));
    board.usb.onPlugged((plugged) => this.#tell({ type: plugged ? 'vbus-ready' : 'vbus-removed' }));
  }

  /** Since the program started. */
  uptimeUs(): number {
    return Math.floor((this.#board.clock.now() - this.#startMs) * 1000);
  }

  /** Becomes the device of that description. Throws `DfuError` for one that makes no sense. */
  attach(description: unknown, bytes?: Uint8Array): void {
    const message = readUsbDescription(description, bytes);
    const { idVendor, idProduct, bcdDevice, functions } = message;
    const { profile } = this.#board.dfu;
    const inDfuMode = functions.some(({ type }) => type === 'dfu-mode');
    const { usbIdentity, serial } = this.#board;
    const identity = {
      idVendor,
      idProduct,
      bcdDevice,
      speed: this.#board.usb.speed,
      manufacturer: orNone(message.manufacturer),
      product: orNone(message.product),
      serial: message.serial,
    };
    const inDfu = functions.some(({ type }) => type !== 'interface');
    const device = new Device({
      identity: withSerial(identity, serial, usbIdentity.serial),
      osIdentity: inDfu ? usbIdentity.os : undefined,
      configurations: [this.#configuration(message)],
      quirks: inDfuMode ? { ...profile.control, ...profile.controlInDfuMode } : profile.control,
      onBus: (event) => this.#tell(event),
    });
    this.#attached = true;
    this.#waiting = undefined;
    this.#board.usb.present(device);
  }

  detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#waiting = undefined;
    this.#board.usb.remove();
  }

  /** The program has answered a request. */
  answer(message: Extract<FromProgram, { type: 'answer' }>): void {
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.id !== message.id) return;
    this.#waiting = undefined;
    waiting.owner.answer(answerOf(message));
  }

  /** The program has answered a DFU_DETACH. */
  allowed({ id, timeoutMs }: Extract<FromProgram, { type: 'dfu-allowed' }>): void {
    const asked = this.#asked;
    if (asked?.id !== id) return;
    this.#asked = undefined;
    asked.answer(typeof timeoutMs === 'number' ? timeoutMs : undefined);
  }

  /** The program listens to messages from now on. */
  heard(): void {
    if (this.#listening) return;
    this.#listening = true;
    if (this.#board.usb.plugged) this.#tell({ type: 'vbus-ready' });
  }

  /** The program has taken a message. */
  taken(): void {
    this.#messages = Math.max(0, this.#messages - 1);
  }

  /** The program has ended: nothing is asked of it any more. */
  stop(): void {
    this.#waiting = undefined;
    this.#listening = false;
    this.#board.usb.onPlugged(undefined);
  }

  #tell(event: FirmwareUsbEvent): void {
    if (!this.#listening || this.#messages >= MOST_MESSAGES) return;
    this.#messages += 1;
    this.#send({ type: 'usb', message: { ...event, uptimeUs: this.uptimeUs() } });
  }

  #configuration(message: UsbDescription): DeviceConfiguration {
    const { configuration, highSpeedConfiguration, selfPowered, maxPowerMa } = message;
    const high = this.#board.usb.speed === 'high' && highSpeedConfiguration !== '';
    return {
      functions: message.functions.map((each, index) => this.#function(each, index)),
      selfPowered,
      maxPowerMa,
      name: orNone(high ? highSpeedConfiguration : configuration),
      otherSpeedName: high ? orNone(configuration) : undefined,
    };
  }

  #function(message: UsbFunctionRead, index: number): UsbFunction {
    switch (message.type) {
      case 'interface':
        return this.#interface(message, index);
      case 'dfu-runtime':
        return this.#runtime(message, index);
      case 'dfu-mode':
        return this.#dfuMode(message);
      default:
        return message satisfies never;
    }
  }

  #runtime(message: UsbRuntimeMessage, index: number): UsbFunction {
    const { name, functional, detach, asks, association } = message;
    const board = this.#board;
    const detachCondition = board.dfuGuard.detach;
    return new DfuRuntime({
      ...board.dfu,
      association,
      staysOnBus: detach === 'program',
      detachCondition,
      allow: asks ? (timeoutMs) => this.#askToDetach(index, timeoutMs) : undefined,
      name: orNone(name),
      functional: functionalOf(functional) ?? board.dfu.functional,
      onDetach: ({ reason }) => {
        if (detach === 'program') this.#send({ type: 'dfu-detach', index, reason });
        else if (detach === 'message') this.#tell({ type: 'dfu-detach' });
        else board.enterDfuMode();
      },
    });
  }

  #dfuMode({ functional, media }: UsbDfuModeMessage): UsbFunction {
    const { dfu, dfuGuard, downloads } = this.#board;
    const uploadCondition = dfuGuard.upload;
    const slotOf = (each: FirmwareMedium | undefined): number | undefined =>
      each?.type === 'flash-image' ? slotOfArea(each.area) : undefined;
    const opened = media.map((each) => this.#media.open(each));
    return new DfuMode({
      ...dfu,
      uploadCondition,
      functional: functionalOf(functional) ?? dfu.functional,
      media: opened,
      onManifested: (medium, bytes) => {
        downloads.downloaded(slotOf(media[opened.indexOf(medium)]), bytes);
        this.#tell({ type: 'dfu-download-completed', medium: medium.name });
      },
      onRefused: (refusal) => downloads.refused(slotOf(media[refusal.alternate ?? -1]), refusal),
    });
  }

  #interface(message: UsbInterface, index: number): UsbFunction {
    const { name, triple, descriptors, answers } = message;
    const owner: FirmwareFunction = new FirmwareFunction({
      triple,
      name,
      descriptors,
      ask: answers ? (packet, data) => this.#ask(owner, index, packet, data) : undefined,
    });
    return owner;
  }

  #askToDetach(index: number, timeoutMs: number): Promise<Allowance> {
    this.#nextId += 1;
    const id = this.#nextId;
    this.#send({ type: 'dfu-allow', id, index, timeoutMs });
    // One that was asked before has been given up by the host: it is never answered.
    return new Promise((answer) => {
      this.#asked = { id, answer };
    });
  }

  #ask(owner: FirmwareFunction, index: number, packet: SetupPacket, data: Uint8Array): void {
    const { bmRequestType, bRequest, wValue, wIndex, wLength } = packet;
    this.#nextId += 1;
    this.#waiting = { id: this.#nextId, owner };
    this.#send({
      type: 'control',
      id: this.#nextId,
      index,
      setup: [bmRequestType, bRequest, wValue, wIndex, wLength],
      bytes: data,
    });
  }
}

/** An empty string stands for none. */
function orNone(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function functionalOf(
  functional: FirmwareDfuFunctional | undefined,
): FunctionalOptions | undefined {
  if (functional === undefined) return undefined;
  return {
    bmAttributes: functional.attributes ?? {},
    wDetachTimeOut: functional.detachTimeOutMs,
    wTransferSize: functional.transferSizeBytes,
    bcdDFUVersion: functional.bcdDFUVersion,
  };
}

function answerOf(message: Extract<FromProgram, { type: 'answer' }>): SetupAnswer {
  if (message.stage === 'status') return STATUS;
  // Only a program that has broken out of its interface sends no bytes here.
  const data = message.stage === 'in' ? (message.bytes as Uint8Array | undefined) : undefined;
  return data === undefined ? STALL : { stage: 'in', data };
}
