import { DfuError, struct, u16le, u8 } from '../bytes/index.ts';
import type { Struct } from '../bytes/index.ts';
import type { DeviceCapability } from './bos.ts';
import { platformCapability } from './platform-capability.ts';

/** The UUID of the platform capability (WebUSB §4.1.1). */
const WEB_USB_UUID = '3408B638-09A9-47A0-8BFD-A0768815B665';

/** wIndex of the vendor request that reads a URL (WebUSB §4.2.1). */
export const WEB_USB_GET_URL = 2;

interface WebUsbInformation {
  readonly bcdVersion: number;
  readonly bVendorCode: number;
  /** Number of the URL of the landing page; 0: there is none. */
  readonly iLandingPage: number;
}

const webUsbInformation: Struct<WebUsbInformation> = struct<WebUsbInformation>(
  'WebUSB capability',
  { bcdVersion: u16le, bVendorCode: u8, iLandingPage: u8 },
);

/** The platform capability that says which bRequest reads URLs, and which of them is the landing page. */
export function webUsbCapability(bVendorCode: number, iLandingPage: number): DeviceCapability {
  return platformCapability(
    WEB_USB_UUID,
    webUsbInformation.encode({ bcdVersion: 0x0100, bVendorCode, iLandingPage }),
  );
}

/** bDescriptorType of a URL descriptor (WebUSB §4.3.1). */
const URL_DESCRIPTOR = 3;
/** bScheme: what stands in front of the text. 255 says that the text has it all. */
const SCHEMES = [
  [0, 'http://'],
  [1, 'https://'],
] as const;
const NO_SCHEME = 255;
/** bLength is one byte. */
const MOST_CHARACTERS = 252;

/**
 * A URL descriptor. The URL is in ASCII: what is not must be percent-encoded, and in a host name in
 * Punycode. Throws `INVALID_ARGUMENT`, `OUT_OF_RANGE` above 252 characters behind the scheme.
 */
export function encodeUrl(url: string): Uint8Array<ArrayBuffer> {
  const [bScheme, prefix] = SCHEMES.find(([, text]) => url.startsWith(text)) ?? [NO_SCHEME, ''];
  const rest = url.slice(prefix.length);
  if (!/^[!-~]+$/.test(rest)) {
    throw new DfuError('INVALID_ARGUMENT', `URL: expected one in ASCII, got "${url}"`);
  }
  if (rest.length > MOST_CHARACTERS) {
    const got = `got ${rest.length}`;
    throw new DfuError(
      'OUT_OF_RANGE',
      `URL: expected at most ${MOST_CHARACTERS} characters, ${got}`,
    );
  }
  const text = Array.from(rest, (character) => character.charCodeAt(0));
  return Uint8Array.of(rest.length + 3, URL_DESCRIPTOR, bScheme, ...text);
}

/** The URL that such a descriptor holds. Throws `TRUNCATED` or `MALFORMED`. */
export function decodeUrl(bytes: Uint8Array): string {
  const [bLength = 0, type, bScheme] = bytes;
  if (bLength < 3 || type !== URL_DESCRIPTOR) {
    throw new DfuError('MALFORMED', `URL descriptor: expected type 3, got ${type} of ${bLength}`);
  }
  if (bytes.length < bLength) {
    throw new DfuError('TRUNCATED', `URL descriptor: ${bytes.length} bytes of ${bLength}`);
  }
  const prefix = SCHEMES.find(([scheme]) => scheme === bScheme)?.[1] ?? '';
  return prefix + String.fromCharCode(...bytes.subarray(3, bLength));
}
