import { DfuError } from '../../bytes/index.ts';
import type { ManifestBoard } from '../../manifest/index.ts';
import { formatUsbId, parseUsbId } from '../../usb/index.ts';
import type { UsbId } from '../../usb/index.ts';
import { boardNamed } from '../shared/board-named.ts';
import type { Terminal } from '../shared/terminal.ts';

/** In front of ids in DFU mode that other boards may have as well. */
const LOADER = 'dfu:';

/** One board of the command line: `NAME=VID:PID,VID:PID`, `NAME=VID:PID,dfu:VID:PID`, or a board of which it is known what it is in DFU mode. */
async function boardOf(terminal: Terminal, text: string): Promise<ManifestBoard> {
  const equals = text.indexOf('=');
  if (equals > 0) {
    const ids = text.slice(equals + 1).split(',');
    const read = (id: string): string => formatUsbId(parseUsbId(id, `--board ${text}`));
    const usb = ids.filter((id) => !id.startsWith(LOADER)).map(read);
    const loaders = ids.filter((id) => id.startsWith(LOADER));
    const dfuUsb = loaders.map((id) => read(id.slice(LOADER.length)));
    const name = text.slice(0, equals);
    if (usb.length === 0) {
      const words = `what ${name} shows while its firmware runs tells it from other boards with that loader`;
      throw new DfuError('INVALID_ARGUMENT', `--board ${text}: ${words}: say its ids there, too`);
    }
    return { name, usb, ...(dfuUsb.length > 0 && { dfuUsb }) };
  }
  const { firmwareTarget } = await import('../../board/index.ts');
  const model = await boardNamed(terminal, text);
  const { dfuId } = firmwareTarget(model);
  if (dfuId !== undefined) return { name: model.name, usb: [formatUsbId(dfuId)] };
  const words = `the bootloader of ${model.name} has no DFU mode: say the ids of its firmware, as ${model.name}=1209:7d00`;
  throw new DfuError('INVALID_ARGUMENT', `--board ${text}: ${words}`);
}

/** The boards of a command line. */
export async function boardsOf(
  terminal: Terminal,
  texts: readonly string[],
): Promise<ManifestBoard[]> {
  const boards: ManifestBoard[] = [];
  for (const text of texts) boards.push(await boardOf(terminal, text));
  return boards;
}

/** Where no board was named: the one that the file's suffix is for, by the name of the product. */
export function boardOfSuffix(product: string, device: UsbId | undefined): ManifestBoard {
  if (device !== undefined) return { name: product, usb: [formatUsbId(device)] };
  const words = 'which devices the file is for is not said, and its suffix does not say it';
  throw new DfuError('INVALID_ARGUMENT', `${words}: --board NAME=VID:PID,VID:PID`);
}
