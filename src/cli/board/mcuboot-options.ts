import { mcubootMode, mcubootModes } from '../../board/index.ts';
import type { McubootOptions } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { isPrivateKey } from '../../image/index.ts';
import type { Key, PrivateKey } from '../../image/index.ts';
import type { ImageCommandOptions } from './image-options.ts';
import type { Terminal } from '../shared/terminal.ts';
import { asArgumentLater } from '../shared/wrong-argument.ts';

/** What is said of MCUboot on a command line. */
export interface McubootChoice extends Omit<ImageCommandOptions, 'imageCheck'> {
  readonly algorithm?: string | undefined;
  /** Files of the keys that it trusts; without any, the examples' key. */
  readonly key?: readonly string[] | undefined;
  /** Keys that are no files, besides. */
  readonly keys?: readonly Key[] | undefined;
  readonly guarded?: true | undefined;
}

/** The help of `--algorithm`. */
export const ALGORITHM_HELP: string = `how MCUboot updates: ${mcubootModes.join(', ')}; default: the first`;

// Boards without MCUboot need nothing of keys.

async function keyOf(terminal: Terminal, path: string): Promise<Key> {
  const { loadKey } = await import('../shared/key-files.ts');
  return asArgumentLater(loadKey(terminal, path));
}

async function usualKey(): Promise<PrivateKey> {
  const { examplesKey } = await import('../../board/node/index.ts');
  return examplesKey();
}

/** What a board's MCUboot is compiled with. Throws for keys and names that are none. */
export async function mcubootOptions(
  terminal: Terminal,
  choice: McubootChoice,
): Promise<McubootOptions> {
  const { algorithm, key: paths = [], keys: given = [], guarded = false } = choice;
  const { refuseOlder, imageVendor, imageClass } = choice;
  const keys = [...given];
  for (const path of paths) keys.push(await keyOf(terminal, path));
  if (keys.length === 0) keys.push(await usualKey());
  return {
    keys,
    guarded,
    mode: algorithm === undefined ? undefined : mcubootMode(algorithm),
    downgradePrevention: refuseOlder,
    vendor: imageVendor,
    deviceClass: imageClass,
  };
}

/** The key to sign with: that of the file, or the examples'. Throws `INVALID_ARGUMENT` for half a key. */
export async function signingKey(
  terminal: Terminal,
  path: string | undefined,
): Promise<PrivateKey> {
  if (path === undefined) return usualKey();
  const key = await keyOf(terminal, path);
  if (isPrivateKey(key)) return key;
  throw new DfuError('INVALID_ARGUMENT', `${path}: expected a private key, got a public one`);
}
