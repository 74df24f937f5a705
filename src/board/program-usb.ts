import { DfuError, fromHex, toHex } from '../bytes/index.ts';
import { Device, DfuRuntime } from '../device/index.ts';
import type { UsbFunction } from '../device/index.ts';
import { STALL, STATUS } from '../usb/index.ts';
import type { SetupAnswer, SetupPacket } from '../usb/index.ts';
import { FirmwareFunction } from './firmware-function.ts';
import type { Peripherals } from './peripherals.ts';
import { readUsbDescription } from './usb-description.ts';
import type { FromProgram, ToProgram, UsbFunctionMessage } from './worker-protocol.ts';

/** The USB device of a program in a worker: descriptors here, answers there. */
export class ProgramUsb {
  readonly #board: Peripherals;
  readonly #send: (message: ToProgram) => void;
  #attached = false;
  #nextId = 0;
  /** The one request that waits for the program. */
  #waiting: { readonly id: number; readonly owner: FirmwareFunction } | undefined;

  constructor(board: Peripherals, send: (message: ToProgram) => void) {
    this.#board = board;
    this.#send = send;
  }

  /** Becomes the device of that description. Throws `DfuError` for one that makes no sense. */
  attach(description: unknown): void {
    const { functions, configuration, ...words } = readUsbDescription(description);
    const identity = Object.fromEntries(Object.entries(words).filter(([, value]) => value !== ''));
    const device = new Device({
      identity: { idVendor: words.idVendor, idProduct: words.idProduct, ...identity },
      configurations: [
        {
          functions: functions.map((each, index) => this.#function(each, index)),
          ...(configuration === '' ? {} : { name: configuration }),
        },
      ],
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

  /** The program has ended: nothing is asked of it any more. */
  stop(): void {
    this.#waiting = undefined;
  }

  #function(message: UsbFunctionMessage, index: number): UsbFunction {
    const { type, name, triple, descriptors, answers } = message;
    const board = this.#board;
    if (type === 'dfu-runtime') {
      const named = name === '' ? {} : { name };
      return new DfuRuntime({ ...board.dfu, ...named, onDetach: () => board.enterDfuMode() });
    }
    const owner: FirmwareFunction = new FirmwareFunction({
      triple,
      name,
      descriptors: descriptors.map((text) => fromHex(text)),
      ...(answers && {
        ask: (packet: SetupPacket, data: Uint8Array) => this.#ask(owner, index, packet, data),
      }),
    });
    return owner;
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
      data: toHex(data),
    });
  }
}

function answerOf(message: Extract<FromProgram, { type: 'answer' }>): SetupAnswer {
  if (message.stage === 'status') return STATUS;
  if (message.stage !== 'in') return STALL;
  try {
    return { stage: 'in', data: fromHex(message.data) };
  } catch (error) {
    if (DfuError.is(error)) return STALL;
    throw error;
  }
}
