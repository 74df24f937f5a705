import { DfuError } from '../../bytes/index.ts';
import { joinedBus } from '../../usb/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import type { NativeUsbModule } from '../../link/node-usb/index.ts';
import { packageNamed } from '../shared/package-named.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What `--bus` takes, for the help. */
export const BUS_FORMS = 'native, or usbip://HOST[:PORT]';

/** What is told of a bus that cannot be reached, and of one that can again: then without an error. */
type BusTrouble = (station: string, error: unknown) => void;

/**
 * The buses that `--bus` names, as one; each is a station by the text that names it. Throws what `openBus` throws, and
 * `INVALID_ARGUMENT` for the same one twice.
 */
export async function openBuses(
  { openBus = openNamed }: Pick<Terminal, 'openBus'>,
  texts: readonly string[],
  clock: Clock,
  onTrouble: BusTrouble,
): Promise<UsbBus> {
  const twice = texts.find((text, at) => texts.indexOf(text) !== at);
  if (twice !== undefined) {
    throw new DfuError('INVALID_ARGUMENT', `--bus: ${twice} is given twice`);
  }
  for (const text of texts) if (text !== 'native') usbipAddress(text);
  const buses = await Promise.all(
    texts.map(async (station) => ({ station, bus: await openBus(station, clock) })),
  );
  return joinedBus(buses, { onTrouble });
}

/**
 * The bus that `--bus` names; what it needs is loaded now and not before. Throws `INVALID_ARGUMENT`,
 * and `NO_USB` where this machine has no USB.
 */
async function openNamed(text: string, clock: Clock): Promise<UsbBus> {
  if (text === 'native') {
    const { nodeUsbBus } = await import('../../link/node-usb/index.ts');
    return nodeUsbBus({ clock, load: async () => packageNamed('usb') as NativeUsbModule });
  }
  const { host, port } = usbipAddress(text);
  const { USBIP_PORT, usbipBus } = await import('../../link/usbip/index.ts');
  return usbipBus({ host, port: port ?? USBIP_PORT, clock });
}

function usbipAddress(text: string): { readonly host: string; readonly port: number | undefined } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url?.pathname === '' || url?.pathname === '/';
  if (url?.protocol !== 'usbip:' || url.hostname === '' || !bare) {
    throw new DfuError('INVALID_ARGUMENT', `--bus: expected ${BUS_FORMS}, got "${text}"`);
  }
  const port = url.port === '' ? undefined : Number(url.port);
  if (port === 0) {
    throw new DfuError('INVALID_ARGUMENT', `--bus: expected a port from 1 to 65535, got "${text}"`);
  }
  // An IPv6 address stands in brackets in a URL, and nowhere else.
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}
