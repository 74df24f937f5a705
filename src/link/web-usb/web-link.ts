import { DfuError } from '../../bytes/index.ts';
import {
  ControlWire,
  LinkedPipe,
  PipeState,
  describeRequest,
  deviceDescriptor,
  limited,
  transferError,
  webUsbSetup,
} from '../../usb/index.ts';
import type {
  BusDevice,
  Clock,
  ControlPipe,
  DeviceIdentity,
  OpenLimits,
  PipeLink,
  TransferEnd,
  WireTransfer,
} from '../../usb/index.ts';
import { webError } from './web-errors.ts';
import type { Doing } from './web-errors.ts';
import type { WebUsbDevice } from './web-usb-device.ts';
import { within } from './within.ts';

/** A device that is pulled out looks like a broken transfer first: how long to wait for the word that it has gone, in ms. */
const FAULT_MS = 200;

const NOTHING = new Uint8Array(0);

/** What an open device needs of its bus. */
interface WebSurroundings {
  readonly clock: Clock;
  /** How long opening may take. */
  readonly limits?: OpenLimits | undefined;
  /** Calls back when the device has left the bus; the answer stops that. */
  readonly left: (gone: () => void) => () => void;
  /** Called once the pipe is closed. */
  readonly closed: () => void;
}

/** Opens a device and reads what it is. One that the page has opened itself stays open afterwards. */
export async function openWeb(
  web: WebUsbDevice,
  listed: BusDevice,
  around: WebSurroundings,
): Promise<ControlPipe> {
  const isLent = web.opened;
  const { path } = listed.location;
  if (!isLent) await opened(web, `opening ${path}`, around);
  const link = new WebLink(web, { ...around, isLent });
  try {
    const identity = await link.identify(around);
    const device = { ...listed, descriptor: deviceDescriptor.decode(identity.device) };
    return new LinkedPipe({ device, link, wire: link.wire, state: link.state });
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** Opens it. What opens too late for that is closed again. */
async function opened(web: WebUsbDevice, what: string, around: WebSurroundings): Promise<void> {
  const { clock, limits: { timeoutMs, totalMs, signal } = {} } = around;
  const opening = web.open();
  try {
    await within({ clock, ms: totalMs ?? timeoutMs, signal }, what, () => opening);
  } catch (error) {
    void opening.then(
      () => ignored(() => web.close()),
      () => {},
    );
    throw webError(error, 'open', what);
  }
}

class WebLink implements PipeLink {
  readonly state: PipeState = new PipeState();
  readonly wire: ControlWire;
  readonly #web: WebUsbDevice;
  readonly #clock: Clock;
  /** Most time for what the browser does besides transfers, in ms. */
  readonly #ms: number | undefined;
  readonly #isLent: boolean;
  readonly #closed: () => void;
  readonly #stopWaiting: () => void;
  #configurationValue: number | undefined;

  constructor(web: WebUsbDevice, around: WebSurroundings & { readonly isLent: boolean }) {
    this.#web = web;
    this.#clock = around.clock;
    this.#ms = around.limits?.timeoutMs;
    this.#isLent = around.isLent;
    this.#closed = around.closed;
    this.wire = new ControlWire(this, around.clock, around.limits?.timeoutMs);
    this.#stopWaiting = around.left(() => this.#leave());
  }

  async identify({ clock, limits }: WebSurroundings): Promise<DeviceIdentity> {
    const identity = await this.state.identify(limited(this.wire, clock, limits));
    // bConfigurationValue is the sixth byte (USB 2.0 table 9-10).
    this.#configurationValue = identity.configurations[0]?.[5];
    await this.#configure();
    return identity;
  }

  /** WebUSB cannot cancel: what is given up goes on in the browser. */
  transfer(what: WireTransfer, ended: (how: TransferEnd) => void): (() => void) | undefined {
    return this.state.carry(ended, (end) => {
      this.#start(what).then(end, async (error: unknown) => end(await this.#failed(what, error)));
      return undefined;
    });
  }

  async #start({ packet, data }: WireTransfer): Promise<TransferEnd> {
    const setup = webUsbSetup(packet);
    if (data !== undefined) {
      const done = await this.#web.controlTransferOut(setup, data as Uint8Array<ArrayBuffer>);
      return done.status === 'stall' ? { end: 'stall' } : { end: 'out', taken: done.bytesWritten };
    }
    const length = packet.wLength;
    const answer = await this.#web.controlTransferIn(setup, length);
    if (answer.status === 'stall') return { end: 'stall' };
    if (answer.status === 'babble') {
      const message = `${describeRequest(packet)}: the device sent more than was asked for`;
      return { end: 'failed', error: new DfuError('PROTOCOL', message) };
    }
    if (answer.data === undefined) return { end: 'in', data: NOTHING };
    const { buffer, byteOffset, byteLength } = answer.data;
    return { end: 'in', data: new Uint8Array(buffer, byteOffset, Math.min(byteLength, length)) };
  }

  claim(interfaceNumber: number): Promise<void> {
    const what = `claiming interface ${interfaceNumber}`;
    return this.#do('claim', what, () => this.#web.claimInterface(interfaceNumber));
  }

  release(interfaceNumber: number): Promise<void> {
    const what = `releasing interface ${interfaceNumber}`;
    return ignored(() => this.#within(what, () => this.#web.releaseInterface(interfaceNumber)));
  }

  select(interfaceNumber: number, alternate: number): Promise<void> {
    const what = `selecting alternate ${alternate} of interface ${interfaceNumber}`;
    return this.#do('select', what, () =>
      this.#web.selectAlternateInterface(interfaceNumber, alternate),
    );
  }

  /** What a reset leaves of configuration and claims, WebUSB does not say: both are made anew. */
  async reset(): Promise<'same' | 'gone'> {
    const { state } = this;
    try {
      for (const interfaceNumber of state.held()) await this.release(interfaceNumber);
      await this.#do('reset', 'resetting the port', () => this.#web.reset());
      if (await state.isSame(this.wire)) {
        await this.#configure();
        await state.holdAgain(this);
        return 'same';
      }
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      await state.goneWithin(this.#clock, FAULT_MS);
      if (!state.over && error.code === 'UNSUPPORTED') {
        await ignored(() => state.holdAgain(this));
        throw error;
      }
    }
    await this.close();
    return 'gone';
  }

  async close(): Promise<void> {
    this.#leave();
    if (!this.#isLent) await ignored(() => this.#within('closing', () => this.#web.close()));
    this.#closed();
  }

  async #configure(): Promise<void> {
    const value = this.#configurationValue;
    if (value === undefined || this.#web.configuration !== null) return;
    await this.#do('select', `selecting configuration ${value}`, () =>
      this.#web.selectConfiguration(value),
    );
  }

  #leave(): void {
    if (this.state.over) return;
    this.#stopWaiting();
    this.state.leave();
  }

  async #do(doing: Doing, what: string, work: () => Promise<void>): Promise<void> {
    if (this.state.over) throw new DfuError('DISCONNECTED', `${what}: the device has gone`);
    try {
      await this.#within(what, work);
    } catch (error) {
      const meant = webError(error, doing, what);
      if (!this.#hasGone(meant)) throw meant;
      this.#leave();
      throw new DfuError('DISCONNECTED', `${what}: the device has gone`, { cause: error });
    }
  }

  #within(what: string, work: () => Promise<void>): Promise<void> {
    return within({ clock: this.#clock, ms: this.#ms }, what, work);
  }

  async #failed({ packet, timeoutMs }: WireTransfer, error: unknown): Promise<TransferEnd> {
    const meant = webError(error, 'transfer', describeRequest(packet));
    if (meant.code === 'TIMEOUT') {
      return { end: 'failed', error: transferError.timeout(packet, timeoutMs, error) };
    }
    // A browser says the same of a device that has gone and of one that broke off.
    if (meant.code === 'IO') await this.state.goneWithin(this.#clock, FAULT_MS);
    if (this.#hasGone(meant)) this.#leave();
    return this.state.over ? { end: 'lost' } : { end: 'failed', error: meant };
  }

  /** A browser closes what has gone. */
  #hasGone({ code }: DfuError): boolean {
    return code === 'DISCONNECTED' || !this.#web.opened;
  }
}

async function ignored(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    // Already closed, or the device has gone.
  }
}
