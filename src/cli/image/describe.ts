import { hexNumber, toHex } from '../../bytes/index.ts';
import {
  TlvType,
  allTlvs,
  flagWords,
  formatVersion,
  isEncrypted,
  readTrailerInfo,
  signatureText,
  sizeText,
  tlvName,
  tlvText,
} from '../../image/index.ts';
import type { ImageInspection, TrailerInfo } from '../../image/index.ts';
import type { NamedKey } from '../shared/key-files.ts';

/** A label and what is said of it. */
export type Row = readonly [label: string, text: string];

/** Rows under each other, labels in one column. */
export function table(rows: readonly Row[]): string {
  const width = rows.reduce((most, [label]) => Math.max(most, label.length), 0);
  return rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}\n`).join('');
}

const swapTypes: readonly string[] = ['0', 'none', 'test', 'permanent', 'revert'];

function trailerText({ maxAlign, imageOk, copyDone, swapType }: TrailerInfo): string {
  const swap = swapType === undefined ? 'unset' : (swapTypes[swapType] ?? String(swapType));
  const flags = `image_ok ${imageOk}, copy_done ${copyDone}, swap type ${swap}`;
  return `magic good (alignment ${maxAlign}), ${flags}`;
}

/** What stands behind the image: nothing, padding, a trailer. */
function behindText(bytes: Uint8Array, used: number): string {
  const behind = bytes.length - used;
  if (behind === 0) return 'nothing';
  const trailer = readTrailerInfo(bytes);
  if (trailer !== undefined) return `padded to ${sizeText(bytes.length)}; ${trailerText(trailer)}`;
  const tail = bytes.subarray(used);
  const first = tail[0] ?? 0;
  const same = tail.every((byte) => byte === first);
  return `${sizeText(behind)}${same ? ` of ${hexNumber(first, 2)}` : ''}, no trailer magic`;
}

const shown: ReadonlySet<number> = new Set([
  TlvType.DEPENDENCY,
  TlvType.SEC_CNT,
  TlvType.BOOT_RECORD,
  TlvType.DECOMP_SIZE,
  TlvType.UUID_VID,
  TlvType.UUID_CID,
  TlvType.MANIFEST,
]);

const labels: Readonly<Record<number, string>> = {
  [TlvType.DEPENDENCY]: 'needs',
  [TlvType.SEC_CNT]: 'counter',
  [TlvType.BOOT_RECORD]: 'role',
  [TlvType.DECOMP_SIZE]: 'unpacked',
  [TlvType.UUID_VID]: 'vendor',
  [TlvType.UUID_CID]: 'class',
  [TlvType.MANIFEST]: 'manifest',
};

function payloadText({ image, payload }: ImageInspection): string {
  const size = sizeText(image.payload.length);
  if (!isEncrypted(image)) return size;
  const words = {
    plain: 'plain, though the header says encrypted (as in a primary slot)',
    decrypted: 'encrypted; one of the keys opens it',
    sealed: 'encrypted; no key that was given with -d opens it',
  };
  return `${size}, ${words[payload]}`;
}

/** An MCUboot image in rows. */
export function imageRows(
  inspection: ImageInspection,
  bytes: Uint8Array,
  keys: readonly NamedKey[],
): Row[] {
  const { image, hashes, signatures, pure } = inspection;
  const { header, endian } = image;
  const nameOf = (index: number): string | undefined => keys[index]?.path;
  const flags = flagWords(header.flags);
  const rows: Row[] = [
    ['version', formatVersion(header.version)],
    ['byte order', endian],
    ['header', `${header.hdrSize} bytes`],
    ['payload', payloadText(inspection)],
  ];
  if (flags.length > 0) rows.push(['flags', flags.join(', ')]);
  if (header.loadAddr !== 0) rows.push(['address', hexNumber(header.loadAddr, 8)]);
  for (const tlv of allTlvs(image)) {
    const label = labels[tlv.type];
    if (label !== undefined && shown.has(tlv.type)) rows.push([label, tlvText(tlv, endian)]);
  }
  for (const { hash, tlv, valid } of hashes) {
    const state = valid === undefined ? 'not checked' : valid ? 'right' : 'WRONG';
    rows.push(['hash', `${hash} ${toHex(tlv.data)}: ${state}`]);
  }
  for (const signature of signatures) {
    const over = pure ? ', over the image itself' : '';
    rows.push(['signature', `${signatureText(signature, nameOf)}${over}`]);
  }
  if (signatures.length === 0) rows.push(['signature', 'none']);
  return [...rows, ['behind it', behindText(bytes, image.bytes.length)]];
}

/** What was made of hashes and signatures, and every record: the same in each JSON output. */
export function judgementJson(inspection: ImageInspection): object {
  const { image, hashes, signatures, payload } = inspection;
  return {
    payload,
    hashes: hashes.map(({ hash, tlv, valid }) => ({ hash, value: toHex(tlv.data), valid })),
    signatures: signatures.map(({ tlv, keyTlv, signer, valid }) => ({
      type: tlvName(tlv.type),
      key: keyTlv === undefined ? undefined : toHex(keyTlv.data),
      signer: signer.from,
      valid,
    })),
    tlvs: allTlvs(image).map(({ type, data, offset }) => ({
      type,
      name: tlvName(type),
      offset,
      protected: offset < image.area.offset,
      data: toHex(data),
    })),
  };
}
