import { areaNames, placeOf } from '../boot/mcuboot/index.ts';
import type { AreaName } from '../boot/mcuboot/index.ts';
import { hexNumber } from '../bytes/index.ts';
import type { FlashRange } from '../flash/index.ts';
import {
  IMAGE_HEADER_BYTES,
  IMAGE_MAGIC,
  decodeImageHeader,
  flagWords,
  tlvName,
  tlvText,
} from '../image/index.ts';
import type { McubootImage, TlvArea } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { filledBytes, tileFlash } from './flash-ranges.ts';
import type { ExplainedRange, FlashArea } from './flash-ranges.ts';
import { inspectFlash } from './inspect.ts';
import type { FlashReport, McubootSlotReport } from './inspect.ts';
import { slotFacts } from './slot-words.ts';
import type { TrailerReport } from './trailer-report.ts';

// A flash with MCUboot, range by range, in the words of `inspectFlash`.

/** What is known of a flash beside its slots. */
export interface MapOptions {
  /** Of this flash, if it was inspected already. */
  readonly report?: FlashReport | undefined;
  /** What lies beside the slots: the bootloader, settings. */
  readonly areas?: readonly FlashArea[] | undefined;
  /** Names the device's keys, by their number. */
  readonly nameOfKey?: ((index: number) => string | undefined) | undefined;
}

/** A flash explained. */
export interface FlashMap {
  /** In order; none overlaps another, and together they are all of the flash. */
  readonly ranges: readonly ExplainedRange[];
  /** What the next boot will do, in sentences. */
  readonly nextBoot: readonly string[];
}

interface Slot {
  readonly device: LabDevice;
  readonly report: McubootSlotReport;
  readonly area: AreaName;
  /** Name and words of all that is said of its image. */
  readonly facts: readonly string[];
}

const nameOf = ({ slot, image }: Pick<McubootSlotReport, 'slot' | 'image'>): AreaName =>
  slot === 0 ? `primary${image}` : `secondary${image}`;

function tlvWords(image: McubootImage, { offset, size, tlvs }: TlvArea): string[] {
  const head = `${tlvs.length} records, ${size} bytes`;
  const covered = offset < image.area.offset ? ', covered by hash and signature' : '';
  return [
    `${head}${covered}`,
    ...tlvs.map((tlv) => {
      const name = tlvName(tlv.type) ?? hexNumber(tlv.type, 2);
      return `${name} at ${hexNumber(tlv.offset)}: ${tlvText(tlv, image.endian)}`;
    }),
  ];
}

function headerWords(
  { image }: { readonly image: McubootImage },
  facts: readonly string[],
): string[] {
  const { hdrSize, imgSize, loadAddr, flags } = image.header;
  const names = flagWords(flags);
  return [
    `header ${hdrSize} bytes, payload ${imgSize} bytes, ${image.endian}-endian`,
    ...(names.length > 0 ? [`flags: ${names.join(', ')}`] : []),
    ...(loadAddr === 0 ? [] : [`load address ${hexNumber(loadAddr, 8)}`]),
    ...facts,
  ];
}

/** The parts of an image whose records are there. */
function imageRanges({ report, area, facts }: Slot): ExplainedRange[] {
  const { inspection, version = '', offsetBytes, imageOffsetBytes } = report;
  if (inspection === undefined) return [];
  const { image } = inspection;
  const start = offsetBytes + imageOffsetBytes;
  const { hdrSize, imgSize } = image.header;
  const name = `MCUboot image ${version}`;
  const records = ([image.protectedArea, image.area] as const).flatMap((each): ExplainedRange[] => {
    if (each === undefined) return [];
    const kept = each === image.area ? 'TLVs' : 'protected TLVs';
    const place = { offsetBytes: start + each.offset, sizeBytes: each.size };
    return [
      { ...place, kind: 'tlvs', area, title: `${name}, ${kept}`, words: tlvWords(image, each) },
    ];
  });
  const header = { offsetBytes: start, sizeBytes: hdrSize };
  const payload = { offsetBytes: start + hdrSize, sizeBytes: imgSize };
  return [
    {
      ...header,
      kind: 'header',
      area,
      title: `${name}, header`,
      words: headerWords(inspection, facts),
    },
    { ...payload, kind: 'image', area, title: `${name}, payload`, words: facts },
    ...records,
  ];
}

/** An image that has not arrived whole, or whose records are damaged: as far as its header tells. */
function partialRanges({ device, report, area, facts }: Slot): ExplainedRange[] {
  const { flash } = device;
  const { version, offsetBytes, sizeBytes, imageOffsetBytes } = report;
  if (version === undefined) return [];
  const start = offsetBytes + imageOffsetBytes;
  const end = offsetBytes + sizeBytes;
  const header = decodeImageHeader(flash.read(start, IMAGE_HEADER_BYTES));
  if (header.magic !== IMAGE_MAGIC) return [];
  const { hdrSize, imgSize, protectTlvSize } = header;
  const payload = Math.min(end, start + Math.max(IMAGE_HEADER_BYTES, hdrSize));
  const told = Math.min(end, start + hdrSize + imgSize + protectTlvSize);
  const body = flash.read(payload, Math.max(0, told - payload));
  const written = payload + filledBytes(body, flash.geometry.erasedValue);
  const name = `MCUboot image ${version}`;
  const promised = `header ${hdrSize} bytes, payload ${imgSize} bytes`;
  const words = [`${promised}; its TLVs are not there or damaged`, ...facts];
  const place = (from: number, to: number): FlashRange => ({
    offsetBytes: from,
    sizeBytes: to - from,
  });
  return [
    { ...place(start, payload), kind: 'header', area, title: `${name}, header`, words },
    { ...place(payload, written), kind: 'image', area, title: `${name}, payload`, words },
  ];
}

