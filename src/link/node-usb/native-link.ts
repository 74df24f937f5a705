import { DfuError } from '../../bytes/index.ts';
import {
  ControlWire,
  DIRECTION_IN,
  LinkedPipe,
  PipeState,
  StandardRequest,
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
  ControlTransfers,
  DeviceIdentity,
  OpenLimits,
  PipeLink,
  TransferEnd,
  WireTransfer,
} from '../../usb/index.ts';
import { nativeError, nativeErrorCode, noAccess } from './native-errors.ts';
import type { NativeDevice } from './native-usb.ts';

/**
 * A device that is pulled out looks like a broken wire first. How long to wait for the system to say
 * that it has gone, in ms.
 */
const FAULT_MS = 200;

/** What an open device needs of its bus. */
interface NativeSurroundings {
  readonly clock: Clock;
  /** How long opening may take. */
  readonly limits?: OpenLimits | undefined;
  /** Calls back when the device has left the bus; the answer stops that. */
  readonly left: (gone: () => void) => () => void;
}

/** Opens a device and reads what it is. */
export async function openNative(
  native: NativeDevice,
  listed: BusDevice,
  around: NativeSurroundings,
): Promise<ControlPipe> {
  const { path } = listed.location;
  if (native.opened) throw new DfuError('BUSY', `${path}: this process has it open already`);
  try {
    await native.open();
  } catch (error) {
    if (nativeErrorCode(error) === 'ACCESS') throw noAccess(native, path, error);
    throw nativeError(error, `opening ${path}`);
  }
  const link = new NativeLink(native, around);
  try {
    const identity = await link.identify(limited(link.wire, around.clock, around.limits));
    const device = { ...listed, descriptor: deviceDescriptor.decode(identity.device) };
    return new LinkedPipe({ device, link, wire: link.wire, state: link.state });
  } catch (error) {
    await link.close();
    throw error;
  }
}

class NativeLink implements PipeLink {
  /** The package has a clock of its own for its transfers. */
  readonly keepsTime = true;
  readonly state: PipeState = new PipeState();
  readonly wire: ControlWire;
  readonly #native: NativeDevice;
  readonly #clock: Clock;
  readonly #stopWaiting: () => void;

  constructor(native: NativeDevice, around: NativeSurroundings) {
    this.#native = native;
    this.#clock = around.clock;
    this.wire = new ControlWire(this, around.clock, around.limits?.timeoutMs);
    this.#stopWaiting = around.left(() => this.#leave());
  }

  /** Reads raw descriptors: the package's own getters fail if a single string does. */
  async identify(transfers: ControlTransfers): Promise<DeviceIdentity> {
    const identity = await this.#reachable(() => this.state.identify(transfers));
    await this.#configure(transfers, identity);
    return identity;
  }

  /** The package cannot cancel: what is given up goes on in it until its own time is over. */
  transfer(what: WireTransfer, ended: (how: TransferEnd) => void): (() => void) | undefined {
    return this.state.carry(ended, (end) => {
      this.#start(what).then(end, async (error: unknown) =>
        end({ end: 'failed', error: await this.#meaning(what, error) }),
      );
      return undefined;
    });
  }

  async #start({ packet, data, timeoutMs }: WireTransfer): Promise<TransferEnd> {
    const setup = webUsbSetup(packet);
    if (data !== undefined) {
      // The data must be there even where there are none: without it the package throws.
      const done = await this.#native.controlTransferOut(setup, data, timeoutMs);
      return done.status === 'stall' ? { end: 'stall' } : { end: 'out', taken: done.bytesWritten };
    }
    const length = packet.wLength;
    const answer = await this.#native.controlTransferIn(setup, length, timeoutMs);
    if (answer.status === 'stall') return { end: 'stall' };
    if (answer.data === undefined) return { end: 'in', data: new Uint8Array(0) };
    const { buffer, byteOffset, byteLength } = answer.data;
    return { end: 'in', data: new Uint8Array(buffer, byteOffset, Math.min(byteLength, length)) };
  }

