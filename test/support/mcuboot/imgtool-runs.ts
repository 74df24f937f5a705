import { resolve } from 'node:path';
import { ImgtoolFolder } from './imgtool-folder.ts';
import type { ImgtoolCase } from './imgtool-folder.ts';

/** The runs of imgtool 2.4.0 that the tests replay. */
export const imgtoolRuns: ImgtoolFolder = new ImgtoolFolder(
  resolve(import.meta.dirname, '../../vectors/mcuboot/imgtool'),
);

/** Every run, in the order of the file. */
export const imgtoolCases: readonly ImgtoolCase[] = imgtoolRuns.cases;

function furtherRun(
  name: string,
  input: string,
  args: readonly string[],
  deterministic = true,
): ImgtoolCase {
  const key = args[args.indexOf('-k') + 1] ?? '';
  const signs = args.includes('-k') ? [key.includes('ed25519') ? 'digest' : 'payload'] : [];
  const stdout = signs.map((what) => `image.py: sign the ${what}`);
  return {
    name,
    cmd: 'sign',
    exit: 0,
    input,
    args,
    stdout,
    output: `out/${name}.bin.gz`,
    deterministic,
  };
}

const usual = (size: string, ...args: string[]): string[] =>
  ['-v', '1.2.3+4', '-H', size, '--pad-header', '-S', '0x4000'].concat(args);

/**
 * Outputs of imgtool that other runs read, whose own run is not listed: the arguments are told by
 * what the images hold.
 */
export const furtherRuns: readonly ImgtoolCase[] = [
  furtherRun('load-addr', 'in/p300.bin', usual('0x20', '-L', '0x20000000')),
  furtherRun('rom-fixed', 'in/p300.bin', usual('0x20', '-F', '0x8004000')),
  furtherRun('pure-ed25519', 'in/p1000.bin', usual('0x20', '--pure', '-k', 'keys/ed25519.pem')),
  furtherRun(
    'pure-prot',
    'in/p1000.bin',
    usual('0x20', '--pure', '-s', '7', '-k', 'keys/ed25519.pem'),
  ),
  furtherRun(
    'sha-512-ed25519',
    'in/p1000.bin',
    usual('0x20', '--sha', '512', '-k', 'keys/ed25519.pem'),
  ),
  furtherRun('trailer-test-align16', 'in/p300.bin', usual('0x20', '--align', '16', '--test')),
  furtherRun(
    'trailer-big-endian',
    'in/p300.bin',
    usual('0x20', '-e', 'big', '--align', '16', '--confirm', '-s', '7').concat([
      '-d',
      '(1, 2.3.4+5)',
      '-k',
      'keys/ed25519.pem',
    ]),
  ),
  furtherRun('key-rsa-2048', 'in/p1000.bin', usual('0x200', '-k', 'keys/rsa-2048.pem'), false),
  ...['rsa-2048', 'rsa-3072', 'ecdsa-p384'].map((kind) =>
    furtherRun(
      `key-${kind}-full`,
      'in/p1000.bin',
      usual('0x200', '-k', `keys/${kind}.pem`, '--public-key-format', 'full'),
      false,
    ),
  ),
];

/** A file of the vectors, unpacked; `path` as the runs name it: `in/…`, `out/…`, `keys/…`. */
export function vectorFile(path: string): Uint8Array<ArrayBuffer> {
  return imgtoolRuns.bytes(path);
}

/** A text file of the vectors. */
export function vectorText(path: string): string {
  return imgtoolRuns.text(path);
}
