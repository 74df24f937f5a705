import { DfuError } from '../../bytes/index.ts';
import { splitSuffix, writeDfuSeFile } from '../../dfu/index.ts';
import type { DfuSeElement, DfuSeFileIds, DfuSeTarget } from '../../dfu/index.ts';
import { readSegments } from '../../image/index.ts';
import { ExitCode, explain } from '../shared/exit-codes.ts';
import { idsLine } from './dfuse-show.ts';
import { pythonInt } from './python-int.ts';
import { ToolEnd } from './tool.ts';
import type { Packer } from './tool.ts';

/** What goes into a file, in the order of the command line. */
export interface Ingredients {
  readonly ingredients: readonly { readonly is: 'binary' | 'hex' | 's19'; readonly text: string }[];
  readonly defaultAlternate: number;
  readonly device: DfuSeFileIds;
}

/** The name that targets get where nothing names them. */
const NAME = 'ST...';

function end({ say }: Packer, words: string): never {
  say(words);
  throw new ToolEnd(ExitCode.no);
}

/** `vendor:product`, each as Python reads numbers. */
export function deviceOf(packer: Packer, text: string): DfuSeFileIds {
  const [vendor = '', ...rest] = text.split(':');
  const ids = [pythonInt(vendor, 0), pythonInt(rest.join(':'), 0)];
  const [idVendor = -1, idProduct = -1] = ids;
  if (ids.some((id) => id === undefined || id < 0 || id > 0xffff)) {
    end(packer, `Invalid device '${text}'.`);
  }
  return { idVendor, idProduct, bcdDevice: 0 };
}

function read(packer: Packer, path: string): Uint8Array {
  try {
    return packer.terminal.files.read(path);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return end(packer, `Unreadable file '${path}'.`);
  }
}

/** One element, and the alternate that it is for. */
interface Placed {
  readonly alternate: number;
  readonly name: string;
  readonly element: DfuSeElement;
}

function binary(packer: Packer, text: string, defaultAlternate: number): Placed {
  const colon = text.indexOf(':');
  if (colon < 0) return end(packer, `Address:file couple '${text}' invalid.`);
  const [where = '', ...alts] = text.slice(0, colon).split('@');
  const alt = alts.join('@');
  const alternate = alt === '' ? defaultAlternate : pythonInt(alt, 10);
  if (alternate === undefined) end(packer, `Alternate interface number ${alt} invalid.`);
  const address = pythonInt(where, 0);
  if (address === undefined || address < 0 || address > 0xffffffff) {
    end(packer, `Address ${where} invalid.`);
  }
  const path = text.slice(colon + 1);
  const data = read(packer, path);
  const { suffix } = splitSuffix(data);
  if (suffix !== undefined) {
    packer.say(idsLine(suffix, data));
    packer.say(`It looks like the file ${path} has a DFU suffix!`);
    end(packer, 'Please remove any DFU suffix and retry.');
  }
  return { alternate, name: NAME, element: { address, data } };
}

/** The text of an S0 record, which names the target. */
function headerName(file: Uint8Array): string | undefined {
  const line = /^\s*S0[0-9a-f]{6}([0-9a-f]*)[0-9a-f]{2}\s/i.exec(
    Buffer.from(file.subarray(0, 600)).toString('latin1'),
  );
  if (line?.[1] === undefined || line[1] === '') return undefined;
  return Buffer.from(line[1], 'hex').toString('latin1').replaceAll('\0', '');
}

function records(
  packer: Packer,
  path: string,
  format: 'hex' | 'srec',
  alternate: number,
): Placed[] {
  const file = read(packer, path);
  try {
    const segments = readSegments(file, format);
    if (segments.length === 0) throw new DfuError('MALFORMED', 'expected data, got none');
    const name = (format === 'srec' ? headerName(file) : undefined) ?? NAME;
    return segments.map(({ address, bytes }) => ({
      alternate,
      name,
      element: { address, data: bytes },
    }));
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return end(packer, `${path}: ${error.message}`);
  }
}

/** What follows one another for the same alternate is one target. */
function targetsOf(placed: readonly Placed[]): DfuSeTarget[] {
  const targets: { alternate: number; name: string; elements: DfuSeElement[] }[] = [];
  for (const { alternate, name, element } of placed) {
    const last = targets.at(-1);
    if (last !== undefined && last.alternate === alternate && last.name === name) {
      last.elements.push(element);
    } else targets.push({ alternate, name, elements: [element] });
  }
  return targets;
}

/** Makes a DfuSe file of binaries, Intel HEX and S-records, or says what is wrong with them. */
export async function build(packer: Packer, wanted: Ingredients, path: string): Promise<number> {
  const { ingredients, defaultAlternate, device } = wanted;
  const placed = ingredients.flatMap(({ is, text }) => {
    if (is === 'binary') return [binary(packer, text, defaultAlternate)];
    return records(packer, text, is === 'hex' ? 'hex' : 'srec', defaultAlternate);
  });
  try {
    await packer.terminal.files.write(path, writeDfuSeFile(targetsOf(placed), device));
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    end(packer, explain(error));
  }
  return ExitCode.ok;
}