  claim(interfaceNumber: number): Promise<void> {
    return this.#do(`claiming interface ${interfaceNumber}`, () =>
      this.#native.claimInterface(interfaceNumber),
    );
  }

  /** Also of a device that has left: its file stays open as long as an interface is claimed. */
  release(interfaceNumber: number): Promise<void> {
    const release = (): Promise<void> => this.#native.releaseInterface(interfaceNumber);
    if (this.state.over) return ignored(release);
    return this.#do(`releasing interface ${interfaceNumber}`, release);
  }

  /** Always sent: which alternate is current, the package does not know. */
  select(interfaceNumber: number, alternate: number): Promise<void> {
    return this.#do(`selecting alternate ${alternate} of interface ${interfaceNumber}`, () =>
      this.#native.selectAlternateInterface(interfaceNumber, alternate),
    );
  }

  async reset(): Promise<'same' | 'gone'> {
    const { state } = this;
    try {
      // Linux takes claimed interfaces away in a reset, and a claim keeps the device file open.
      for (const interfaceNumber of state.held()) await this.release(interfaceNumber);
      await this.#do('resetting the port', () => this.#native.reset());
      if (await this.#reachable(() => state.isSame(this.wire))) {
        await state.holdAgain(this);
        return 'same';
      }
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      if (error.code === 'UNSUPPORTED' || error.code === 'ACCESS') {
        await ignored(() => state.holdAgain(this));
        throw error;
      }
    }
    await this.close();
    return 'gone';
  }

  async close(): Promise<void> {
    this.#leave();
    // Closing alone leaves the device file open as long as an interface is claimed.
    for (const interfaceNumber of this.state.held()) await this.release(interfaceNumber);
    await ignored(() => this.#native.close());
  }

  /**
   * WinUSB answers requests to the device by way of a claimed interface only, and nothing is claimed
   * when a device is identified.
   */
  async #reachable<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (DfuError.is(error, 'DISCONNECTED')) throw error;
      const claimed = await this.claim(0).then(
        () => true,
        () => false,
      );
      if (!claimed) throw error;
      try {
        return await work();
      } finally {
        await this.release(0);
      }
    }
  }

  /** Linux and Windows configure a device themselves; one that is not configured is given its first. */
  async #configure(transfers: ControlTransfers, { configurations }: DeviceIdentity): Promise<void> {
    const value = configurations[0]?.[5];
    if (value === undefined) return;
    const bRequest = StandardRequest.GET_CONFIGURATION;
    const request = { bmRequestType: DIRECTION_IN, bRequest, wValue: 0, wIndex: 0 };
    try {
      const [current] = await transfers.controlIn(request, 1);
      if (current === 0) await this.#native.selectConfiguration(value);
    } catch {
      // riotboot's USB stack stalls GET_CONFIGURATION; the system has seen to it then.
    }
  }

  #leave(): void {
    if (this.state.over) return;
    this.#stopWaiting();
    this.state.leave();
  }

  async #do(doing: string, work: () => Promise<void>): Promise<void> {
    if (this.state.over) throw new DfuError('DISCONNECTED', `${doing}: the device has gone`);
    try {
      await work();
    } catch (error) {
      const meant = nativeError(error, doing);
      if (meant.code === 'DISCONNECTED') this.#leave();
      throw meant;
    }
  }

  async #meaning({ packet, timeoutMs }: WireTransfer, error: unknown): Promise<DfuError> {
    const code = nativeErrorCode(error);
    if (code === 'STALLED') return transferError.stalled(packet, error);
    if (code === 'TIMEOUT') return transferError.timeout(packet, timeoutMs, error);
    if (code === 'PROTOCOL') await this.state.goneWithin(this.#clock, FAULT_MS);
    if (code === 'DISCONNECTED') this.#leave();
    return this.state.over
      ? transferError.disconnected(packet, error)
      : nativeError(error, describeRequest(packet));
  }
}

async function ignored(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    // Already closed, or the device has gone.
  }
}
