import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { DfuError } from '../../bytes/index.ts';
import type { Clock } from '../../usb/index.ts';
import { Connection } from './connection.ts';
import type { ExportedDevice } from './exported-device.ts';
import { OperationStatus, speedNumber } from './protocol.ts';

/** Where Linux's USB/IP client shows its ports. */
const VHCI_PATH = '/sys/devices/platform/vhci_hcd.0';
/** State of a port that nothing is attached to (VDEV_ST_NULL). */
const PORT_FREE = 4;
/**
 * How long the machine may take to connect to itself, in ms. Nobody waits for it but a machine that has
 * no time for us: nothing is lost by patience.
 */
const CONNECT_MS = 60_000;
/**
 * Least time between a device's leaving and its coming back, in ms: time for the kernel, udev and
 * libusb to see that it had left.
 */
const REATTACH_MS = 300;

/** How a device is attached to this machine's kernel. */
export interface AttachOptions {
  /** Default: where Linux has it. */
  readonly vhciPath?: string | undefined;
  /** What happens, line by line. */
  readonly log?: ((line: string) => void) | undefined;
  /** Called when attaching it again, after it had left the bus, did not work. */
  readonly failed?: ((error: DfuError) => void) | undefined;
}

/** A device that is attached to this machine's kernel. */
export interface KernelAttachment {
  /** The port of vhci_hcd that it is at now; undefined while it is off the bus. */
  readonly port: number | undefined;
  /** Detaches it, and leaves it off. */
  close(): Promise<void>;
}

/** A line of the status file. */
interface VhciPort {
  readonly hub: string;
  readonly port: number;
  readonly state: number;
}

/**
 * Attaches a device to this machine's own kernel (Linux, root, module vhci_hcd), as `usbip attach`
 * would, and again each time that the device comes back to the bus. Needs no USB/IP tools, and the
 * server need not listen. Throws `NO_USB` without vhci_hcd, `ACCESS` without permission, `BUSY` if no
 * port is free or another has imported the device.
 */
export async function attachToKernel(
  device: ExportedDevice,
  options: AttachOptions = {},
): Promise<KernelAttachment> {
  const attachment = new VhciAttachment(device, options);
  await attachment.start();
  return attachment;
}

class VhciAttachment implements KernelAttachment {
  port: number | undefined;
  readonly #device: ExportedDevice;
  readonly #path: string;
  readonly #options: AttachOptions;
  #connection: Connection | undefined;
  #work: Promise<void> = Promise.resolve();
  #leftMs = -Infinity;
  #closed = false;
  #cancelReattach: () => void = () => {};
  #unwatch: () => void = () => {};

  constructor(device: ExportedDevice, options: AttachOptions) {
    this.#device = device;
    this.#path = options.vhciPath ?? VHCI_PATH;
    this.#options = options;
  }

  async start(): Promise<void> {
    // Also where the device is off the bus now: what is missing shall be known at once.
    readPorts(this.#path);
    if (this.#device.attached) await this.#attach();
    this.#unwatch = this.#device.watch({
      attached: () => this.#cameBack(),
      detached: () => {
        this.#leftMs = this.#device.clock.now();
        this.#cancelReattach();
        this.port = undefined;
      },
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    this.#cancelReattach();
    await this.#work;
    this.#connection?.finish('detached from the kernel');
    this.port = undefined;
  }

  #cameBack(): void {
    const { clock } = this.#device;
    const time = Math.max(clock.now(), this.#leftMs + REATTACH_MS);
    this.#cancelReattach = clock.at(time, () => {
      this.#work = this.#work.then(() => this.#attachAgain());
    });
  }

  async #attachAgain(): Promise<void> {
    if (this.#closed || !this.#device.attached) return;
    try {
      await this.#attach();
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      this.#options.log?.(`${this.#device.busId}: ${error.message}`);
      this.#options.failed?.(error);
    }
  }

  async #attach(): Promise<void> {
    const device = this.#device;
    if (device.importStatus() === OperationStatus.busy) {
      throw new DfuError('BUSY', `${device.busId} is imported by another`);
    }
    const { kernelEnd, ourEnd } = await socketPair(device.clock);
    try {
      const connection = new Connection(ourEnd, device.clock);
      const port = this.#handOver(kernelEnd);
      this.#connection = connection;
      this.port = port;
      connection.onEnd(() => {
        if (this.#connection === connection) this.port = undefined;
      });
      device.lend(connection);
      this.#options.log?.(`${device.busId}: attached to vhci_hcd port ${port}`);
    } catch (error) {
      ourEnd.destroy();
      throw error;
    } finally {
      // Not end(): that would shut the connection down for the kernel, too.
      kernelEnd.destroy();
    }
  }

