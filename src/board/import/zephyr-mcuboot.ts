import type { Inquiry, Source } from './inquiry.ts';
import type { Settings } from './settings.ts';
import { placeText } from './text-file.ts';

/** What MCUboot's configuration says of it, in the words of a board file's `mcuboot`. */
export interface FoundMcuboot {
  readonly mode: string | undefined;
  readonly images: number;
  readonly maxAlign: number | undefined;
  readonly maxSectors: number | undefined;
  /** `CONFIG_BOOT_MAX_IMG_SECTORS_AUTO`. */
  readonly isSectorsAuto: boolean;
  /** `rsa-2048` and the like; `none`: hashes alone are checked. */
  readonly signature: string | undefined;
  /** The file of the key that it trusts, as the configuration names it, and where. */
  readonly keyFile: { readonly path: string; readonly from: Source } | undefined;
  /** All else that is not as it usually is. */
  readonly rest: Readonly<Record<string, string | number | boolean>>;
}

/** Kconfig's choice BOOT_IMAGE_UPGRADE_MODE, and what is none of its modes (MCUboot boot/zephyr/Kconfig). */
const MODES: readonly (readonly [symbol: string, mode: string])[] = [
  ['CONFIG_BOOT_SWAP_USING_MOVE', 'swap-using-move'],
  ['CONFIG_BOOT_SWAP_USING_OFFSET', 'swap-using-offset'],
  ['CONFIG_BOOT_SWAP_USING_SCRATCH', 'swap-using-scratch'],
  ['CONFIG_BOOT_UPGRADE_ONLY', 'overwrite-only'],
  ['CONFIG_BOOT_DIRECT_XIP_REVERT', 'direct-xip-with-revert'],
  ['CONFIG_BOOT_DIRECT_XIP', 'direct-xip'],
];

/** What the application believes of its MCUboot (Zephyr modules/Kconfig.mcuboot). */
const ASSUMED_MODES: Readonly<Record<string, readonly string[]>> = {
  SWAP_WITHOUT_SCRATCH: ['swap-using-move', 'swap-using-offset'],
  SWAP_USING_MOVE: ['swap-using-move'],
  SWAP_USING_OFFSET: ['swap-using-offset'],
  SWAP_SCRATCH: ['swap-using-scratch'],
  OVERWRITE_ONLY: ['overwrite-only'],
  DIRECT_XIP: ['direct-xip'],
  DIRECT_XIP_WITH_REVERT: ['direct-xip-with-revert'],
};

/** What no board here can have. */
const UNSUPPORTED: readonly (readonly [symbol: string, what: string])[] = [
  ['CONFIG_SINGLE_APPLICATION_SLOT', 'MCUboot with a single slot'],
  ['CONFIG_BOOT_FIRMWARE_LOADER', 'MCUboot with a firmware loader'],
  ['CONFIG_BOOT_RAM_LOAD', 'MCUboot that loads images into RAM'],
  ['CONFIG_SINGLE_APPLICATION_SLOT_RAM_LOAD', 'MCUboot that loads its image into RAM'],
  ['CONFIG_BOOT_HW_KEY', 'MCUboot that has its keys from hardware'],
  ['CONFIG_BOOT_SIGNATURE_TYPE_PURE', 'signatures over the image instead of its hash'],
  ['CONFIG_BOOT_IMG_HASH_ALG_SHA384', 'images with SHA-384'],
  ['CONFIG_BOOT_IMG_HASH_ALG_SHA512', 'images with SHA-512'],
];

/** What is left out, and what comes of it. */
const DOUBTS: readonly (readonly [symbol: string, sentence: string])[] = [
  ['CONFIG_BOOT_ENCRYPT_IMAGE', 'boards here decrypt no images: an encrypted update is refused'],
  [
    'CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION',
    'boards here have no security counter in hardware: what it would refuse is taken',
  ],
  ['CONFIG_BOOT_DECOMPRESSION', 'boards here decompress no images: a compressed update is refused'],
  ['CONFIG_MCUBOOT_SERIAL', "MCUboot's serial recovery is not played"],
  ['CONFIG_BOOT_USB_DFU_WAIT', "MCUboot's own USB DFU is not played"],
  ['CONFIG_BOOT_USB_DFU_GPIO', "MCUboot's own USB DFU is not played"],
  ['CONFIG_BOOT_IMAGE_ACCESS_HOOKS', 'hooks of the build are not played'],
  ['CONFIG_BOOT_GO_HOOKS', 'hooks of the build are not played'],
  [
    'CONFIG_MCUBOOT_STORAGE_MINIMAL_SCRAMBLE',
    'a bad update is erased as a whole, not by its header and trailer alone',
  ],
];

