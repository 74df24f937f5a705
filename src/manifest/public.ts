/**
 * Firmware manifests: what of a product can be flashed, as its maker writes it down, read and checked.
 *
 * ```ts
 * const manifest = readManifest(await (await fetch(url)).text());
 * const board = boardOf(manifest, device); // what the device says of itself at USB
 * const [newest] = offersFor(manifest, { board, version: runningVersion(manifest, device.bcdDevice) });
 * const bytes = …; // fetched from fileUrl(newest.file, url)
 * const { refused } = await checkFile(newest.file, bytes, { keys: manifest.keys });
 * ```
 *
 * @module
 */
export type {
  FirmwareManifest,
  ManifestBoard,
  ManifestErase,
  ManifestFile,
  ManifestKey,
  ManifestRelease,
} from './firmware-manifest.ts';
export { MOST_MANIFEST_CHARACTERS, readManifest } from './read-manifest.ts';
export { manifestSchema } from './manifest-shape.ts';
export { boardOf, boardsFor, channelsOf, offersFor, runningVersion } from './offers.ts';
export type { ManifestDevice, ManifestOffer, OffersOptions } from './offers.ts';
export { fileUrl } from './file-url.ts';
export { checkFile } from './check-file-now.ts';
export type { CheckFileOptions, FileCheck } from './check-file.ts';
export { fileFacts } from './file-facts.ts';
export type { FileFacts, FileFactsOptions } from './file-facts.ts';
export type { FileFinding } from './file-finding.ts';
export { compareVersionTexts } from './version.ts';
