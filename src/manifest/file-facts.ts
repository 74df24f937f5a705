import { toHex } from '../bytes/index.ts';
import { inspectImage, publicKeyHash, readContents, recognise } from '../image/index.ts';
import type { CryptoLike, ImageVersion, Key, SignatureFinding } from '../image/index.ts';
import type { UsbId } from '../usb/index.ts';
import { hashHex } from './file-hash.ts';

/** What a file says of itself, for a manifest. */
export interface FileFacts {
  readonly sizeBytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** Of its MCUboot or riotboot image, as a manifest writes it; undefined where it has none, or several that differ. */
  readonly version: string | undefined;
  /** Hash of the key that each of its MCUboot images names as its signer; undefined where one names none, or another. */
  readonly key: string | undefined;
  /** Which device its DFU suffix is for; undefined without one, and for any. */
  readonly device: UsbId | undefined;
  /** bcdDevice that its suffix says; undefined without one, and for any. */
  readonly bcdDevice: number | undefined;
}

function versionText({ major, minor, revision, build }: ImageVersion): string {
  return `${major}.${minor}.${revision}${build === 0 ? '' : `+${build}`}`;
}

/** The one that all are; undefined where they differ. */
function same(all: readonly (string | undefined)[]): string | undefined {
  const [first, ...others] = all;
  return others.every((each) => each === first) ? first : undefined;
}

async function signerOf(
  { keyTlv, signer }: SignatureFinding,
  crypto: CryptoLike | undefined,
): Promise<string | undefined> {
  if (signer.from === 'image') return toHex(await publicKeyHash(signer.key, 'SHA-256', crypto));
  return keyTlv === undefined ? undefined : toHex(keyTlv.data);
}

interface PieceFacts {
  readonly version: string | undefined;
  readonly signers: readonly (string | undefined)[];
}

async function pieceFacts(
  bytes: Uint8Array,
  { keys, crypto }: FileFactsOptions,
): Promise<PieceFacts> {
  const what = recognise(bytes);
  if (what.format === 'riotboot') return { version: String(what.header.version), signers: [] };
  if (what.format !== 'mcuboot') return { version: undefined, signers: [] };
  const { image, signatures } = await inspectImage(bytes, { keys, crypto });
  const given = signatures.filter(({ signer }) => signer.from === 'given');
  const of = given.length > 0 ? given : signatures;
  const signers = await Promise.all(of.map((each) => signerOf(each, crypto)));
  return { version: versionText(image.header.version), signers };
}

/** What is known besides the bytes. */
export interface FileFactsOptions {
  /** Of an image with several signatures: those that count. */
  readonly keys?: readonly Key[] | undefined;
  readonly crypto?: CryptoLike | undefined;
}

/**
 * What a file says of itself: what `dfukit manifest create` writes down. Nothing of it is checked. Throws what `readContents`
 * throws for what is no firmware, and `MALFORMED` or `TRUNCATED` for an image that cannot be read.
 */
export async function fileFacts(
  bytes: Uint8Array,
  options: FileFactsOptions = {},
): Promise<FileFacts> {
  const { parts, suffix } = readContents(bytes);
  const pieces = parts.flatMap((part) => part.pieces);
  const facts = await Promise.all(pieces.map((each) => pieceFacts(each.bytes, options)));
  const { idVendor = 0xffff, idProduct = 0xffff, bcdDevice = 0xffff } = suffix ?? {};
  const isAny = idVendor === 0xffff || idProduct === 0xffff;
  return {
    sizeBytes: bytes.length,
    sha256: await hashHex(bytes, options.crypto),
    version: same(facts.map(({ version }) => version)),
    key: same(facts.map(({ signers }) => same(signers))),
    device: isAny ? undefined : { idVendor, idProduct },
    // What DfuSe tools put there is no release.
    bcdDevice: bcdDevice === 0xffff || suffix?.bcdDFU !== 0x0100 ? undefined : bcdDevice,
  };
}
