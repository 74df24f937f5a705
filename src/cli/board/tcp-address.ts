import { DfuError } from '../../bytes/index.ts';

/** Where a server listens. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** As it is typed. */
export function addressText({ host, port }: TcpAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether only this machine reaches it. */
export function isLoopback({ host }: TcpAddress): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function parse(text: string, { what, port: usual }: { what: string; port: number }): TcpAddress {
  const [, bracketed, plain, portText] =
    /^(?:(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(portText);
  if (portText === undefined || port > 0xffff) {
    const expected = `expected HOST:PORT, e.g. 127.0.0.1:${usual}`;
    throw new DfuError('INVALID_ARGUMENT', `${what}: ${expected}, got "${text}"`);
  }
  const host = bracketed ?? (plain === undefined || plain === '' ? '127.0.0.1' : plain);
  return { host, port };
}

/** Reads `HOST:PORT`, `[IPv6]:PORT`, `:PORT` or `PORT`. Throws `INVALID_ARGUMENT`. */
export function parseUsbipAddress(text: string): TcpAddress {
  return parse(text, { what: 'USB/IP address', port: 3240 });
}

/** The same, for debuggers. */
export function parseGdbAddress(text: string): TcpAddress {
  return parse(text, { what: '--gdb', port: 3333 });
}
