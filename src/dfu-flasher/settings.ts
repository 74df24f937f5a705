import { DfuError } from '../bytes/index.ts';
import type { FlowFilter, FlowOptions } from '../flow/index.ts';
import type { FirmwareManifest } from '../manifest/index.ts';
import { webUsbSupport } from '../link/web-usb/index.ts';
import type { WebUsbSupport } from '../link/web-usb/index.ts';
import { realTime } from '../usb/index.ts';
import type { UsbBus } from '../usb/index.ts';
import { addressOf } from './address-of.ts';
import { fetchBounded } from './fetch-bounded.ts';
import type { PageManifest } from './page-manifest.ts';
import { parts } from './parts.ts';
import { textOf } from './text-of.ts';

/** What a page has set. */
export interface FlasherSettings {
  readonly manifest: string | FirmwareManifest | undefined;
  readonly src: string | undefined;
  /** Not checked yet: it comes from an attribute. */
  readonly filters: unknown;
  readonly alt: number | string | undefined;
  /** Not checked yet: a page that means a key must not be left without one. */
  readonly expectedKey: unknown;
  readonly verify: boolean | undefined;
  readonly channel: string | undefined;
  readonly bus: UsbBus | undefined;
  readonly fetchFile: FlowOptions['fetchFile'];
}

/** Why no device can be reached from here: in this browser, by this address, in this place. */
export type Unsupported = Extract<WebUsbSupport, { readonly isThere: false }>['why'];

/** What a page has set, fetched and checked. */
export interface Prepared {
  readonly settings: FlasherSettings;
  readonly unsupported: Unsupported | undefined;
  readonly manifest: FirmwareManifest | undefined;
  /** How files of the manifest are had. */
  readonly fetchFile: FlowOptions['fetchFile'];
  readonly filters: readonly FlowFilter[] | undefined;
  readonly expectedKeys: readonly string[] | undefined;
}

const MOST_KEY_BYTES = 1 << 16;

/** Throws `DfuError` for what cannot be fetched or is not what it should be. */
export async function prepare(
  settings: FlasherSettings,
  unsupported: Unsupported | undefined,
  signal: AbortSignal,
): Promise<Prepared> {
  const filters = readFilters(settings.filters);
  const [{ manifest, fetchFile }, expectedKeys] = await Promise.all([
    manifestOf(settings, signal),
    keysOf(settings, signal),
  ]);
  return { settings, unsupported, manifest, fetchFile, filters, expectedKeys };
}

/** Why no device can be reached; undefined where one can, or the page has a bus of its own. */
export async function unsupportedHere({ bus }: FlasherSettings): Promise<Unsupported | undefined> {
  if (bus !== undefined) return undefined;
  const support = await webUsbSupport();
  return support.isThere ? undefined : support.why;
}

async function manifestOf(
  { manifest, fetchFile }: FlasherSettings,
  signal: AbortSignal,
): Promise<PageManifest> {
  if (manifest === undefined) return { manifest: undefined, fetchFile };
  const { pageManifest } = await parts.manifest({ clock: realTime(), signal });
  const its = await pageManifest(manifest, signal);
  return { ...its, fetchFile: fetchFile ?? its.fetchFile };
}

async function keysOf(
  { expectedKey }: FlasherSettings,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (expectedKey === undefined) return undefined;
  if (typeof expectedKey !== 'string') {
    const message = `expected-key: expected a public key as PEM or an address, got ${typeof expectedKey}`;
    throw new DfuError('INVALID_ARGUMENT', message);
  }
  if (expectedKey.includes('-----BEGIN')) return [expectedKey];
  const url = addressOf(expectedKey, document.baseURI, 'expected-key');
  const terms = { what: 'the expected key', mostBytes: MOST_KEY_BYTES, signal };
  const { bytes } = await fetchBounded(url, terms);
  return [textOf(bytes, terms)];
}

const isId = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff);

function isFilter(value: unknown): value is FlowFilter {
  if (typeof value !== 'object' || value === null) return false;
  const { vendorId, productId, serialNumber } = value as Record<string, unknown>;
  if (productId !== undefined && vendorId === undefined) return false;
  if (serialNumber !== undefined && typeof serialNumber !== 'string') return false;
  return isId(vendorId) && isId(productId);
}

function readFilters(value: unknown): readonly FlowFilter[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every(isFilter)) return value;
  const message =
    'filters: expected a list in JSON of {"vendorId": number, "productId": number, "serialNumber": text}, ' +
    'each part of which may be left out, but productId needs vendorId';
  throw new DfuError('INVALID_ARGUMENT', message);
}
