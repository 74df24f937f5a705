import { areaNames, buildOf, placeOf } from '../boot/mcuboot/index.ts';
import type { BootConfig, EncryptionConfig } from '../boot/mcuboot/index.ts';
import { DfuError, defined } from '../bytes/index.ts';
import type { FlashGeometry } from '../flash/index.ts';
import type { SignatureKind } from '../image/index.ts';
import type { FlashLayout } from './device.ts';

/** The `config` object of MCUboot vector files; the README beside the vectors explains the fields. */
export interface VectorConfig {
  /** MCUboot's mode; `+revert` behind it for builds that run images in place and go back. */
  readonly algorithm: string;
  readonly imageNumber: number;
  /** Size and count of each run of sectors; where they have one of their own, the ms to erase one. */
  readonly sectors: readonly (readonly [number, number, number?])[];
  readonly areas: Readonly<Record<string, { readonly off: number; readonly size: number }>>;
  readonly writeAlign: number;
  /** Bytes of a page of the flash, where it is programmed page by page. */
  readonly pageSize?: number | undefined;
  readonly maxAlign: number;
  readonly maxImgSectors: number;
  readonly erasedVal: number;
  /** MCUBOOT_LOGICAL_SECTOR_SIZE; 0 or left out: the flash's own sectors. */
  readonly logicalSectorSize?: number | undefined;
  readonly timing?: { readonly eraseSectorMs: number; readonly programUnitUs: number } | undefined;
  readonly signature: string;
  /** Paths of the public keys, from the folder of the vectors. */
  readonly publicKeys: readonly string[];
  readonly validatePrimarySlot: boolean;
  readonly copyChunk: number;
  readonly bootstrap?: boolean | undefined;
  readonly overwriteOnlyFast?: boolean | undefined;
  readonly overwriteOnlyKeepBackup?: boolean | undefined;
  readonly downgradePrevention?: boolean | undefined;
  readonly downgradePreventionSecurityCounter?: boolean | undefined;
  readonly compareBuildNumber?: boolean | undefined;
  readonly hwRollbackProtection?: boolean | undefined;
  readonly verifyImageAddress?: string | undefined;
  readonly executableRam?: { readonly start: number; readonly size: number } | undefined;
  readonly guarded?: boolean | undefined;
  /** How image keys are wrapped: one of `wrapNames`. */
  readonly encryption?: string | undefined;
  /** 32 for AES-256; 16 unless given. */
  readonly encryptionKeyBytes?: number | undefined;
  readonly swapSaveEncTlv?: boolean | undefined;
  readonly encryptionPrivateKey?: string | undefined;
}

/** Name of a signature kind in vector files; `nosig` for a build that checks hashes only. */
export const signatureNames: Readonly<Record<SignatureKind | 'none', string>> = {
  none: 'nosig',
  ed25519: 'ed25519',
  'ecdsa-p256': 'ecdsa',
  'ecdsa-p384': 'ecdsa-p384',
  'rsa-2048': 'rsa2048',
  'rsa-3072': 'rsa3072',
};

/** How image keys may be wrapped, and the bytes of a key's record for AES-128 and AES-256. */
export const wrapNames: ReadonlyMap<string, Readonly<Record<16 | 32, number>>> = new Map([
  ['enc-x25519', { 16: 80, 32: 96 }],
  ['enc-x25519-sha512', { 16: 112, 32: 128 }],
  ['enc-ecdsa-p256', { 16: 113, 32: 129 }],
  ['enc-rsa-2048', { 16: 256, 32: 256 }],
  ['enc-kw', { 16: 24, 32: 40 }],
]);

/** For a build that saves plain keys, and so does not say how they came wrapped. */
export const ANY_WRAP = 'enc';

/** What a vector file says of a build besides its layout. */
export interface VectorNames {
  readonly signature: SignatureKind | 'none';
  /** Paths of the public keys, from the folder of the vectors. */
  readonly publicKeys: readonly string[];
  readonly encryptionPrivateKey?: string | undefined;
}

/** Most image pairs that a file can have. */
export const MOST_IMAGES = 16;

function unsupported(words: string): DfuError {
  return new DfuError('UNSUPPORTED', `vector files: ${words}`);
}

