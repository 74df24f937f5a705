import { createHash } from 'node:crypto';
import type { FirmwareManifest, ManifestFile } from '../../../src/manifest/index.ts';

/** What a manifest says of one file, and that file. */
export interface Offered extends Partial<Omit<ManifestFile, 'url' | 'sizeBytes'>> {
  readonly bytes: Uint8Array;
  readonly version?: string | undefined;
  readonly channel?: string | undefined;
  readonly notes?: string | undefined;
}

/** A manifest for one board, whose files stand beside it. */
export function manifestOf(
  usb: readonly string[],
  offered: readonly Offered[],
): { readonly manifest: FirmwareManifest; readonly files: Readonly<Record<string, Uint8Array>> } {
  const releases = offered.map(({ bytes, version, channel, notes, ...rest }, at) => ({
    version: version ?? `1.${at}.0`,
    channel,
    notes,
    files: [{ url: `${at}.bin`, sizeBytes: bytes.length, sha256: hashOf(bytes), ...rest }],
  }));
  const boards = [{ name: 'The maker’s board', usb }];
  return {
    manifest: { manifest: 1, product: 'The maker’s product', boards, releases },
    files: Object.fromEntries(offered.map(({ bytes }, at) => [`firmware/${at}.bin`, bytes])),
  };
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
