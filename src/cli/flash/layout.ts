import { ImageJudge } from '../../boot/mcuboot/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { SignatureKind } from '../../image/index.ts';
import { buildDoubts, layoutDoubts, openDump, vectorDoubts } from '../../lab/index.ts';
import type { FlashLayout, LabDevice } from '../../lab/index.ts';
import { boardTrust } from './board-trust.ts';
import { changed } from './changed-layout.ts';
import { asFlash, leftOutDoubts, readDump } from './dump-file.ts';
import { findLayout } from './find-layout.ts';
import type { Found } from './found-layout.ts';
import type { LayoutOptions } from './options.ts';
import { demandKind, loadDecryptionKeys, loadKeys, tellOtherKind } from '../shared/key-files.ts';
import type { NamedKey } from '../shared/key-files.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** A dump opened with its layout. */
export interface OpenedDump {
  readonly device: LabDevice;
  readonly layout: FlashLayout;
  readonly signature: SignatureKind | 'none';
  /** Where the layout is from, in words. */
  readonly source: string;
  /** What makes every answer about this dump uncertain, one sentence each; none if nothing does. */
  readonly doubts: readonly string[];
  /** The bootloader may check signatures, but with which key was not said. */
  readonly unsigned: boolean;
  /** The keys that signatures were checked with. */
  readonly keys: readonly NamedKey[];
}

/** What is said where nobody gave a key. */
const NOT_CHECKED = 'signatures are not checked: no key was given (-k)';

/** All that makes the answers uncertain, unchecked signatures included. */
export function allDoubts(opened: OpenedDump): readonly string[] {
  return opened.unsigned ? [...opened.doubts, NOT_CHECKED] : opened.doubts;
}

/** The judge of images, and what it goes by. */
interface Judging extends Pick<LabDevice, 'judge' | 'keys'> {
  readonly signature: SignatureKind | 'none';
  readonly namedKeys: readonly NamedKey[];
}

/**
 * Judge and keys as the command line gives them, or else the file that the layout is from; the kind of the keys is the
 * kind that is asked for.
 */
export async function judgeOf(
  terminal: Terminal,
  options: LayoutOptions,
  { named, ids }: Pick<Found, 'named' | 'ids'> = {},
): Promise<Judging> {
  const { key: keyFiles = named?.key ?? [], decrypt = named?.decrypt ?? [] } = options;
  const namedKeys = await loadKeys(terminal, keyFiles);
  const keys = namedKeys.map(({ key }) => key);
  const decryptionKeys = await loadDecryptionKeys(terminal, decrypt);
  const kinds = [...new Set(keys.map(({ kind }) => kind))];
  const [kind = 'none'] = kinds;
  if (options.key === undefined) demandKind(namedKeys, named?.kind);
  else tellOtherKind(terminal, namedKeys, named?.kind);
  if (kind === 'x25519' || kinds.length > 1) {
    const words = `expected keys of one kind that signs, got ${kinds.join(' and ')}`;
    throw new DfuError('INVALID_ARGUMENT', `--key: ${words}`);
  }
  return {
    judge: new ImageJudge({ signature: kind, keys, decryptionKeys, ...ids }),
    keys,
    namedKeys,
    signature: kind,
  };
}

/**
 * Opens a dump with the layout that the command line gives, or that fits it.
 *
 * @param stage - puts an update into the device; what is said of its images is said of that one, too
 * @throws `DfuError` with a sentence that says what was expected of layout, dump or key.
 */
export async function openWithLayout(
  terminal: Terminal,
  path: string,
  options: LayoutOptions,
  stage?: (device: LabDevice) => void,
): Promise<OpenedDump> {
  const file = readDump(terminal, path);
  const found = await findLayout(terminal, file, options);
  const layout = changed(found.layout, options);
  const bases = options.base ?? found.bases;
  const flash = openDump(layout, asFlash(terminal, file, { geometry: layout.geometry, bases }));
  const lines = found.doubts === undefined ? await layoutDoubts(layout.config, flash) : [];
  const { signature, namedKeys, ...judging } = await judgeOf(terminal, options, found);
  const { counter: counters } = options;
  const unsigned = signature === 'none' && found.signature !== 'none';
  const device: LabDevice = {
    flash,
    config: layout.config,
    ...judging,
    signaturesUnchecked: unsigned,
    counters,
  };
  if (unsigned) {
    const absent = found.named?.missing.join(', ') ?? '';
    warn(
      terminal,
      absent === '' ? NOT_CHECKED : `${NOT_CHECKED}; ${absent}: not beside the layout`,
    );
  }
  stage?.(device);
  const usual = found.signature === undefined || found.signature === 'rsa-2048';
  const trust = unsigned && usual ? await boardTrust(options, device) : undefined;
  const vectors = vectorDoubts(device, bases?.length === 1 ? bases[0]?.address : undefined);
  const build = await buildDoubts(device);
  const outside = leftOutDoubts(file, { geometry: layout.geometry, bases });
  const all = [...(found.doubts ?? lines), ...outside, ...build, trust, ...vectors];
  const { source } = found;
  const said = all.filter((line) => line !== undefined);
  return { device, layout, signature, source, doubts: said, unsigned, keys: namedKeys };
}

/** The layout alone, for questions that need no dump. */
export async function layoutAlone(
  terminal: Terminal,
  options: LayoutOptions,
): Promise<FlashLayout> {
  const { layout } = await findLayout(terminal, undefined, options);
  return changed(layout, options);
}
