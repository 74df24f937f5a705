import { DfuError } from '../bytes/index.ts';
import type { ManifestFile } from './firmware-manifest.ts';

/**
 * Where a file may be said to be: a path, or http and https in full. No other scheme (`data:`, `javascript:`, `blob:`), no
 * user and no fragment; what is not ASCII, and a space, is written with `%`.
 */
export const URL_TEXT: RegExp =
  /^(https?:\/\/[0-9A-Za-z.:[\]-]+(\/[!$%&'()*+,./0-9:;=?@A-Z_a-z~-]*)?|\/?[!$%&'()*+,.0-9;=@A-Z_a-z~-]+([/?][!$%&'()*+,./0-9:;=?@A-Z_a-z~-]*)?)$/;

interface UrlLike {
  readonly href: string;
  readonly protocol: string;
}

/** What pages and Node both have, and no language library declares. */
function resolve(url: string, base: string): UrlLike | undefined {
  const { URL } = globalThis as unknown as { readonly URL: new (...of: string[]) => UrlLike };
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}

/**
 * Where a file of a manifest is, in full. Throws `INVALID_ARGUMENT` for a manifest's address that is none, and `REFUSED` for a
 * file elsewhere than the web and the manifest's own scheme, or in the open (http) where the manifest is not (https).
 */
export function fileUrl({ url }: Pick<ManifestFile, 'url'>, manifestUrl: string): string {
  const [base, found] = [resolve(manifestUrl, manifestUrl), resolve(url, manifestUrl)];
  const shown = JSON.stringify(url.slice(0, 200));
  if (base === undefined || found === undefined) {
    const given = JSON.stringify(manifestUrl.slice(0, 200));
    const message = `expected the address of the manifest, so that ${shown} can be found from there; got ${given}`;
    throw new DfuError('INVALID_ARGUMENT', message);
  }
  const { protocol, href } = found;
  const isOpen = protocol === 'http:' && base.protocol === 'https:';
  if (!isOpen && [base.protocol, 'https:', 'http:'].includes(protocol)) return href;
  const words = isOpen
    ? 'it is fetched in the open, and the manifest is not: use https'
    : `expected http or https, got ${protocol}`;
  throw new DfuError('REFUSED', `the file ${shown} of the manifest: ${words}`);
}
