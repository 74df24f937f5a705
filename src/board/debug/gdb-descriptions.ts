import { hexNumber } from '../../bytes/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import type { GdbBoard } from './gdb-board.ts';
import { MOST_PACKET_BYTES, numberOfHex } from './remote-packets.ts';
import { DEBUG_REGISTERS } from './target.ts';

const types: Readonly<Record<string, string>> = { sp: 'data_ptr', pc: 'code_ptr' };
const isSystem = (name: string): boolean => /^(?:msp|psp|primask|control)$/.test(name);

function registerText(name: string, number: number): string {
  const type = types[name] ?? (/^[mp]sp$/.test(name) ? 'data_ptr' : 'uint32');
  return `<reg name="${name}" bitsize="32" regnum="${number}" type="${type}"/>`;
}

function feature(name: string, belongs: (register: string) => boolean): string {
  const registers = DEBUG_REGISTERS.map((each, number) =>
    belongs(each) ? registerText(each, number) : '',
  );
  return `<feature name="org.gnu.gdb.arm.${name}">${registers.join('')}</feature>`;
}

/** GDB manual, appendix G: the registers, numbered as they stand in `DEBUG_REGISTERS`. */
const TARGET_XML: string = [
  '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">',
  '<architecture>arm</architecture>',
  feature('m-profile', (name) => !isSystem(name)),
  feature('m-system', isSystem),
  '</target>',
].join('');

/** Where flash is. */
interface FlashPlace {
  readonly address: number;
  readonly geometry: Pick<FlashGeometry, 'sectors'>;
}

const ADDRESSES = 0x1_0000_0000;

/** Most runs of sectors that are told apart: a board file may have as many as it has sectors. */
const MOST_RUNS = 64;

/**
 * GDB manual, §E.16 "Memory Map Format": flash, in which gdb uses hardware breakpoints and which `load` erases and programs;
 * all else is RAM to it, so that registers of peripherals can be looked at.
 */
function memoryMapXml({ address, geometry }: FlashPlace): string {
  const parts: string[] = [];
  const ram = (from: number, to: number): void => {
    if (to <= from) return;
    const [start, length] = [hexNumber(from), hexNumber(to - from)];
    parts.push(`<memory type="ram" start="${start}" length="${length}"/>`);
  };
  ram(0, address);
  let at = address;
  for (const { count, sizeBytes } of geometry.sectors.slice(0, MOST_RUNS)) {
    const [start, length] = [hexNumber(at), hexNumber(count * sizeBytes)];
    const block = `<property name="blocksize">${hexNumber(sizeBytes)}</property>`;
    parts.push(`<memory type="flash" start="${start}" length="${length}">${block}</memory>`);
    at += count * sizeBytes;
  }
  ram(at, ADDRESSES);
  const type =
    '<!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN" "http://sourceware.org/gdb/gdb-memory-map.dtd">';
  return `<?xml version="1.0"?>${type}<memory-map>${parts.join('')}</memory-map>`;
}

/** A part of a text, as `qXfer` hands it out: `m` with more behind it, `l` for the last one. */
function textPart(text: string, offset: number, length: number): string {
  const part = text.slice(offset, offset + length);
  return (offset + length < text.length ? 'm' : 'l') + part;
}

/** The answer to `qSupported`. */
export const FEATURES: string = [
  `PacketSize=${MOST_PACKET_BYTES.toString(16)}`,
  'QStartNoAckMode+',
  'vContSupported+',
  'qXfer:features:read+',
  'qXfer:memory-map:read+',
].join(';');

/** The answer to `qXfer:` and this; empty for an object that there is not. */
export function transferText(
  text: string,
  { flashAddress: address, geometry }: Pick<GdbBoard, 'flashAddress' | 'geometry'>,
): string {
  const [, what, start = '', count = ''] =
    /^(features:read:target\.xml|memory-map:read:):([0-9a-f]+),([0-9a-f]+)$/i.exec(text) ?? [];
  if (what === undefined) return '';
  const [offset, length] = [numberOfHex(start), numberOfHex(count)];
  if (offset === undefined || length === undefined) return 'E01';
  const whole = what.startsWith('features') ? TARGET_XML : memoryMapXml({ address, geometry });
  return textPart(whole, offset, Math.min(length, MOST_PACKET_BYTES / 2));
}
