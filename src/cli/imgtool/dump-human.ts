import { hexNumber } from '../../bytes/index.ts';
import { ImageFlag, imageFlagNames } from '../../image/index.ts';
import type { Dump, DumpedTlv } from './dump-contents.ts';

const WIDTH = 60;

const byteText = (byte: number): string => `${hexNumber(byte, 2)} `;

function row(text: string): string {
  return `#### ${text} `.padEnd(WIDTH, '#');
}

function frame(title: string, content: string): string[] {
  const empty = `|${' '.repeat(WIDTH - 2)}|`;
  const before = `|${' '.repeat(Math.floor((WIDTH - content.length) / 2) - 1)}`;
  const middle = `${`${before}${content}`.padEnd(WIDTH - 1)}|`;
  return [row(title), empty, middle, empty, '#'.repeat(WIDTH)];
}

function tlvLines({ type, type_name: name, len, data }: DumpedTlv): string[] {
  const indent = ' '.repeat(7);
  const lines = [
    `${indent} ${'-'.repeat(45)}`,
    `${indent} type: ${name} (${hexNumber(type)})`,
    `${indent} len:  ${hexNumber(len)}`,
  ];
  for (let at = 0; at < Math.max(1, data.length); at += 8) {
    const head = at === 0 ? `${indent} data: ` : ' '.repeat(14);
    lines.push(`${head}${Array.from(data.subarray(at, at + 8), byteText).join('')}`);
  }
  return lines;
}

function areaLines(
  title: string,
  head: Readonly<Record<string, number>>,
  tlvs: readonly DumpedTlv[],
): string[] {
  return [
    row(title),
    `magic:     ${hexNumber(head['magic'] ?? 0)}`,
    `area size: ${hexNumber(head['tlv_tot'] ?? 0)}`,
    ...tlvs.flatMap(tlvLines),
    '#'.repeat(WIDTH),
  ];
}

function headerLines(header: Dump['header']): string[] {
  return Object.entries(header).map(([name, value]) => {
    const flags = name === 'flags' ? imageFlagNames(Number(value)) : [];
    const named = flags.map((flag) => `${flag} (${hexNumber(ImageFlag[flag])})`);
    const plain = typeof value === 'number' ? hexNumber(value) : value;
    const text = flags.length === 0 ? plain : named.join(`\n${' '.repeat(20)}`);
    return `${`${name}:`.padEnd(20)}${text}`;
  });
}

const states: Readonly<Record<number, string>> = { 1: 'SET', 2: 'BAD', 3: 'UNSET', 4: 'ANY' };

function state(value: number): string {
  return `${states[value] ?? 'INVALID'} (${hexNumber(value)})`;
}

const NOTICE = [
  '(Note: some fields may not be used, depending on the update ',
  'strategy)',
  '',
] as const;

function trailerLines(trailer: Dump['trailer']): string[] {
  const { magic, swap_size: size, swap_info: info, copy_done: done, image_ok: ok } = trailer;
  if (!(magic instanceof Uint8Array)) return [];
  const keys = trailer['key_field_len'];
  const lines: string[] = [
    row('Image trailer (offset: unknown)'),
    ...NOTICE,
    'swap status: (len: unknown)',
    `enc. keys:   ${
      typeof keys === 'number'
        ? `(len: ${hexNumber(keys)}, if BOOT_SWAP_SAVE_ENCTLV is unset)`
        : 'Image not encrypted'
    }`,
  ];
  if (typeof size === 'number') {
    // The second number is decimal, whatever imgtool calls it.
    const text = size === 0xffffffff ? 'unknown' : `${hexNumber(size)} octal: ${size}`;
    lines.push(`swap size:   ${text}`);
  }
  if (typeof info === 'number') lines.push(`swap_info:   ${state(info)}`);
  if (typeof done === 'number') lines.push(`copy_done:   ${state(done)}`);
  if (typeof ok === 'number') lines.push(`image_ok:    ${state(ok)}`);
  const bytes = Array.from(magic, byteText);
  lines.push(`boot magic:  ${bytes.slice(0, 8).join('')}`);
  return [...lines, `${' '.repeat(13)}${bytes.slice(8).join('')}`, ''];
}

/** The dump as `imgtool dumpinfo` prints it for people. */
export function humanDump({ filename, header, tlv_area: areas, trailer }: Dump): string {
  const payload = Number(header['hdr_size']);
  const size = Number(header['img_size']);
  const protectedSize = Number(header['protected_tlv_size']);
  const end = payload + size;
  const content = `FW image (size: ${hexNumber(size)} Bytes)`;
  const protectedTitle = `Protected TLV area (offset: ${hexNumber(end)})`;
  const title = `TLV area (offset: ${hexNumber(end + protectedSize)})`;
  return [
    `Printing content of signed image: ${filename} `,
    '',
    row('Image header (offset: 0x0)'),
    ...headerLines(header),
    '#'.repeat(WIDTH),
    ...frame(`Payload (offset: ${hexNumber(payload)})`, content),
    ...(protectedSize === 0 ? [] : areaLines(protectedTitle, areas.tlv_hdr_prot, areas.tlvs_prot)),
    ...areaLines(title, areas.tlv_hdr, areas.tlvs),
    ...trailerLines(trailer),
    row('End of Image '),
    '',
  ].join('\n');
}
