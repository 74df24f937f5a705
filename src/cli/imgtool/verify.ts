import { DfuError } from '../../bytes/index.ts';
import { loadKey } from '../shared/key-files.ts';
import { readImageFile } from '../shared/image-file.ts';
import type { Terminal } from '../shared/terminal.ts';
import { parseArguments } from './arguments.ts';
import type { CommandSpec } from './arguments.ts';
import { judge } from './judge.ts';

export const verifySpec: CommandSpec = {
  summary: 'Check that an image is whole, and signed by a key',
  options: { key: { flags: ['-k', '--key'], value: 'filename' } },
  operands: ['IMGFILE'],
  examples: ['verify -k key.pem zephyr.signed.bin'],
};

/** `imgtool verify`: little endian and plain images only; `dfukit image verify` takes all. */
export async function verify(terminal: Terminal, argv: readonly string[]): Promise<number> {
  const args = parseArguments(verifySpec, argv);
  const path = args.text('key');
  const key = path === undefined ? undefined : await loadKey(terminal, path);
  if (key?.kind === 'x25519') {
    throw new DfuError('INVALID_ARGUMENT', 'expected a key that signs, got x25519');
  }
  const { bytes } = readImageFile(terminal, args.operands[0] ?? '');
  const [outcome, version] = await judge(bytes, key);
  if (!outcome.ok) {
    terminal.out.write(`${outcome.line}\n`);
    return 1;
  }
  terminal.out.write(`Image was correctly validated\nImage version: ${version}\n${outcome.line}\n`);
  return 0;
}
