import { DfuError } from '../../bytes/index.ts';
import { asDecryptionKey, fromBase64, needsPassword, readKey } from '../../image/index.ts';
import type {
  DecryptionKey,
  EncryptionKey,
  Key,
  SignatureKind,
  WrappingKey,
} from '../../image/index.ts';
import { readText } from './files.ts';
import { warn } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** A key file and the name that it is shown by. */
export interface NamedKey {
  readonly path: string;
  readonly key: Key;
}

/** What reads lines is loaded where somebody is asked. */
async function passphraseFor(terminal: Terminal): Promise<string> {
  const { askPassphrase } = await import('./passphrase.ts');
  return askPassphrase(terminal, 'Enter key passphrase: ');
}

/** Reads a key file, asking for its passphrase if it has one. What is wrong with it is thrown with its path. */
export async function loadKey(terminal: Terminal, path: string): Promise<Key> {
  const text = readText(terminal.files, path);
  const password = needsPassword(text) ? await passphraseFor(terminal) : undefined;
  try {
    return await readKey(text, { password });
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    const { code, message } = error;
    throw new DfuError(code, `${path}: ${message.replace(/^key: /, '')}`, { cause: error });
  }
}

/** Reads key files, asking for passphrases one after the other. */
export async function loadKeys(terminal: Terminal, paths: readonly string[]): Promise<NamedKey[]> {
  const keys: NamedKey[] = [];
  for (const path of paths) keys.push({ path, key: await loadKey(terminal, path) });
  return keys;
}

/**
 * Throws `INVALID_ARGUMENT` for keys of another kind than the bootloader checks, or where that is said by the keys alone,
 * for keys of several.
 */
export function demandKind(
  keys: readonly NamedKey[],
  kind: SignatureKind | 'none' | undefined,
): void {
  const first = keys.find(({ key }) => key.kind !== 'x25519');
  const wanted = kind ?? first?.key.kind;
  const other = keys.find(({ key }) => key.kind !== wanted);
  if (other === undefined) return;
  const says = kind === undefined ? `${first?.path} is` : 'mcuboot.signature of the board says';
  const expected =
    wanted === undefined ? 'a key that signs' : `a key of kind ${wanted}, as ${says}`;
  throw new DfuError(
    'INVALID_ARGUMENT',
    `${other.path}: expected ${expected}, got ${other.key.kind}`,
  );
}

/** Says that keys on the command line are of another kind than the board's own: they are taken. */
export function tellOtherKind(
  terminal: Terminal,
  keys: readonly NamedKey[],
  kind: SignatureKind | 'none' | undefined,
): void {
  const other = keys.find(({ key }) => kind !== undefined && key.kind !== kind);
  if (other === undefined) return;
  const words = `${other.key.kind} is checked instead of ${kind}, which the board says`;
  warn(terminal, `--key ${other.path}: ${words}`);
}

/** A wrapping key: 16 or 32 bytes as they are, or the same in base64 as newt has them. */
function wrappingKey(terminal: Terminal, path: string): WrappingKey {
  const raw = terminal.files.read(path);
  const fits = (bytes: Uint8Array): boolean => bytes.length === 16 || bytes.length === 32;
  if (fits(raw)) return { kind: 'aes-kw', bytes: raw };
  try {
    const bytes = fromBase64(readText(terminal.files, path));
    if (fits(bytes)) return { kind: 'aes-kw', bytes };
  } catch {
    // It is no base64 either; what it should be is said below.
  }
  const words = 'expected a PEM key, or 16 or 32 bytes of an AES wrapping key (raw or base64)';
  throw new DfuError('MALFORMED', `${path}: ${words}`);
}

/** A key to encrypt for: PEM, or a shared AES key. */
export async function loadEncryptionKey(terminal: Terminal, path: string): Promise<EncryptionKey> {
  if (/-----BEGIN /.test(new TextDecoder('latin1').decode(terminal.files.read(path)))) {
    return loadKey(terminal, path);
  }
  return wrappingKey(terminal, path);
}

/** Keys to decrypt with. */
export async function loadDecryptionKeys(
  terminal: Terminal,
  paths: readonly string[],
): Promise<DecryptionKey[]> {
  const keys: DecryptionKey[] = [];
  for (const path of paths) keys.push(asDecryptionKey(await loadEncryptionKey(terminal, path)));
  return keys;
}
