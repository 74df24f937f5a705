import { DfuError } from '../../bytes/index.ts';
import type { FileFormat, Unwrapped } from '../../image/index.ts';

const names: Readonly<Record<FileFormat, string>> = {
  mcuboot: 'an MCUboot image',
  riotboot: 'a riotboot image',
  hex: 'an Intel HEX file',
  elf: 'an ELF file',
  uf2: 'a UF2 file',
  srec: 'an S-record file',
  dfuse: 'a DfuSe file',
  zip: 'a zip file',
  pem: 'a key or certificate in text (PEM)',
  html: 'a web page (HTML)',
  empty: 'an empty file',
  erased: 'erased flash',
  binary: 'a plain binary',
};

/** The image's bytes, or an error that says what the file is instead. */
export function expectMcuboot(path: string, { bytes, what }: Unwrapped): Uint8Array {
  if (what.format === 'mcuboot') return bytes;
  const words = `expected an MCUboot image, got ${names[what.format]}`;
  throw new DfuError('MALFORMED', `${path}: ${words}`);
}
