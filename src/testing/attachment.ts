import { UsbipServer, attachToKernel } from '../link/usbip/index.ts';
import type { KernelAttachment } from '../link/usbip/index.ts';
import type { Clock, UsbDevice } from '../usb/index.ts';

/** How a board is lent to other hosts. */
export interface AttachOptions {
  /** Where the USB/IP server listens; default 127.0.0.1: it knows no password. */
  readonly host?: string | undefined;
  /** Default 0: a free one. */
  readonly port?: number | undefined;
  /** Attach it to this machine's kernel as well (Linux, root, vhci-hcd). Default false. */
  readonly kernel?: boolean | undefined;
  /** What the link does, line by line. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A board that other hosts can reach. */
export interface BenchAttachment {
  readonly host: string;
  readonly port: number;
  /** What USB/IP clients call the board. */
  readonly busId: string;
  /** Where `dfukit --bus` finds it: `usbip://127.0.0.1:3240`. */
  readonly bus: string;
  /** Port of the kernel that it is at now; undefined while it is off the bus, and where it was not asked for. */
  readonly kernelPort: number | undefined;
  /** Takes the board back. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Lends a device; `over` is called when it is taken back. */
export async function attach(
  device: UsbDevice,
  { host = '127.0.0.1', port = 0, kernel = false, log }: AttachOptions,
  { clock, over }: { readonly clock: Clock; readonly over: () => void },
): Promise<BenchAttachment> {
  const server = new UsbipServer({ clock, host, port, log });
  let inKernel: KernelAttachment | undefined;
  const close = async (): Promise<void> => {
    await inKernel?.close();
    await server.close();
    over();
  };
  try {
    const exported = server.add(device);
    const at = await server.listen();
    if (kernel) inKernel = await attachToKernel(exported, { log });
    return {
      ...at,
      busId: exported.busId,
      bus: `usbip://${at.host}:${at.port}`,
      get kernelPort() {
        return inKernel?.port;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
