import { serialOf } from '../host/index.ts';
import type { DfuInterface } from '../host/index.ts';
import { boardsFor, offersFor, runningVersion } from '../manifest/index.ts';
import type { FirmwareManifest, ManifestBoard } from '../manifest/index.ts';
import type { Catalogue } from './catalogue.ts';
import { fetchOffer } from './fetch-offer.ts';
import { boardFindings, manifestFindings } from './findings/manifest.ts';
import type { FlowDevice, FlowOffer } from './flow-state.ts';
import { said } from './flow-text.ts';

/** The boards of the manifest that this may be. */
function boardsOf(manifest: FirmwareManifest, entry: DfuInterface): readonly ManifestBoard[] {
  return boardsFor(manifest, { ...entry, serial: serialOf(entry) });
}

function offersOf(
  manifest: FirmwareManifest,
  channel: string | undefined,
  { board, mode, interfaces: [first] }: FlowDevice,
): FlowOffer[] {
  if (board === undefined || first === undefined) return [];
  const runs = mode === 'runtime' ? runningVersion(manifest, first.bcdDevice) : undefined;
  return offersFor(manifest, { board, channel, version: runs }).map((offer) => {
    const { release, file, barred, doubt, change } = offer;
    const { version, minimumVersion: minimum = '' } = release;
    return {
      release,
      file,
      change,
      barred:
        barred === undefined ? undefined : said('too-old', { version, minimum, runs: runs ?? '' }),
      doubt: doubt === undefined ? undefined : said('perhaps-too-old', { version, minimum }),
    };
  });
}

/** A manifest at work. */
export function catalogueOf(manifest: FirmwareManifest): Catalogue {
  return {
    manifest,
    boardsOf: (entry) => boardsOf(manifest, entry),
    runningVersion: (bcdDevice) => runningVersion(manifest, bcdDevice),
    offersOf: (channel, device) => offersOf(manifest, channel, device),
    fetched: (offer, terms, signal) => fetchOffer(offer, { ...terms, manifest }, signal),
    findingsOf: (choice, device) => [
      ...manifestFindings(choice, manifest.product),
      ...boardFindings(device),
    ],
  };
}
