import { DfuError, viewOf } from '../../bytes/index.ts';
import { readDfuSeFile } from '../../dfu/index.ts';
import type { DfuSeTarget, Suffix } from '../../dfu/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { ToolEnd } from './tool.ts';
import type { Packer } from './tool.ts';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** A suffix in one line; the file that it stands in ends with its CRC. */
export function idsLine(
  { idVendor, idProduct, bcdDevice, bcdDFU }: Suffix,
  file: Uint8Array,
): string {
  const [length = 0] = file.subarray(-5);
  const crc = hex(viewOf(file).getUint32(file.length - 4, true), 8);
  const ids = `usb: ${hex(idVendor, 4)}:${hex(idProduct, 4)}, device: 0x${hex(bcdDevice, 4)}`;
  return `${ids}, dfu: 0x${hex(bcdDFU, 4)}, b'UFD', ${length}, 0x${crc}`;
}

/** A text as Python prints bytes. */
function pythonBytes(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const shown = Array.from(text, (character) => {
    const code = character.charCodeAt(0);
    if (character === '\\' || character === quote) return `\\${character}`;
    const named = { 9: String.raw`\t`, 10: String.raw`\n`, 13: String.raw`\r` }[code];
    return named ?? (code < 32 || code > 126 ? `\\x${hex(code, 2)}` : character);
  });
  return `b${quote}${shown.join('')}${quote}`;
}

interface Shown {
  readonly path: string;
  readonly number: number;
  readonly dumps: boolean;
}

async function showTarget(
  { terminal, say }: Packer,
  { alternate, name, elements }: DfuSeTarget,
  { path, number, dumps }: Shown,
): Promise<void> {
  const sizeBytes = elements.reduce((sum, { data }) => sum + 8 + data.length, 0);
  const named = name === undefined ? '' : pythonBytes(name);
  const words = `alt setting: ${alternate}, name: "${named}", size: ${sizeBytes}`;
  say(`b'Target' ${number}, ${words}, elements: ${elements.length}`);
  for (const [at, { address, data }] of elements.entries()) {
    say(`  ${at}, address: 0x${hex(address, 8)}, size: ${data.length}`);
    if (!dumps) continue;
    const out = `${path}.target${number}.image${at}.bin`;
    await terminal.files.write(out, data);
    say(`    DUMPED IMAGE TO "${out}"`);
  }
}

/** Says what is in a DfuSe file, and writes it into files next to it if that is wanted. */
export async function show(packer: Packer, path: string, dumps: boolean): Promise<number> {
  const { terminal, say } = packer;
  let file: Uint8Array;
  try {
    file = terminal.files.read(path);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    say(`Unreadable file '${path}'.`);
    throw new ToolEnd(ExitCode.no);
  }
  say(`File: "${path}"`);
  try {
    const { targets, suffix } = readDfuSeFile(file);
    if (suffix === undefined) throw new DfuError('MALFORMED', 'DfuSe file: expected a DFU suffix');
    const size = viewOf(file).getUint32(6, true);
    say(`b'DfuSe' v1, image size: ${size}, targets: ${targets.length}`);
    for (const [number, target] of targets.entries()) {
      await showTarget(packer, target, { path, number, dumps });
    }
    say(idsLine(suffix, file));
    return ExitCode.ok;
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    say(error.message);
    throw new ToolEnd(ExitCode.no);
  }
}
