import { DfuError } from '../../bytes/index.ts';
import {
  DIRECTION_IN,
  StandardRequest,
  TRANSFER_TIMEOUT_MS,
  describeRequest,
  deviceDescriptor,
  readIdentity,
  sameIdentity,
  setupOf,
  sleep,
  throwIfAborted,
  transferError,
} from '../../usb/index.ts';
import type {
  BusDevice,
  Clock,
  ControlPipe,
  ControlRequest,
  DeviceIdentity,
  SetupPacket,
  TransferOptions,
} from '../../usb/index.ts';
import { nativeError, nativeErrorCode, noAccess } from './native-errors.ts';
import { nativeSetup } from './native-usb.ts';
import type { NativeDevice } from './native-usb.ts';

/**
 * A device that is pulled out looks like a broken wire first. How long to wait for the system to say
 * that it has gone, in ms.
 */
const FAULT_MS = 200;

/** What a pipe needs of its bus. */
export interface NativeSurroundings {
  readonly clock: Clock;
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
  const pipe = new NativePipe(native, listed, around);
  try {
    await pipe.identify();
    return pipe;
  } catch (error) {
    await pipe.close();
    throw error;
  }
}

class NativePipe implements ControlPipe {
  readonly gone: Promise<void>;
  readonly #native: NativeDevice;
  readonly #clock: Clock;
  /** Claimed interfaces, each with the alternate that was selected. */
  readonly #claims = new Map<number, number>();
  readonly #stopWaiting: () => void;
  /** Ends of transfers under way, for when the device leaves. */
  readonly #underWay = new Set<() => void>();
  #device: BusDevice;
  #identity: DeviceIdentity | undefined;
  #over = false;
  #resolveGone: () => void = () => {};

  constructor(native: NativeDevice, listed: BusDevice, around: NativeSurroundings) {
    this.#native = native;
    this.#device = listed;
    this.#clock = around.clock;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
    this.#stopWaiting = around.left(() => this.#end());
  }

  get device(): BusDevice {
    return this.#device;
  }

  /** Reads raw descriptors: the package's own getters fail if a single string does. */
  async identify(): Promise<void> {
    const identity = await this.#readIdentity();
    this.#identity = identity;
    this.#device = { ...this.#device, descriptor: deviceDescriptor.decode(identity.device) };
    await this.#configure(identity);
  }

  async #readIdentity(): Promise<DeviceIdentity> {
    try {
      return await readIdentity(this);
    } catch (error) {
      // WinUSB answers requests to the device by way of a claimed interface only.
      if (DfuError.is(error, 'DISCONNECTED') || this.#claims.size > 0) throw error;
      const claimed = await this.claimInterface(0).then(
        () => true,
        () => false,
      );
      if (!claimed) throw error;
      try {
        return await readIdentity(this);
      } finally {
        await this.releaseInterface(0);
      }
    }
  }

  async controlIn(
    request: ControlRequest,
    length: number,
    options: TransferOptions = {},
  ): Promise<Uint8Array> {
    const { timeoutMs = TRANSFER_TIMEOUT_MS } = options;
    const packet = setupOf(request, 'in', length);
    this.#check(packet, options);
    const transfer = this.#native.controlTransferIn(nativeSetup(request), length, timeoutMs);
    const { data, status } = await this.#settled(packet, transfer, options);
    if (status === 'stall') throw transferError.stalled(packet);
    if (data === undefined) return new Uint8Array(0);
    return new Uint8Array(data.buffer, data.byteOffset, Math.min(data.byteLength, length));
  }

