import { toHex } from '../../bytes/index.ts';
import {
  ENCRYPTED_FLAGS,
  IMAGE_MAGIC,
  TRAILER_MAGIC_BYTES,
  alignUp,
  formatVersion,
  maxAlignOfMagic,
  parseImage,
  tlvName,
  trailerFlags,
} from '../../image/index.ts';
import type { McubootImage, TlvArea } from '../../image/index.ts';
import { parseArguments } from './arguments.ts';
import type { CommandSpec } from './arguments.ts';
import type { Dump, DumpedTlv } from './dump-contents.ts';
import { humanDump } from './dump-human.ts';
import { readImageFile } from '../shared/image-file.ts';
import type { Terminal } from '../shared/terminal.ts';
import { yamlDocument } from './yaml.ts';

export const dumpinfoSpec: CommandSpec = {
  summary: 'Show header, TLV areas and trailer of an image',
  options: {
    silent: { flags: ['-s', '--silent'], help: 'Kept for older scripts; does nothing' },
    format: {
      flags: ['-f', '--format'],
      value: 'format',
      choices: ['human', 'yaml', 'json'],
      help: 'human without --outfile, yaml with it, unless given',
    },
    outfile: { flags: ['-o', '--outfile'], value: 'filename', help: 'File to write' },
  },
  operands: ['IMGFILE'],
  examples: ['dumpinfo zephyr.signed.bin'],
};

function dumpTlvs(area: TlvArea | undefined): DumpedTlv[] {
  return (area?.tlvs ?? []).map(({ type, data }) => ({
    type,
    type_name: tlvName(type) ?? 'UNKNOWN',
    len: data.length,
    data,
  }));
}

function dumpTrailer(bytes: Uint8Array, image: McubootImage): Dump['trailer'] {
  if (bytes.length - image.bytes.length < TRAILER_MAGIC_BYTES) return {};
  const magic = bytes.slice(-TRAILER_MAGIC_BYTES);
  const maxAlign = maxAlignOfMagic(magic);
  if (maxAlign === undefined) return { magic };
  const edge = bytes.length - alignUp(TRAILER_MAGIC_BYTES, maxAlign);
  const { imageOk, copyDone, swapInfo } = trailerFlags(edge, maxAlign);
  const field = (offset: number): number => bytes[offset] ?? 0xff;
  const at = swapInfo - maxAlign;
  const word = bytes.subarray(at, at + 4);
  const digits = image.endian === 'little' ? word.toReversed() : word;
  const size = digits.reduce((value, byte) => value * 256 + byte, 0);
  const keys =
    (image.header.flags & ENCRYPTED_FLAGS) === 0
      ? {}
      : { key_field_len: alignUp(16, maxAlign) * 2 };
  const flags = {
    image_ok: field(imageOk),
    copy_done: field(copyDone),
    swap_info: field(swapInfo),
  };
  return { magic, ...flags, swap_size: size, ...keys };
}

/** Takes a file apart for dumping. Throws `MALFORMED` or `TRUNCATED`. */
function dumpOf(filename: string, bytes: Uint8Array): Dump {
  const image = parseImage(bytes);
  const { header, protectedArea, area } = image;
  return {
    filename,
    header: {
      magic: IMAGE_MAGIC,
      load_addr: header.loadAddr,
      hdr_size: header.hdrSize,
      protected_tlv_size: header.protectTlvSize,
      img_size: header.imgSize,
      flags: header.flags,
      version: formatVersion(header.version),
    },
    tlv_area: {
      tlv_hdr_prot:
        protectedArea === undefined
          ? {}
          : { magic: protectedArea.magic, tlv_tot: protectedArea.size },
      tlvs_prot: dumpTlvs(protectedArea),
      tlv_hdr: { magic: area.magic, tlv_tot: area.size },
      tlvs: dumpTlvs(area),
    },
    trailer: dumpTrailer(bytes, image),
  };
}

/** The dump in one of imgtool's three formats. */
function formatDump(dump: Dump, format: string): string {
  if (format === 'human') return humanDump(dump);
  if (format === 'yaml') return yamlDocument(dump);
  const plain = (_key: string, value: unknown): unknown =>
    value instanceof Uint8Array ? toHex(value) : value;
  return JSON.stringify(dump, plain, 2);
}

/** `imgtool dumpinfo`. */
export async function dumpinfo(terminal: Terminal, argv: readonly string[]): Promise<number> {
  const args = parseArguments(dumpinfoSpec, argv);
  const [path = ''] = args.operands;
  const outfile = args.text('outfile');
  const format = args.text('format') ?? (outfile === undefined ? 'human' : 'yaml');
  const { bytes } = readImageFile(terminal, path);
  const dump = dumpOf(path.split(/[\\/]/).at(-1) ?? path, bytes);
  if (dump.trailer['magic'] !== undefined && dump.trailer['image_ok'] === undefined) {
    terminal.out.write('Warning: the trailer magic value is invalid!\n');
  }
  const text = formatDump(dump, format);
  if (outfile !== undefined) await terminal.files.write(outfile, new TextEncoder().encode(text));
  else terminal.out.write(format === 'json' ? `${text}\n` : text);
  return 0;
}
