/**
 * Firmware manifests: what of a product can be flashed, as its maker writes it down, read and checked.
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