  async controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options: TransferOptions = {},
  ): Promise<number> {
    const { timeoutMs = TRANSFER_TIMEOUT_MS } = options;
    const packet = setupOf(request, 'out', data.length);
    this.#check(packet, options);
    // The data must be there even where there are none: without it the package throws.
    const transfer = this.#native.controlTransferOut(nativeSetup(request), data, timeoutMs);
    const { bytesWritten, status } = await this.#settled(packet, transfer, options);
    if (status === 'stall') throw transferError.stalled(packet);
    return bytesWritten;
  }

  async claimInterface(interfaceNumber: number): Promise<void> {
    if (this.#claims.has(interfaceNumber)) return;
    await this.#do(`claiming interface ${interfaceNumber}`, () =>
      this.#native.claimInterface(interfaceNumber),
    );
    this.#claims.set(interfaceNumber, 0);
  }

  async releaseInterface(interfaceNumber: number): Promise<void> {
    if (!this.#claims.delete(interfaceNumber)) return;
    await this.#do(`releasing interface ${interfaceNumber}`, () =>
      this.#native.releaseInterface(interfaceNumber),
    );
  }

  async selectAlternate(interfaceNumber: number, alternate: number): Promise<void> {
    if (!this.#claims.has(interfaceNumber)) {
      const message = `interface ${interfaceNumber} must be claimed before its alternate is selected`;
      throw new DfuError('INVALID_ARGUMENT', message);
    }
    // Always sent: which alternate is current, the package does not know.
    await this.#do(`selecting alternate ${alternate} of interface ${interfaceNumber}`, () =>
      this.#native.selectAlternateInterface(interfaceNumber, alternate),
    );
    this.#claims.set(interfaceNumber, alternate);
  }

  async reset(): Promise<'same' | 'gone'> {
    if (this.#over) return 'gone';
    const held = [...this.#claims];
    try {
      // Linux takes claimed interfaces away in a reset, and a claim keeps the device file open.
      for (const [interfaceNumber] of held) await this.releaseInterface(interfaceNumber);
      await this.#do('resetting the port', () => this.#native.reset());
      const now = await this.#readIdentity();
      if (this.#identity !== undefined && sameIdentity(this.#identity, now)) {
        for (const [interfaceNumber, alternate] of held) {
          await this.claimInterface(interfaceNumber);
          if (alternate !== 0) await this.selectAlternate(interfaceNumber, alternate);
        }
        return 'same';
      }
    } catch (error) {
      if (!DfuError.is(error) || DfuError.is(error, 'UNSUPPORTED')) throw error;
      if (DfuError.is(error, 'ACCESS')) throw error;
    }
    await this.close();
    return 'gone';
  }

  async close(): Promise<void> {
    this.#end();
    // Closing alone leaves the device file open as long as an interface is claimed.
    for (const interfaceNumber of this.#claims.keys()) {
      await ignored(() => this.#native.releaseInterface(interfaceNumber));
    }
    this.#claims.clear();
    await ignored(() => this.#native.close());
  }

  /** Linux and Windows configure a device themselves; one that is not configured is given its first. */
  async #configure({ configurations }: DeviceIdentity): Promise<void> {
    const value = configurations[0]?.[5];
    if (value === undefined) return;
    const bRequest = StandardRequest.GET_CONFIGURATION;
    const request = { bmRequestType: DIRECTION_IN, bRequest, wValue: 0, wIndex: 0 };
    try {
      const [current] = await this.controlIn(request, 1);
      if (current === 0) await this.#native.selectConfiguration(value);
    } catch {
      // riotboot's USB stack stalls GET_CONFIGURATION; the system has seen to it then.
    }
  }

  #check(packet: SetupPacket, { signal }: TransferOptions): void {
    throwIfAborted(signal);
    if (this.#over) throw transferError.disconnected(packet);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopWaiting();
    for (const left of this.#underWay) left();
    this.#resolveGone();
  }

  async #do(doing: string, work: () => Promise<void>): Promise<void> {
    if (this.#over) throw new DfuError('DISCONNECTED', `${doing}: the device has gone`);
    try {
      await work();
    } catch (error) {
      const meant = nativeError(error, doing);
      if (meant.code === 'DISCONNECTED') this.#end();
      throw meant;
    }
  }

  /** The package cannot cancel: what is given up goes on in it until its own time is over. */
  #settled<T>(
    packet: SetupPacket,
    transfer: Promise<T>,
    { timeoutMs = TRANSFER_TIMEOUT_MS, signal }: TransferOptions,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = (): void =>
        reject(new DfuError('ABORTED', 'cancelled', { cause: signal?.reason }));
      const left = (): void => reject(transferError.disconnected(packet));
      const settle = (end: () => void): void => {
        signal?.removeEventListener('abort', abort);
        this.#underWay.delete(left);
        end();
      };
      signal?.addEventListener('abort', abort);
      this.#underWay.add(left);
      transfer.then(
        (value) => settle(() => resolve(value)),
        async (error: unknown) => {
          const meant = await this.#meaning(packet, error, timeoutMs);
          settle(() => reject(meant));
        },
      );
    });
  }

  async #meaning(packet: SetupPacket, error: unknown, timeoutMs: number): Promise<DfuError> {
    const code = nativeErrorCode(error);
    if (code === 'STALLED') return transferError.stalled(packet, error);
    if (code === 'TIMEOUT') return transferError.timeout(packet, timeoutMs, error);
    if (code === 'PROTOCOL') await Promise.race([this.gone, sleep(this.#clock, FAULT_MS)]);
    if (code === 'DISCONNECTED') this.#end();
    return this.#over
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