  /** Gives a socket to the kernel; it keeps it when ours is closed. Answers the port. */
  #handOver(socket: Socket): number {
    const fd = stopReading(socket);
    const device = this.#device;
    const hub = device.speed >= speedNumber('super') ? 'ss' : 'hs';
    const free = readPorts(this.#path).filter(
      (each) => each.hub === hub && each.state === PORT_FREE,
    );
    for (const { port } of free) {
      try {
        const words = [port, fd, device.deviceId, device.speed];
        writeFileSync(join(this.#path, 'attach'), words.join(' '));
        return port;
      } catch (error) {
        // Another has taken it since the status was read.
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw vhciError(error, this.#path);
      }
    }
    throw new DfuError('BUSY', `vhci_hcd: none of its ports for ${hub} devices is free`);
  }
}

/** Every port of vhci_hcd; each further controller has a status file of its own. */
function readPorts(path: string): VhciPort[] {
  try {
    const files = readdirSync(path).filter((name) => /^status(\.\d+)?$/.test(name));
    if (files.length === 0) throw Object.assign(new Error('no status file'), { code: 'ENOENT' });
    return files.flatMap((name) => parsePorts(readFileSync(join(path, name), 'utf8')));
  } catch (error) {
    throw vhciError(error, path);
  }
}

/** `hs  0000 004 000 00000000 000000 0-0`: hub, port, state, speed, device, socket, bus id. */
function parsePorts(status: string): VhciPort[] {
  return [...status.matchAll(/^(hs|ss)\s+(\d+)\s+(\d+)/gm)].map(([, hub = '', port, state]) => ({
    hub,
    port: Number(port),
    state: Number(state),
  }));
}

function vhciError(error: unknown, path: string): DfuError {
  const { code, message } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const remedy =
      'load it as root with: modprobe vhci-hcd; where modprobe does not find it, it is in a package of its own ' +
      '(linux-modules-extra-$(uname -r) on Ubuntu, the kernel that is not the cloud one on Debian); in a container, load it outside';
    return new DfuError('NO_USB', `the kernel's vhci_hcd is not there (${path}): ${remedy}`, cause);
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new DfuError('ACCESS', `only root may attach a device to the kernel: ${message}`, cause);
  }
  return new DfuError('IO', `vhci_hcd: ${message}`, cause);
}

/** The file descriptor of a socket from which Node will not read any more. */
function stopReading(socket: Socket): number {
  const { _handle: handle } = socket as unknown as {
    readonly _handle?: { readonly fd?: number; readStop?: () => void };
  };
  if (handle?.fd === undefined || handle.fd < 0 || handle.readStop === undefined) {
    throw new DfuError('UNSUPPORTED', 'this Node does not tell the file descriptor of a socket');
  }
  handle.readStop();
  return handle.fd;
}

/** Two ends of one TCP connection inside this machine. */
async function socketPair(clock: Clock): Promise<{ kernelEnd: Socket; ourEnd: Socket }> {
  const server = createServer({ noDelay: true });
  const abort = new AbortController();
  const cancel = clock.at(clock.now() + CONNECT_MS, () => abort.abort());
  const { signal } = abort;
  let kernelEnd: Socket | undefined;
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening', { signal });
    const { port } = server.address() as AddressInfo;
    kernelEnd = connect({ port, host: '127.0.0.1', noDelay: true });
    kernelEnd.pause();
    const accepted = once(server, 'connection', { signal }) as Promise<[Socket]>;
    const [[ourEnd]] = await Promise.all([accepted, once(kernelEnd, 'connect', { signal })]);
    if (ourEnd.remotePort !== kernelEnd.localPort) {
      ourEnd.destroy();
      throw new Error('somebody else took the connection');
    }
    return { kernelEnd, ourEnd };
  } catch (error) {
    kernelEnd?.destroy();
    const why = signal.aborted ? `not within ${CONNECT_MS / 1000} s` : String(error);
    const message = `this machine does not connect to itself (127.0.0.1): ${why}`;
    throw new DfuError('IO', message, { cause: error });
  } finally {
    cancel();
    server.close();
  }
}