/**
 * Writes a layout as vector files have it; `readVectorConfig` makes the same of it again.
 *
 * @throws `DfuError` `UNSUPPORTED` for a build that they cannot tell of.
 */
export function vectorConfigOf(
  { geometry, config }: FlashLayout,
  names: VectorNames,
): VectorConfig {
  const { maxAlign, maxImgSectors, validatePrimarySlot, copyChunkBytes } = buildOf(config);
  if (config.images.length > MOST_IMAGES) {
    throw unsupported(`expected at most ${MOST_IMAGES} image pairs, got ${config.images.length}`);
  }
  return defined<VectorConfig>({
    algorithm: config.revert === true ? `${config.algorithm}+revert` : config.algorithm,
    imageNumber: config.images.length,
    areas: areasOf(config),
    ...flashFields(geometry),
    maxAlign,
    maxImgSectors,
    signature: signatureNames[names.signature],
    publicKeys: names.publicKeys,
    validatePrimarySlot,
    copyChunk: copyChunkBytes,
    ...optionFields(config),
    ...encryptionFields(config.encryption, names),
  });
}

function areasOf(config: BootConfig): VectorConfig['areas'] {
  const names = new Set([
    ...areaNames(config),
    ...(config.scratch === undefined ? [] : (['scratch'] as const)),
  ]);
  return Object.fromEntries(
    [...names].map((name) => {
      const { offsetBytes, sizeBytes } = placeOf(config, name);
      return [name, { off: offsetBytes, size: sizeBytes }] as const;
    }),
  );
}

function flashFields({
  sectors,
  writeUnitBytes,
  pageBytes,
  erasedValue,
  timing,
}: FlashGeometry): Pick<
  VectorConfig,
  'sectors' | 'writeAlign' | 'pageSize' | 'erasedVal' | 'timing'
> {
  return {
    sectors: sectors.map(({ sizeBytes, count, eraseMs }) =>
      eraseMs === undefined ? [sizeBytes, count] : [sizeBytes, count, eraseMs],
    ),
    writeAlign: writeUnitBytes,
    ...(pageBytes === undefined ? {} : { pageSize: pageBytes }),
    erasedVal: erasedValue,
    timing,
  };
}

const onlyTrue = (value: boolean | undefined): true | undefined =>
  value === true ? true : undefined;

function optionFields(config: BootConfig): Partial<VectorConfig> {
  const { downgradePrevention, executableRam, logicalSectorBytes } = config;
  return {
    logicalSectorSize: logicalSectorBytes,
    bootstrap: onlyTrue(config.bootstrap),
    overwriteOnlyFast: onlyTrue(config.overwriteOnlyFast),
    overwriteOnlyKeepBackup: onlyTrue(config.overwriteOnlyKeepBackup),
    downgradePrevention: onlyTrue(downgradePrevention !== undefined),
    downgradePreventionSecurityCounter: onlyTrue(downgradePrevention === 'security-counter'),
    compareBuildNumber: onlyTrue(config.compareBuildNumber),
    hwRollbackProtection: onlyTrue(config.hwRollbackProtection),
    verifyImageAddress: config.verifyImageAddress,
    executableRam:
      executableRam === undefined
        ? undefined
        : { start: executableRam.startAddress, size: executableRam.sizeBytes },
    guarded: onlyTrue(config.guarded),
  };
}

function encryptionFields(
  encryption: EncryptionConfig | undefined,
  { encryptionPrivateKey }: VectorNames,
): Partial<VectorConfig> {
  if (encryption === undefined) return {};
  const { keyBytes, savedTlvBytes } = encryption;
  const wrap =
    savedTlvBytes === undefined
      ? ANY_WRAP
      : [...wrapNames].find(([, bytes]) => bytes[keyBytes] === savedTlvBytes)?.[0];
  if (wrap === undefined) {
    const known = [...wrapNames.values()].map((bytes) => bytes[keyBytes]).join(', ');
    const words = `expected key records of ${known} bytes (AES-${keyBytes * 8})`;
    throw unsupported(`${words}, got ${savedTlvBytes}`);
  }
  return {
    encryption: wrap,
    encryptionKeyBytes: keyBytes === 16 ? undefined : keyBytes,
    swapSaveEncTlv: savedTlvBytes !== undefined,
    encryptionPrivateKey,
  };
}
