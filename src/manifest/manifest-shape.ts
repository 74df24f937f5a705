import {
  choiceShape,
  eitherShape,
  listShape,
  madeShape,
  may,
  need,
  numberChoiceShape,
  objectShape,
  schemaDocument,
  shownShape,
  textShape,
  wholeShape,
} from '../bytes/index.ts';
import type { KeysOf, Shape } from '../bytes/index.ts';
import { formatUsbId, parseUsbId } from '../usb/index.ts';
import { BCD_TEXT } from './bcd-range.ts';
import { MOST_FILE_BYTES } from './firmware-manifest.ts';
import type {
  FirmwareManifest,
  ManifestBoard,
  ManifestFile,
  ManifestKey,
  ManifestRelease,
} from './firmware-manifest.ts';
import { MOST_PATTERN, SERIAL_PATTERN, parseSerialPattern } from './serial-pattern.ts';
import { URL_TEXT } from './file-url.ts';
import { versionShape } from './version.ts';

/** What people call things; a name on a line of its own. */
const nameShape = shownShape('1 to 64 characters that can be seen', { least: 1, most: 64 });

const usbIdShape = madeShape(
  textShape('VID:PID in hex, such as 1209:7d00', {
    pattern: /^[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}$/,
    most: 9,
  }),
  (text) => formatUsbId(parseUsbId(text)),
);

const bcdShape = textShape('bcdDevice as 0102 or 1.02', { pattern: BCD_TEXT, most: 6 });

const serialShape = madeShape(
  textShape(
    `1 to ${MOST_PATTERN} characters: ? for any one, * for any number of them, [0-9A-F] for one of those`,
    { pattern: SERIAL_PATTERN, least: 1, most: MOST_PATTERN },
  ),
  (text, place) => {
    if (parseSerialPattern(text) !== undefined) return text;
    throw place.fault(place.path, 'a range in brackets goes backwards');
  },
);

const board: Shape<ManifestBoard> = objectShape('a board', {
  name: need(nameShape, 'What the board is called.'),
  usb: need(
    listShape(usbIdShape, { least: 1, most: 16 }),
    'Vendor and product in each of its modes: run-time and DFU mode.',
  ),
  dfuUsb: may(
    listShape(usbIdShape, { least: 1, most: 16 }),
    'Vendor and product in DFU mode of a loader that other boards may have as well, such as 0483:df11 of every STM32.',
  ),
  serial: may(
    serialShape,
    'What its whole serial number looks like: ? is any character, * any number of them, [0-9A-F] one of those.',
  ),
  bcdDevice: may(
    objectShape('least and most', {
      least: may(bcdShape, 'The first that it is.'),
      most: may(bcdShape, 'The last that it is.'),
    }),
    'Range of bcdDevice in each of its modes.',
  ),
} satisfies KeysOf<ManifestBoard>);

const lowerCase = (shape: Shape<string>): Shape<string> =>
  madeShape(shape, (text) => text.toLowerCase());

const keyIdShape = lowerCase(
  textShape('8 to 128 hexadecimal digits', { pattern: /^[0-9a-fA-F]{8,128}$/, most: 128 }),
);

const file: Shape<ManifestFile> = objectShape('a file', {
  boards: may(
    listShape(nameShape, { least: 1, most: 64 }),
    'The boards that it is for; left out: all.',
  ),
  url: need(
    textShape('where the file is, relative to the manifest, or http(s)://', {
      pattern: URL_TEXT,
      least: 1,
      most: 2048,
    }),
    'Where it is, relative to the manifest.',
  ),
  sizeBytes: need(wholeShape(1, MOST_FILE_BYTES, 'bytes'), 'In bytes.'),
  sha256: need(
    lowerCase(
      textShape('64 hexadecimal digits', { pattern: /^[0-9a-fA-F]{64}$/, least: 64, most: 64 }),
    ),
    'SHA-256 of all of it.',
  ),
  key: may(keyIdShape, 'The key that it must be signed with: the first digits of its hash.'),
  alternate: may(
    eitherShape(wholeNumberShape(255), nameShape),
    'Alternate setting that it goes to, by number or by name.',
  ),
  address: may(
    wholeShape(0, 2 ** 32 - 1),
    'Where it goes, of a file that does not say so itself, for DfuSe.',
  ),
  erase: may(
    choiceShape(['needed', 'all', 'ask']),
    'What is erased first: what is written over, all of the memory, or as a person chooses.',
  ),
  label: may(nameShape, 'What tells it from other files for the same board.'),
} satisfies KeysOf<ManifestFile>);

