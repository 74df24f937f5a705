import { DfuError } from '../../bytes/index.ts';
import { compareVersionTexts, channelsOf, isVersion, offersFor } from '../../manifest/index.ts';
import type { FirmwareManifest, ManifestBoard, ManifestOffer } from '../../manifest/index.ts';
import { printable } from '../../host/index.ts';
import type { ManifestOptions } from './manifest-options.ts';

/** Which file is wanted, and what is known of the device. */
export interface ChoiceTerms extends Pick<ManifestOptions, 'channel' | 'release' | 'label'> {
  readonly board: ManifestBoard;
  /** The version that runs; undefined: not known. */
  readonly version: string | undefined;
  /** Go past what the manifest says of versions, and tell it. */
  readonly force: boolean;
  /** Send it though nobody knows whether the device is new enough for it. */
  readonly allowUnknown: boolean;
}

/** A file of the manifest, and what a person should know of why it is this one. */
interface Chosen {
  readonly offer: ManifestOffer;
  readonly notes: readonly string[];
}

const refused = (message: string): DfuError => new DfuError('REFUSED', message);

function listed(all: Iterable<string>): string {
  const each = [...new Set(all)].map(printable);
  return each.length > 8 ? `${each.slice(0, 8).join(', ')}, …` : each.join(', ');
}

/** What the manifest has for the board, in that channel and, if one is named, of that release. */
function candidates(
  manifest: FirmwareManifest,
  { board, version, channel, release }: ChoiceTerms,
): readonly ManifestOffer[] {
  const all = offersFor(manifest, { board, channel, version });
  const where = `for "${board.name}" in channel "${channel ?? 'stable'}"`;
  if (all.length === 0) {
    const there = listed(channelsOf(manifest));
    throw new DfuError('NOT_FOUND', `nothing ${where}; the manifest has ${there} (--channel)`);
  }
  if (release === undefined) return all;
  if (!isVersion(release)) {
    throw new DfuError('INVALID_ARGUMENT', `--release: expected a version, got "${release}"`);
  }
  const found = all.filter((each) => compareVersionTexts(each.release.version, release) === 0);
  if (found.length > 0) return found;
  const there = listed(all.map((each) => each.release.version));
  throw new DfuError('NOT_FOUND', `no release ${release} ${where}; there are ${there}`);
}

/** The one file of a release that is meant. */
function fileOf(offers: readonly ManifestOffer[], label: string | undefined): ManifestOffer {
  const found = label === undefined ? offers : offers.filter(({ file }) => file.label === label);
  const [offer, another] = found;
  const there = listed(offers.map(({ file }) => file.label ?? file.url));
  if (offer === undefined) {
    throw new DfuError('NOT_FOUND', `--label: no file has "${label ?? ''}"; there are ${there}`);
  }
  if (another === undefined) return offer;
  const words = `${offer.release.version} has several files for the board: ${there}`;
  throw new DfuError('AMBIGUOUS', `${words}; say which with --label`);
}

const ofRelease = (offers: readonly ManifestOffer[], { release }: ManifestOffer): ManifestOffer[] =>
  offers.filter((each) => each.release === release);

/** Throws `REFUSED` for what the manifest does not mean the device to get; what is forced is noted. */
function demandMeant(
  offer: ManifestOffer,
  { version, release, force, allowUnknown }: ChoiceTerms,
): string[] {
  const { barred, doubt, change } = offer;
  if (barred !== undefined && !force) throw refused(barred);
  if (doubt !== undefined && !force && !allowUnknown) {
    throw new DfuError('REFUSED', doubt.replace(/\.$/, ''), { remedies: ['unknown-version'] });
  }
  if (change === 'downgrade' && release === undefined && !force) {
    const newest = `the newest release is ${offer.release.version}`;
    throw refused(
      `${newest}, and the device runs ${version ?? ''}: say --release to go back to an older one`,
    );
  }
  const same = change === 'same' ? [`the device runs ${version ?? ''} already`] : [];
  return [barred, doubt].filter((each) => each !== undefined).concat(same);
}

/**
 * The file for a device: of the newest release that it may have, or of the one that is named. Throws `NOT_FOUND` for what the
 * manifest does not have, `AMBIGUOUS` for several files, `REFUSED` for what the device must not get.
 */
export function chooseFile(manifest: FirmwareManifest, terms: ChoiceTerms): Chosen {
  const all = candidates(manifest, terms);
  const [newest] = all;
  if (newest === undefined) throw new Error('expected an offer');
  const isNamed = terms.release !== undefined || terms.force;
  const first = isNamed ? newest : (all.find(({ barred }) => barred === undefined) ?? newest);
  const skipped = first === newest ? undefined : newest.barred;
  // What is older on the way to the newest is of use only to a device that it is newer for.
  if (skipped !== undefined && first.change !== 'update') throw refused(skipped);
  const offer = fileOf(ofRelease(all, first), terms.label);
  const notes = demandMeant(offer, terms);
  return { offer, notes: skipped === undefined ? notes : [skipped, ...notes] };
}
