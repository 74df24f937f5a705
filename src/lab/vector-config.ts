import type { BootConfig } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { FlashRange } from '../flash/index.ts';
import type { SignatureKind } from '../image/index.ts';
import type { FlashLayout } from './device.ts';
import { areaNames } from './device.ts';
import { algorithms, placeOf } from '../boot/mcuboot/index.ts';

/** Name of a signature kind in vector files; `nosig` for a build that checks hashes only. */
const signatureNames: Readonly<Record<SignatureKind | 'none', string>> = {
  none: 'nosig',
  ed25519: 'ed25519',
  'ecdsa-p256': 'ecdsa',
  'ecdsa-p384': 'ecdsa-p384',
  'rsa-2048': 'rsa2048',
  'rsa-3072': 'rsa3072',
};

/** How encrypted images are named there, by the bytes of a key record for AES-128. */
const wraps: readonly (readonly [string, number])[] = [
  ['enc-x25519', 80],
  ['enc-ecdsa-p256', 113],
  ['enc-rsa-2048', 256],
];

/** The `config` object of MCUboot vector files; the README beside the vectors explains the fields. */
export interface VectorConfig {
  readonly algorithm: string;
  readonly imageNumber: number;
  /** Size and count of each run of sectors. */
  readonly sectors: readonly (readonly [number, number])[];
  readonly areas: Readonly<Record<string, { readonly off: number; readonly size: number }>>;
  readonly writeAlign: number;
  readonly maxAlign: number;
  readonly maxImgSectors: number;
  readonly erasedVal: number;
  readonly signature: string;
  readonly publicKeys: readonly string[];
  readonly validatePrimarySlot: boolean;
  readonly copyChunk: number;
  readonly [option: string]: unknown;
}

/** What a vector file says of a build besides its layout. */
export interface VectorNames {
  readonly signature: SignatureKind | 'none';
  /** Paths of the public keys, from the folder of the vectors. */
  readonly publicKeys: readonly string[];
  readonly encryptionPrivateKey?: string | undefined;
}

/** Writes a layout as vector files have it. */
export function vectorConfigOf(
  { geometry, config }: FlashLayout,
  { signature, publicKeys, encryptionPrivateKey }: VectorNames,
): VectorConfig {
  const areas = areaNames(config).map((name) => {
    const { offsetBytes, sizeBytes } = placeOf(config, name);
    return [name, { off: offsetBytes, size: sizeBytes }] as const;
  });
  const { encryption, downgradePrevention } = config;
  const wrap = wraps.find(([, bytes]) => bytes === encryption?.savedTlvBytes) ?? wraps[0];
  return {
    algorithm: config.revert === true ? `${config.algorithm}+revert` : config.algorithm,
    imageNumber: config.images.length,
    sectors: geometry.sectors.map(({ sizeBytes, count }) => [sizeBytes, count]),
    areas: Object.fromEntries(areas),
    writeAlign: geometry.writeUnitBytes,
    maxAlign: config.maxAlign ?? 8,
    maxImgSectors: config.maxImgSectors ?? 128,
    erasedVal: geometry.erasedValue,
    signature: signatureNames[signature],
    publicKeys,
    validatePrimarySlot: config.validatePrimarySlot ?? true,
    copyChunk: config.copyChunkBytes ?? 1024,
    ...(config.bootstrap === true && { bootstrap: true }),
    ...(config.overwriteOnlyFast === true && { overwriteOnlyFast: true }),
    ...(config.overwriteOnlyKeepBackup === true && { overwriteOnlyKeepBackup: true }),
    ...(downgradePrevention !== undefined && { downgradePrevention: true }),
    ...(downgradePrevention === 'security-counter' && { downgradePreventionSecurityCounter: true }),
    ...(config.hwRollbackProtection === true && { hwRollbackProtection: true }),
    ...(config.guarded === true && { guarded: true }),
    ...(encryption !== undefined && {
      encryption: wrap?.[0],
      swapSaveEncTlv: encryption.savedTlvBytes !== undefined,
      encryptionPrivateKey,
    }),
  };
}

/** A layout as a file gives it, and the signature that the build asks for. */
export interface ReadLayout extends FlashLayout {
  readonly signature: SignatureKind | 'none';
}

/**
 * Reads the `config` object of a vector file, or a whole vector file.
 *
 * @throws {@link DfuError} `MALFORMED` with the field that is missing or wrong.
 */
