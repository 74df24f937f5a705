import type { BootConfig, EncryptionConfig } from '../boot/mcuboot/index.ts';
import { algorithmNamed, algorithms } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { FlashGeometry, FlashRange, SectorRun } from '../flash/index.ts';
import { DEFAULT_MAX_ALIGN, DEFAULT_MAX_IMG_SECTORS, MAX_ALIGNS } from '../image/index.ts';
import type { SignatureKind } from '../image/index.ts';
import type { FlashLayout } from './device.ts';
import { ANY_WRAP, MOST_IMAGES, signatureNames, wrapNames } from './vector-config.ts';
import type { VectorConfig } from './vector-config.ts';

/** A layout as a file gives it, and the signature that the build asks for. */
export interface ReadLayout extends FlashLayout {
  readonly signature: SignatureKind | 'none';
}

type Fields = Readonly<Record<string, unknown>>;

/** What MCUboot can be built for: BOOT_MAX_ALIGN is 32 at most. */
const WRITE_UNITS: readonly number[] = [1, 2, 4, 8, 16, 32];
const MOST_SECTORS = 65_535;
const MOST_CHUNK_BYTES = 2 ** 20;

/** What a layout file may say. */
const KNOWN: ReadonlySet<string> = new Set<keyof VectorConfig>([
  'algorithm',
  'imageNumber',
  'sectors',
  'areas',
  'writeAlign',
  'pageSize',
  'maxAlign',
  'maxImgSectors',
  'logicalSectorSize',
  'erasedVal',
  'timing',
  'signature',
  'publicKeys',
  'validatePrimarySlot',
  'copyChunk',
  'bootstrap',
  'overwriteOnlyFast',
  'overwriteOnlyKeepBackup',
  'downgradePrevention',
  'downgradePreventionSecurityCounter',
  'compareBuildNumber',
  'hwRollbackProtection',
  'verifyImageAddress',
  'executableRam',
  'guarded',
  'encryption',
  'encryptionKeyBytes',
  'swapSaveEncTlv',
  'encryptionPrivateKey',
]);

/** A build with something on that is not known here does what cannot be told. Words are only remarks. */
function refuseUnknown(fields: Fields): void {
  for (const [name, value] of Object.entries(fields)) {
    const says = value !== false && value !== 0 && value !== null && typeof value !== 'string';
    if (KNOWN.has(name) || !says) continue;
    throw wrong(name, 'no such field: what a build with it does is not known here', value);
  }
}

/**
 * Reads the `config` object of a vector file, or a whole vector file.
 *
 * @throws `DfuError` `MALFORMED` with the field that is missing, wrong, or on and not known here.
 */
export function readVectorConfig(value: unknown): ReadLayout {
  const whole = objectOf(value, 'the layout file');
  const fields = whole['config'] === undefined ? whole : objectOf(whole['config'], 'config');
  refuseUnknown(fields);
  return {
    geometry: geometryOf(fields),
    config: configOf(fields),
    signature: signatureOf(fields['signature'] ?? 'nosig'),
  };
}

function geometryOf(fields: Fields): FlashGeometry {
  const erased = fields['erasedVal'] ?? 255;
  if (erased !== 0 && erased !== 255) throw wrong('erasedVal', '0 or 255', erased);
  return {
    sectors: arrayOf(fields['sectors'], 'sectors').map(sectorRun),
    writeUnitBytes: writeUnitOf(fields['writeAlign']),
    ...pagesOf(fields['pageSize']),
    erasedValue: erased === 0 ? 0x00 : 0xff,
    timing: timingOf(fields['timing']),
  };
}

function pagesOf(value: unknown): Pick<FlashGeometry, 'pageBytes'> {
  return value === undefined ? {} : { pageBytes: wholeOf(value, 'pageSize') };
}

function sectorRun(run: unknown): SectorRun {
  const [size, count, erase] = arrayOf(run, 'sectors');
  const sizeBytes = wholeOf(size, 'sectors');
  const eraseMs = erase === undefined ? undefined : timeOf(erase, 'sectors');
  return { sizeBytes, count: wholeOf(count, 'sectors'), eraseMs };
}

function timingOf(value: unknown): FlashGeometry['timing'] {
  if (value === undefined) return undefined;
  const timing = objectOf(value, 'timing');
  const time = (name: string): number => timeOf(timing[name], `timing.${name}`);
  return { eraseSectorMs: time('eraseSectorMs'), programUnitUs: time('programUnitUs') };
}

