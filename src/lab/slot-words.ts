import { hexNumber, toHex } from '../bytes/index.ts';
import { signatureText, sizeText } from '../image/index.ts';
import type { McubootSlotReport } from './inspect.ts';

/** What the bootloader makes of a slot. */
function stateText({ state, refusal }: McubootSlotReport): string {
  switch (state) {
    case 'empty':
      return 'no image, erased';
    case 'valid':
      return 'the bootloader takes it';
    case 'non-bootable':
      return 'marked NON_BOOTABLE: the bootloader does not take it';
    case 'swapping':
      return 'in pieces: a swap was cut, and its sectors are on the way';
    case 'refused':
      return `refused: ${refusal ?? ''}`;
    default:
      return state satisfies never;
  }
}

/**
 * All that is said of the image of a slot: what it is called, and the words.
 *
 * @param nameOf - names the keys of the device, by their number
 */
export function slotFacts(
  report: McubootSlotReport,
  nameOf?: (index: number) => string | undefined,
): (readonly [name: string, words: string])[] {
  const { inspection, version, imageOffsetBytes } = report;
  const facts: (readonly [string, string])[] = [['image', stateText(report)]];
  if (version !== undefined) facts.push(['version', version]);
  if (imageOffsetBytes > 0) facts.push(['begins at', `${hexNumber(imageOffsetBytes)} of the slot`]);
  if (inspection === undefined) return facts;
  const { image, hashes, signatures } = inspection;
  const { hdrSize, imgSize } = image.header;
  const parts = `header ${hdrSize}, payload ${imgSize}`;
  facts.push(['size', `${sizeText(image.bytes.length)}: ${parts}, and TLVs`]);
  for (const { hash, tlv, valid } of hashes) {
    const state = valid === undefined ? 'not checked' : valid ? 'right' : 'WRONG';
    facts.push(['hash', `${hash} ${toHex(tlv.data.subarray(0, 8))}…: ${state}`]);
  }
  for (const signature of signatures) facts.push(['signature', signatureText(signature, nameOf)]);
  if (signatures.length === 0) facts.push(['signature', 'none']);
  return facts;
}