/**
 * A trailer, field by field, each with the filler behind it; as one range where nothing is written but an image that
 * reaches into it.
 */
function trailerRanges(
  { flash, config }: LabDevice,
  report: TrailerReport,
  images: readonly ExplainedRange[] = [],
): ExplainedRange[] {
  const { area, fields, layout } = report;
  const { offsetBytes: base, sizeBytes } = placeOf(config, area);
  const whole = { offsetBytes: base + layout.status, sizeBytes: layout.trailerBytes };
  const bytes = flash.read(whole.offsetBytes, whole.sizeBytes);
  const title = `trailer of ${area}`;
  const ends = images.filter((each) => each.area === area).map(rangeEnd);
  const reaches = Math.max(0, ...ends.map((end) => end - whole.offsetBytes));
  if (bytes.subarray(reaches).every((byte) => byte === flash.geometry.erasedValue)) {
    const magic = fields.at(-1);
    const but =
      reaches === 0 ? '' : ` but for ${reaches} bytes of the image, which reaches into it`;
    const words = [
      `trailer, ${layout.trailerBytes} bytes, erased${but}`,
      `magic: ${magic?.meaning ?? ''}`,
    ];
    return [{ ...whole, kind: 'erased', area, title: `${title}, erased`, words }];
  }
  return fields.map(({ name, offsetBytes, addressBytes, hex, meaning }, n) => {
    const next = fields[n + 1]?.offsetBytes ?? sizeBytes;
    const at = `${name} at ${hexNumber(offsetBytes)} (${hexNumber(addressBytes)})`;
    const words = [`${at}: ${meaning}`, ...(hex === '' ? [] : [`bytes: ${hex}`])];
    return {
      offsetBytes: base + offsetBytes,
      sizeBytes: next - offsetBytes,
      kind: 'trailer',
      area,
      title: `${title}, ${name}`,
      words,
    };
  });
}

/** What stands in a slot beside its image and its trailer. */
function slotArea({ report, area, facts }: Slot): FlashArea {
  const { offsetBytes, sizeBytes, state, version } = report;
  const place = { name: area, offsetBytes, sizeBytes };
  if (state === 'swapping') {
    return { ...place, filled: { kind: 'image', title: 'pieces of images', words: facts } };
  }
  if (version === undefined) {
    return { ...place, filled: { kind: 'data', title: `bytes in ${area}`, words: facts } };
  }
  const words = ['behind the image: no part of it'];
  return { ...place, filled: { kind: 'data', title: `bytes in ${area}`, words } };
}

const rangeEnd = ({ offsetBytes, sizeBytes }: FlashRange): number => offsetBytes + sizeBytes;

/** What stands in scratch while a swap is under way, and what is left there of one that has ended. */
function scratchFilled(isSwapping: boolean): FlashArea['filled'] {
  const use = 'what a swap keeps here while it exchanges two groups of sectors';
  return isSwapping
    ? { kind: 'scratch', title: 'sectors on their way', words: [use] }
    : { kind: 'scratch', title: 'left of a swap', words: [`${use}; none is under way`] };
}

const UNCHECKED = 'doubtful: signatures are not checked: no key was given';

/**
 * Explains a flash range by range. Its images are judged as {@link inspectFlash} does, unless a report of it is there.
 */
export async function mapFlash(device: LabDevice, options: MapOptions = {}): Promise<FlashMap> {
  const report = options.report ?? (await inspectFlash(device));
  const slots = report.slots.map((slot): Slot => {
    const said = slotFacts(slot, options.nameOfKey);
    const facts = said.map(([name, words]) => `${name}: ${words}`);
    return { device, report: slot, area: nameOf(slot), facts };
  });
  const scratch = areaNames(device.config).includes('scratch') ? device.config.scratch : undefined;
  const isSwapping = slots.some(({ report: { state } }) => state === 'swapping');
  const areas = [
    ...slots.map(slotArea),
    ...(scratch === undefined
      ? []
      : [{ ...scratch, name: 'scratch', filled: scratchFilled(isSwapping) }]),
    ...(options.areas ?? []),
  ];
  const images = slots
    .filter(({ report: { state } }) => state !== 'swapping')
    .flatMap((slot) => {
      const whole = imageRanges(slot);
      return whole.length > 0 ? whole : partialRanges(slot);
    });
  // the bytes of an image that reaches too far are its own, unless there is a trailer that counts
  const good = report.trailers.filter(({ state }) => state.magic === 'good');
  const others = report.trailers.filter(
    ({ state, area }) => state.magic !== 'good' && area !== 'scratch',
  );
  const ranges = [
    ...good.flatMap((each) => trailerRanges(device, each)),
    ...images,
    ...others.flatMap((each) => trailerRanges(device, each, images)),
  ];
  const unchecked = device.signaturesUnchecked === true ? [UNCHECKED] : [];
  const nextBoot = [
    ...report.sentences,
    ...unchecked,
    ...report.hazards.map((words) => `hazard: ${words}`),
  ];
  return { ranges: tileFlash(device.flash, { areas, ranges }), nextBoot };
}
