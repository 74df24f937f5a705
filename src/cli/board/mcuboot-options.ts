import { mcubootMode, mcubootModes } from '../../board/index.ts';
import type { BoardModel, McubootOptions } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { isPrivateKey } from '../../image/index.ts';
import type { Key, PrivateKey } from '../../image/index.ts';
import type { ImageCommandOptions } from './image-options.ts';
import type { NamedKey } from '../shared/key-files.ts';
import { warn } from '../shared/terminal.ts';
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
export const ALGORITHM_HELP: string = `how MCUboot updates: ${mcubootModes.join(', ')}; default: what its file says, or the first`;

// Boards without MCUboot need nothing of keys.

async function keyOf(terminal: Terminal, path: string): Promise<Key> {
  const { loadKey } = await import('../shared/key-files.ts');
  return asArgumentLater(loadKey(terminal, path));
}

async function usualKey(): Promise<PrivateKey> {
  const { examplesKey } = await import('../../board/node/index.ts');
  return examplesKey();
}

/**
 * The keys that a board trusts: those of its file, or where it names none the examples'. Throws for files that are none,
 * and for keys of another kind than its MCUboot checks.
 */
async function keysOfBoard(terminal: Terminal, { name, mcuboot }: BoardModel): Promise<Key[]> {
  const { keys: paths = [], signature } = mcuboot ?? {};
  if (paths.length > 0) {
    const { demandKind, loadKeys } = await import('../shared/key-files.ts');
    const keys = await loadKeys(terminal, paths);
    demandKind(keys, signature);
    return keys.map(({ key }) => key);
  }
  if (signature === 'none') return [];
  const key = await usualKey();
  if (signature === undefined || signature === key.kind) return [key];
  const words = `MCUboot checks ${signature}, and the examples' key is of kind ${key.kind}`;
  const expected = 'expected mcuboot.keys in its file, or --key';
  throw new DfuError('INVALID_ARGUMENT', `board ${name}: ${words}: ${expected}`);
}

/** Those of the command line, which win over the board's own. */
async function keysOf(
  terminal: Terminal,
  model: BoardModel,
  { key: paths = [], keys: given = [] }: McubootChoice,
): Promise<Key[]> {
  if (paths.length === 0 && given.length === 0) return keysOfBoard(terminal, model);
  const keys: NamedKey[] = [];
  for (const path of paths) keys.push({ path, key: await keyOf(terminal, path) });
  if (keys.length > 0) {
    const { tellOtherKind } = await import('../shared/key-files.ts');
    tellOtherKind(terminal, keys, model.mcuboot?.signature);
  }
  return [...given, ...keys.map(({ key }) => key)];
}

/** What a board's MCUboot is compiled with. Throws for keys and names that are none. */
export async function mcubootOptions(
  terminal: Terminal,
  model: BoardModel,
  choice: McubootChoice,
): Promise<McubootOptions> {
  const { algorithm, guarded = false, refuseOlder, imageVendor, imageClass } = choice;
  return {
    keys: await keysOf(terminal, model, choice),
    guarded,
    mode: algorithm === undefined ? undefined : mcubootMode(algorithm),
    downgradePrevention: refuseOlder,
    vendor: imageVendor,
    deviceClass: imageClass,
  };
}

/**
 * The key to sign with: that of the file, or the first private one that the board trusts. Undefined for a board that
 * trusts hashes alone. Throws `INVALID_ARGUMENT` for half a key.
 */
export async function signingKey(
  terminal: Terminal,
  model: BoardModel,
  path: string | undefined,
): Promise<PrivateKey | undefined> {
  if (path === undefined) {
    const keys = await keysOfBoard(terminal, model);
    const found = keys.find((key) => isPrivateKey(key));
    if (found !== undefined || keys.length === 0) return found;
    const expected = 'expected --key with a private key that it trusts, or --unsigned';
    throw new DfuError(
      'INVALID_ARGUMENT',
      `board ${model.name} names public keys alone: ${expected}`,
    );
  }
  const key = await keyOf(terminal, path);
  const { signature } = model.mcuboot ?? {};
  if (signature !== undefined && signature !== key.kind) {
    const checked = signature === 'none' ? 'hashes alone' : signature;
    warn(terminal, `--key ${path}: MCUboot of the board checks ${checked}, not ${key.kind}`);
  }
  if (isPrivateKey(key)) return key;
  throw new DfuError('INVALID_ARGUMENT', `${path}: expected a private key, got a public one`);
}