/** A number that is none as a text: texts are names. */
function wholeNumberShape(most: number): Shape<number> {
  const { schema: _, ...shape } = wholeShape(0, most);
  return { ...shape, kinds: ['number'], schema: { type: 'integer', minimum: 0, maximum: most } };
}

const release: Shape<ManifestRelease> = objectShape('a release', {
  version: need(versionShape, 'As 1.2.0, 1.3.0-rc.1 or 1.2.0+7.'),
  channel: may(
    textShape('1 to 32 small letters, digits and -', { pattern: /^[a-z0-9-]+$/, most: 32 }),
    'Left out: stable.',
  ),
  bcdDevice: may(
    bcdShape,
    'What a device shows as bcdDevice while this firmware runs: by it is known which version it has.',
  ),
  notes: may(
    shownShape('at most 16384 characters', { most: 16384, lines: true }),
    'What is new, as plain text.',
  ),
  minimumVersion: may(
    versionShape,
    'The oldest version from which a device may be brought to this one at once.',
  ),
  files: need(listShape(file, { least: 1, most: 64 }), 'At least one.'),
} satisfies KeysOf<ManifestRelease>);

const PUBLIC_PEM =
  /^-----BEGIN (RSA )?PUBLIC KEY-----[ \t\r\n0-9A-Za-z+/=]+-----END (RSA )?PUBLIC KEY-----[ \t\r\n]*$/;

const pemText = textShape('a public key, as PEM: -----BEGIN PUBLIC KEY-----', {
  pattern: PUBLIC_PEM,
  most: 4096,
});

const pemShape: Shape<string> = {
  ...pemText,
  read(value, place) {
    // What would show a part of it stays out of the message.
    if (!(value as string).includes('PRIVATE')) return pemText.read(value, place);
    const words =
      'a private key stands here, where all can read it: sign with a new one, and give its public half';
    throw place.fault(place.path, words);
  },
};

const key: Shape<ManifestKey> = objectShape('a key', {
  id: need(keyIdShape, 'The first digits of its hash.'),
  pem: need(pemShape, 'The public key, as PEM.'),
} satisfies KeysOf<ManifestKey>);

/** All that a manifest may say; the reader and the schema both come from it. */
export const manifestShape: Shape<FirmwareManifest> = objectShape('a firmware manifest', {
  $schema: may(textShape('a text'), 'Where editors find this schema.'),
  manifest: need(numberChoiceShape([1]), 'The version of this form.'),
  product: need(nameShape, 'What the product is called.'),
  boards: need(listShape(board, { least: 1, most: 64 }), 'No device is two of them.'),
  releases: need(
    listShape(release, { least: 1, most: 256 }),
    'In any order: they are offered newest first.',
  ),
  keys: may(
    listShape(key, { least: 1, most: 16 }),
    'Public keys that signatures are checked with.',
  ),
} satisfies KeysOf<FirmwareManifest> & Record<string, unknown>);

/** The JSON schema of manifests, draft 2020-12: what editors complete and check them with. */
export function manifestSchema(): object {
  return schemaDocument(manifestShape, {
    $id: 'https://unpkg.com/dfukit/schemas/manifest.schema.json',
    title: 'A firmware manifest of dfukit',
    description: 'What of a product can be flashed: its boards, its releases, the files of each.',
  });
}