const SIGNATURES: readonly (readonly [symbol: string, signature: string])[] = [
  ['CONFIG_BOOT_SIGNATURE_TYPE_NONE', 'none'],
  ['CONFIG_BOOT_SIGNATURE_TYPE_ECDSA_P256', 'ecdsa-p256'],
  ['CONFIG_BOOT_SIGNATURE_TYPE_ED25519', 'ed25519'],
];

/** One that is none of these; PURE says what is signed, not how. */
const OTHER_SIGNATURE = /^CONFIG_BOOT_SIGNATURE_TYPE_(?!PURE)/;

/** The first of these symbols that is on. */
function chosen(
  settings: Settings,
  choices: readonly (readonly [symbol: string, value: string])[],
): { readonly value: string; readonly from: Source } | undefined {
  for (const [symbol, value] of choices) {
    const setting = settings.get(symbol);
    if (setting?.value === 'y') return { value, from: setting.place };
  }
  return undefined;
}

function modeOf(inquiry: Inquiry, settings: Settings): string | undefined {
  const mode = chosen(settings, MODES);
  return mode && inquiry.found('algorithm', mode.value, { from: mode.from });
}

function signatureOf(inquiry: Inquiry, settings: Settings): string | undefined {
  const rsa = settings.get('CONFIG_BOOT_SIGNATURE_TYPE_RSA');
  if (rsa?.value === 'y') {
    const bits = settings.number('CONFIG_BOOT_SIGNATURE_TYPE_RSA_LEN')?.value ?? 2048;
    return inquiry.found('signature', `rsa-${bits}`, { from: rsa.place });
  }
  const signature = chosen(settings, SIGNATURES);
  if (signature !== undefined) {
    return inquiry.found('signature', signature.value, { from: signature.from });
  }
  const other = settings.names.find(
    (name) => OTHER_SIGNATURE.test(name) && settings.get(name)?.value === 'y',
  );
  if (other === undefined) return undefined;
  return inquiry.unsupported(`signatures of that kind, ${other}`, settings.get(other)?.place ?? '');
}

/** `CONFIG_BOOT_MAX_IMG_SECTORS_AUTO` leaves the number to the sizes of the slots. */
function maxSectorsOf(inquiry: Inquiry, settings: Settings): number | undefined {
  const most = settings.number('CONFIG_BOOT_MAX_IMG_SECTORS');
  return most && inquiry.found('most sectors', most.value, { from: most.place });
}

/** The write block of the flash unless somebody set it; mcuboot_config.h takes it where it is more than 8. */
function maxAlignOf(inquiry: Inquiry, settings: Settings): number | undefined {
  const align = settings.number('CONFIG_MCUBOOT_BOOT_MAX_ALIGN');
  if (align === undefined || align.value <= 8) return undefined;
  const { value, place } = align;
  if (value === 16 || value === 32) return inquiry.found('most alignment', value, { from: place });
  return inquiry.unsupported(`an alignment of ${value}, CONFIG_MCUBOOT_BOOT_MAX_ALIGN`, place);
}