export function readVectorConfig(value: unknown): ReadLayout {
  const whole = objectOf(value, 'the layout file');
  const fields = whole['config'] === undefined ? whole : objectOf(whole['config'], 'config');
  const [name, revert] = String(fields['algorithm']).split('+');
  const algorithm = algorithms.find((each) => each === name);
  if (algorithm === undefined) {
    throw wrong('algorithm', algorithms.join(', '), fields['algorithm']);
  }
  const sectors = arrayOf(fields['sectors'], 'sectors').map((run) => {
    const [sizeBytes, count] = arrayOf(run, 'sectors');
    return { sizeBytes: wholeOf(sizeBytes, 'sectors'), count: wholeOf(count, 'sectors') };
  });
  const erased = fields['erasedVal'] ?? 255;
  if (erased !== 0 && erased !== 255) throw wrong('erasedVal', '0 or 255', erased);
  return {
    geometry: {
      sectors,
      writeUnitBytes: wholeOf(fields['writeAlign'], 'writeAlign'),
      erasedValue: erased === 0 ? 0x00 : 0xff,
    },
    config: { algorithm, ...buildOf(fields, revert) },
    signature: signatureOf(fields['signature'] ?? 'nosig'),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function buildOf(fields: Fields, revert: string | undefined): Omit<BootConfig, 'algorithm'> {
  const areas = objectOf(fields['areas'], 'areas');
  const count = wholeOf(fields['imageNumber'] ?? 1, 'imageNumber');
  if (count < 1 || count > 16) throw wrong('imageNumber', '1 to 16', count);
  const maxAlign = fields['maxAlign'] ?? 8;
  if (maxAlign !== 8 && maxAlign !== 16 && maxAlign !== 32) {
    throw wrong('maxAlign', '8, 16 or 32', maxAlign);
  }
  const images = Array.from({ length: count }, (_, n) => ({
    primary: placeIn(areas, `primary${n}`),
    secondary: placeIn(areas, `secondary${n}`),
  }));
  const isOn = (name: string): boolean => fields[name] === true;
  const counter = isOn('downgradePreventionSecurityCounter');
  const wrap = wraps.find(([name]) => name === fields['encryption']);
  const saved = isOn('swapSaveEncTlv') && wrap !== undefined ? { savedTlvBytes: wrap[1] } : {};
  return {
    images,
    ...(revert === 'revert' && { revert: true }),
    ...(areas['scratch'] !== undefined && { scratch: placeIn(areas, 'scratch') }),
    maxAlign,
    maxImgSectors: wholeOf(fields['maxImgSectors'] ?? 128, 'maxImgSectors'),
    validatePrimarySlot: fields['validatePrimarySlot'] !== false,
    copyChunkBytes: wholeOf(fields['copyChunk'] ?? 1024, 'copyChunk'),
    bootstrap: isOn('bootstrap'),
    overwriteOnlyFast: isOn('overwriteOnlyFast'),
    overwriteOnlyKeepBackup: isOn('overwriteOnlyKeepBackup'),
    hwRollbackProtection: isOn('hwRollbackProtection'),
    guarded: isOn('guarded'),
    ...((isOn('downgradePrevention') || counter) && {
      downgradePrevention: counter ? ('security-counter' as const) : ('version' as const),
    }),
    ...(wrap !== undefined && { encryption: { keyBytes: 16 as const, ...saved } }),
  };
}

function placeIn(areas: Fields, name: string): FlashRange {
  const area = objectOf(areas[name], `areas.${name}`);
  const offsetBytes = wholeOf(area['off'], `areas.${name}.off`);
  return { offsetBytes, sizeBytes: wholeOf(area['size'], `areas.${name}.size`) };
}

function signatureOf(name: unknown): SignatureKind | 'none' {
  const found = Object.entries(signatureNames).find(([, each]) => each === name);
  if (found !== undefined) return found[0] as SignatureKind | 'none';
  throw wrong('signature', Object.values(signatureNames).join(', '), name);
}

function objectOf(value: unknown, name: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw wrong(name, 'an object', value);
}

function arrayOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw wrong(name, 'a list', value);
}

function wholeOf(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw wrong(name, 'a whole number', value);
}

function wrong(name: string, expected: string, got: unknown): DfuError {
  const text = got === undefined ? 'nothing' : (JSON.stringify(got) ?? typeof got);
  return new DfuError(
    'MALFORMED',
    `layout: ${name}: expected ${expected}, got ${text.slice(0, 80)}`,
  );
}
