import type {
  FirmwareControlAnswer,
  FirmwareDetachReason,
  FirmwareInterface,
  FirmwareUsb,
  FirmwareUsbDescription,
  FirmwareUsbFunction,
} from '../../seams/firmware-api.ts';
import type { FirmwareUsbMessage } from '../../seams/firmware-dfu.ts';
import type { ControlMessage, DfuAllowMessage } from '../protocol.ts';
import { describeUsb } from './describe-usb.ts';
import { ownBytes } from './link.ts';
import type { BoardLink } from './link.ts';

/** The program's end of the USB port: the handlers of its functions. */
export class UsbEnd implements FirmwareUsb {
  readonly #link: BoardLink;
  #functions: readonly FirmwareUsbFunction[] = [];
  #hear: ((message: FirmwareUsbMessage) => void | Promise<void>) | undefined;

  constructor(link: BoardLink) {
    this.#link = link;
  }

  attach(description: FirmwareUsbDescription): Promise<void> {
    this.#functions = description.functions.slice();
    const { message, bytes } = describeUsb({ ...description, functions: this.#functions });
    return this.#link.ask('usbAttach', [message], bytes).then(() => undefined);
  }

  detach(): Promise<void> {
    return this.#link.call('usbDetach');
  }

  onMessage(listener: (message: FirmwareUsbMessage) => void | Promise<void>): void {
    const first = this.#hear === undefined;
    this.#hear = listener;
    if (first) this.#link.send({ type: 'usb-heard' });
  }

  /** Something has happened at the port. A promise that rejects ends the program, as with lines. */
  happened(message: FirmwareUsbMessage): void {
    this.#link.send({ type: 'usb-taken' });
    void this.#hear?.(message);
  }

  /** A control request to one of the interfaces. */
  async control(message: ControlMessage): Promise<void> {
    const { id, index } = message;
    const owner = this.#functions[index];
    const result = await answer(owner?.type === 'interface' ? owner : undefined, message);
    if (typeof result === 'string') this.#link.send({ type: 'answer', id, stage: result });
    else this.#link.send({ type: 'answer', id, stage: 'in', bytes: ownBytes(result) });
  }

  /** DFU_DETACH: may it be? */
  async allow({ id, index, timeoutMs }: DfuAllowMessage): Promise<void> {
    const owner = this.#functions[index];
    const allowed = owner?.type === 'dfu-runtime' ? await owner.allow?.(timeoutMs) : undefined;
    this.#link.send({ type: 'dfu-allowed', id, timeoutMs: allowed ?? null });
  }

  /** DFU_DETACH is to be carried out. */
  async detached(index: number, reason: FirmwareDetachReason): Promise<void> {
    const owner = this.#functions[index];
    if (owner?.type === 'dfu-runtime' && typeof owner.detach === 'function') {
      await owner.detach(reason);
    }
  }
}

async function answer(
  owner: FirmwareInterface | undefined,
  { setup, bytes: data }: ControlMessage,
): Promise<FirmwareControlAnswer> {
  const [bmRequestType, bRequest, wValue, wIndex, wLength] = setup;
  if (owner?.onControl === undefined) return 'stall';
  return await owner.onControl({ bmRequestType, bRequest, wValue, wIndex, wLength, data });
}