function restOf(inquiry: Inquiry, settings: Settings): FoundMcuboot['rest'] {
  const rest: Record<string, string | number | boolean> = {};
  const put = (key: string, symbol: string, value: string | number | boolean): void => {
    const setting = settings.get(symbol);
    if (setting?.value !== 'y') return;
    rest[key] = inquiry.found(key, value, { from: setting.place });
  };
  const validate = settings.get('CONFIG_BOOT_VALIDATE_SLOT0');
  if (validate?.value === 'n') {
    rest['validatePrimary'] = inquiry.found('validatePrimary', false, { from: validate.place });
  }
  const counter = 'CONFIG_MCUBOOT_DOWNGRADE_PREVENTION_SECURITY_COUNTER';
  if (settings.isOn(counter)) put('downgradePrevention', counter, 'security-counter');
  else put('downgradePrevention', 'CONFIG_MCUBOOT_DOWNGRADE_PREVENTION', 'version');
  put('compareBuildNumber', 'CONFIG_BOOT_VERSION_CMP_USE_BUILD_NUMBER', true);
  put('bootstrap', 'CONFIG_BOOT_BOOTSTRAP', true);
  // Zephyr's mcuboot_config.h: the one comes with the other.
  put('overwriteOnlyFast', 'CONFIG_BOOT_UPGRADE_ONLY', true);
  const header = 'CONFIG_MCUBOOT_CHECK_HEADER_LOAD_ADDRESS';
  if (settings.isOn(header)) put('verifyImageAddress', header, 'load-address');
  else put('verifyImageAddress', 'CONFIG_MCUBOOT_VERIFY_IMG_ADDRESS', 'reset-vector');
  const logical = settings.number('CONFIG_MCUBOOT_LOGICAL_SECTOR_SIZE');
  if (logical !== undefined && logical.value > 0) {
    const from = logical.place;
    rest['logicalSectorBytes'] = inquiry.found('logicalSectorBytes', logical.value, { from });
  }
  return rest;
}

/** `CONFIG_MCUBOOT_UUID_VID`: the values are made by the build, and no configuration has them. */
function noteIdentities(inquiry: Inquiry, settings: Settings): void {
  for (const [symbol, key] of [
    ['CONFIG_MCUBOOT_UUID_VID', 'vendor'],
    ['CONFIG_MCUBOOT_UUID_CID', 'deviceClass'],
  ] as const) {
    const setting = settings.get(symbol);
    if (setting?.value !== 'y') continue;
    const where = placeText(setting.place);
    inquiry.doubt(
      `${symbol} (${where}): put mcuboot.${key} into the file, or images of any are taken`,
    );
  }
}

/** As many images as boards have. */
const MOST_IMAGES = 8;

function imagesOf(inquiry: Inquiry, settings: Settings): number {
  const images = settings.number('CONFIG_UPDATEABLE_IMAGE_NUMBER');
  if (images === undefined) return 1;
  const { value, place } = images;
  if (value >= 1 && value <= MOST_IMAGES) return inquiry.found('images', value, { from: place });
  inquiry.unsupported(`${value} images, CONFIG_UPDATEABLE_IMAGE_NUMBER`, place);
  return 1;
}

function keyFileOf(settings: Settings): FoundMcuboot['keyFile'] {
  const key = settings.text('CONFIG_BOOT_SIGNATURE_KEY_FILE');
  return key && { path: key.value, from: key.place };
}

/** Reads MCUboot's own `.config`. What no board can have is noted, and so is what differs. */
export function readMcuboot(inquiry: Inquiry, settings: Settings): FoundMcuboot {
  for (const [symbol, what] of UNSUPPORTED) {
    const setting = settings.get(symbol);
    if (setting?.value === 'y') inquiry.unsupported(`${what}, ${symbol}`, setting.place);
  }
  for (const [symbol, sentence] of DOUBTS) {
    const setting = settings.get(symbol);
    if (setting?.value !== 'y') continue;
    inquiry.doubt(`${symbol} (${placeText(setting.place)}): ${sentence}`);
  }
  noteIdentities(inquiry, settings);
  return {
    mode: modeOf(inquiry, settings),
    images: imagesOf(inquiry, settings),
    maxAlign: maxAlignOf(inquiry, settings),
    maxSectors: maxSectorsOf(inquiry, settings),
    isSectorsAuto: settings.isOn('CONFIG_BOOT_MAX_IMG_SECTORS_AUTO'),
    signature: signatureOf(inquiry, settings),
    keyFile: keyFileOf(settings),
    rest: restOf(inquiry, settings),
  };
}

/** Notes an application that was built for another MCUboot than stands beside it. */
export function noteAssumedMode(
  inquiry: Inquiry,
  application: Settings,
  mode: string | undefined,
): void {
  for (const [name, modes] of Object.entries(ASSUMED_MODES)) {
    const setting = application.get(`CONFIG_MCUBOOT_BOOTLOADER_MODE_${name}`);
    if (setting?.value !== 'y' || mode === undefined || modes.includes(mode)) continue;
    const where = placeText(setting.place);
    inquiry.doubt(
      `the application is built for ${modes.join(' or ')} (${where}), MCUboot is ${mode}`,
    );
  }
}
