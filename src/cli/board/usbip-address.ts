import { DfuError } from '../../bytes/index.ts';

/** Where a USB/IP server listens. */
export interface UsbipAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT`, `[IPv6]:PORT`, `:PORT` or `PORT`. Throws `INVALID_ARGUMENT`. */
export function parseUsbipAddress(text: string): UsbipAddress {
  const [, bracketed, plain, portText] =
    /^(?:(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(portText);
  if (portText === undefined || port > 0xffff) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      `USB/IP address: expected HOST:PORT, e.g. 127.0.0.1:3240, got "${text}"`,
    );
  }
  const host = bracketed ?? (plain === undefined || plain === '' ? '127.0.0.1' : plain);
  return { host, port };
}