function configOf(fields: Fields): BootConfig {
  const named = algorithmNamed(String(fields['algorithm']));
  if (named === undefined) {
    throw wrong('algorithm', `${algorithms.join(', ')}, or one with +revert`, fields['algorithm']);
  }
  const areas = objectOf(fields['areas'], 'areas');
  const count = wholeOf(fields['imageNumber'] ?? 1, 'imageNumber');
  if (count < 1 || count > MOST_IMAGES) throw wrong('imageNumber', `1 to ${MOST_IMAGES}`, count);
  const asked = fields['maxAlign'] ?? DEFAULT_MAX_ALIGN;
  const maxAlign = MAX_ALIGNS.find((each) => each === asked);
  if (maxAlign === undefined) throw wrong('maxAlign', '8, 16 or 32', asked);
  return {
    ...named,
    images: Array.from({ length: count }, (_, n) => ({
      primary: placeIn(areas, `primary${n}`),
      secondary: placeIn(areas, `secondary${n}`),
    })),
    scratch: areas['scratch'] === undefined ? undefined : placeIn(areas, 'scratch'),
    maxAlign,
    maxImgSectors: countOf(
      fields['maxImgSectors'] ?? DEFAULT_MAX_IMG_SECTORS,
      'maxImgSectors',
      MOST_SECTORS,
    ),
    validatePrimarySlot: switchOf(fields['validatePrimarySlot'] ?? true, 'validatePrimarySlot'),
    copyChunkBytes: countOf(fields['copyChunk'] ?? 1024, 'copyChunk', MOST_CHUNK_BYTES),
    ...optionsOf(fields),
  };
}

function optionsOf(fields: Fields): Partial<BootConfig> {
  const isOn = (name: keyof VectorConfig): boolean => switchOf(fields[name] ?? false, name);
  const counter = isOn('downgradePreventionSecurityCounter');
  const prevention = counter ? 'security-counter' : 'version';
  return {
    logicalSectorBytes: logicalSectorOf(fields['logicalSectorSize']),
    bootstrap: isOn('bootstrap'),
    overwriteOnlyFast: isOn('overwriteOnlyFast'),
    overwriteOnlyKeepBackup: isOn('overwriteOnlyKeepBackup'),
    hwRollbackProtection: isOn('hwRollbackProtection'),
    compareBuildNumber: isOn('compareBuildNumber'),
    guarded: isOn('guarded'),
    downgradePrevention: isOn('downgradePrevention') || counter ? prevention : undefined,
    verifyImageAddress: addressCheckOf(fields['verifyImageAddress']),
    executableRam: ramOf(fields['executableRam']),
    encryption: encryptionOf(fields),
  };
}

/** 0 is what MCUboot has for a build without. */
function logicalSectorOf(value: unknown): number | undefined {
  const sizeBytes = wholeOf(value ?? 0, 'logicalSectorSize');
  if (sizeBytes === 0) return undefined;
  if (Number.isInteger(Math.log2(sizeBytes))) return sizeBytes;
  throw wrong('logicalSectorSize', 'a power of two', value);
}

function addressCheckOf(value: unknown): BootConfig['verifyImageAddress'] {
  if (value === undefined || value === 'reset-vector' || value === 'load-address') return value;
  throw wrong('verifyImageAddress', 'reset-vector or load-address', value);
}

function ramOf(value: unknown): BootConfig['executableRam'] {
  if (value === undefined) return undefined;
  const ram = objectOf(value, 'executableRam');
  return {
    startAddress: wholeOf(ram['start'], 'executableRam.start'),
    sizeBytes: wholeOf(ram['size'], 'executableRam.size'),
  };
}

function encryptionOf(fields: Fields): EncryptionConfig | undefined {
  const name = fields['encryption'];
  if (name === undefined || name === '') return undefined;
  const keyBytes = fields['encryptionKeyBytes'] ?? 16;
  if (keyBytes !== 16 && keyBytes !== 32) throw wrong('encryptionKeyBytes', '16 or 32', keyBytes);
  const record = typeof name === 'string' ? wrapNames.get(name)?.[keyBytes] : undefined;
  if (record === undefined && name !== ANY_WRAP) {
    throw wrong('encryption', [ANY_WRAP, ...wrapNames.keys()].join(', '), name);
  }
  if (!switchOf(fields['swapSaveEncTlv'] ?? false, 'swapSaveEncTlv')) return { keyBytes };
  if (record !== undefined) return { keyBytes, savedTlvBytes: record };
  throw wrong('encryption', 'the kind of the key records that are saved', name);
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

function switchOf(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(name, 'true or false', value);
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

/** A number of which there must be one at least; sectors and areas are judged by who opens the flash. */
function countOf(value: unknown, name: string, most: number): number {
  const count = wholeOf(value, name);
  if (count >= 1 && count <= most) return count;
  throw wrong(name, `1 to ${most}`, value);
}

function writeUnitOf(value: unknown): number {
  const unit = WRITE_UNITS.find((each) => each === value);
  if (unit !== undefined) return unit;
  throw wrong('writeAlign', WRITE_UNITS.join(', '), value);
}

function timeOf(value: unknown, name: string): number {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  throw wrong(name, 'a time of 0 or more', value);
}

function wrong(name: string, expected: string, got: unknown): DfuError {
  const text = got === undefined ? 'nothing' : (JSON.stringify(got) ?? typeof got);
  return new DfuError(
    'MALFORMED',
    `layout: ${name}: expected ${expected}, got ${text.slice(0, 80)}`,
  );
}
