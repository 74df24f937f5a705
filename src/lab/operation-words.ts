import type { AreaName, SwapUnderWay } from '../boot/mcuboot/index.ts';
import { areaNames, imageNumberOf, placeOf, swapUnderWay } from '../boot/mcuboot/index.ts';
import { hexNumber } from '../bytes/index.ts';
import type { FlashRange } from '../flash/index.ts';
import { sizeText } from '../image/index.ts';
import { trailerOf } from './device.ts';
import type { LabDevice } from './device.ts';
import { ERASED_PIECE } from './image-pieces.ts';
import type { ImagePieces } from './image-pieces.ts';
import type { DoneOperation } from './predict.ts';
import type { RecordedBoot } from './recorded-boot.ts';
import { trailerFields } from './trailer-fields.ts';
import type { TrailerFieldName } from './trailer-fields.ts';
import { readTrailer } from './trailer-report.ts';

// What an operation of a boot does, and what for.

/** An operation in words. */
export interface OperationWords {
  /** What is done to which sector of which area. */
  readonly what: string;
  /** What it is for: the step of the algorithm, or what the field of the trailer says from then on. */
  readonly why: string;
}

/** A boot, one of its operations, and the images whose pieces are to be known again. */
export interface ToldBoot {
  readonly boot: RecordedBoot;
  readonly number: number;
  readonly pieces: ImagePieces;
}

interface Scene extends ToldBoot {
  readonly operation: DoneOperation;
  /** The device before it. */
  readonly device: LabDevice;
  readonly image: number;
}

/** What fields of the secondary trailer are written for by the bootloader itself, before it reverts. */
const secondaryPurposes: Partial<Readonly<Record<TrailerFieldName, string>>> = {
  copy_done:
    'marks the revert here, so that a power cut before the primary trailer counts does not end it',
  image_ok:
    'looks like an update for good, so that a power cut before the primary trailer counts does not end the revert',
};

/** What each field of a trailer is written for. */
const purposes: Readonly<Record<TrailerFieldName, string>> = {
  swap_status: 'a step is done: a boot after a power cut goes on behind it',
  enc_key1: 'the key of the secondary image is kept while it is swapped',
  enc_key0: 'the key of the primary image is kept while it is swapped',
  swap_size: 'how much is exchanged, for a boot after a power cut',
  unprotected_tlv_sizes: 'how long both images are, for a boot after a power cut',
  swap_info: 'what kind of swap it is, for a boot after a power cut',
  copy_done: 'all is exchanged: the next boot need not go on',
  image_ok: 'the image stays: no boot goes back',
  magic: 'from now on this trailer counts',
};

/** `sector 3 of primary0`; of an area whose sectors are what the flash erases. */
function sectorText({ flash, config }: LabDevice, area: AreaName, offsetBytes: number): string {
  const { offsetBytes: base } = placeOf(config, area);
  const first = flash.sectors.at(base).index;
  return `sector ${flash.sectors.at(base + offsetBytes).index - first} of ${area}`;
}

/** The area and the sector that a place in flash is in. */
function placeText(device: LabDevice, at: number): string {
  const { config } = device;
  for (const name of areaNames(config)) {
    const { offsetBytes, sizeBytes } = placeOf(config, name);
    if (at < offsetBytes || at >= offsetBytes + sizeBytes) continue;
    return sectorText(device, name, at - offsetBytes);
  }
  return hexNumber(at);
}

/** Fields of the area's trailer that an operation touches. */
function fieldsIn(
  device: LabDevice,
  { area, offsetBytes, lengthBytes }: DoneOperation,
): TrailerFieldName[] {
  const layout = trailerOf({ geometry: device.flash.geometry, config: device.config }, area);
  const end = offsetBytes + lengthBytes;
  return trailerFields(layout)
    .filter((each) => each.offsetBytes < end && each.offsetBytes + each.lengthBytes > offsetBytes)
    .map(({ name }) => name);
}

/** Sectors that a swap exchanges, counted as the bootloader counts them. */
function sectorsOf(
  { swapSize }: SwapUnderWay,
  { config, flash }: LabDevice,
  image: number,
): number {
  const { offsetBytes } = placeOf(config, `primary${image}`);
  const bytes = config.logicalSectorBytes ?? flash.sectors.at(offsetBytes).sizeBytes;
  return Math.ceil(swapSize / bytes);
}

const COMES = 'the secondary one comes into the primary slot';

/** The step that a swap is at. */
function stepText(step: SwapUnderWay, device: LabDevice, image: number): string {
  const { op, index, state, swapType } = step;
  const last = sectorsOf(step, device, image);
  const kind = `${swapType} swap`;
  const done = `${kind}: all sectors are exchanged`;
  switch (device.config.algorithm) {
    case 'swap-using-move': {
      if (op === 'move' && index <= last) {
        const room = 'every sector of the primary slot moves up by one, the last first';
        return `${kind}, making room: ${room}; this is the ${ordinal(index)} of ${last}`;
      }
      if (op === 'move') return `${kind}, exchanging sector 0: ${COMES}`;
      const goes = 'the one that had moved up goes into the secondary slot';
      const at = `${kind}, exchanging sector ${index - 1}`;
      return index > last ? done : `${at}: ${state === 1 ? COMES : goes}`;
    }
    case 'swap-using-offset': {
      const goes = 'the primary one goes into the secondary slot';
      const at = `${kind}, exchanging, ${ordinal(index)} of ${last} sectors`;
      return index > last ? done : `${at}: ${state === 1 ? goes : COMES}`;
    }
    case 'swap-using-scratch': {
      const at = `${kind}, ${ordinal(index)} group of sectors, the last group first`;
      return `${at}: ${scratchStates[state - 1] ?? ''}`;
    }
    case 'overwrite-only':
    case 'direct-xip':
    case 'ram-load':
      return kind;
    default:
      return device.config.algorithm satisfies never;
  }
}

const scratchStates = [
  'the secondary one goes into scratch',
  'the primary one goes into the secondary slot',
  'what is in scratch comes into the primary slot',
] as const;

function ordinal(n: number): string {
  const tens = n % 100;
  const suffix = tens > 10 && tens < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${suffix}`;
}

/** What the algorithm is at, as the trailers tell it before the operation. */
function phaseText({ device, image, boot }: Scene): string {
  const { config, flash } = device;
  if (config.algorithm === 'overwrite-only')
    return 'the secondary image is copied over the primary one';
  const underWay = swapUnderWay(flash, config, image);
  if (underWay !== undefined) return stepText(underWay, device, image);
  const type = boot.result.swapTypes[image] ?? 'none';
  return type === 'none' ? 'no swap is under way' : `${type} swap, before its first step is noted`;
}

/** Of which image the bytes are, and where they stood. */
function originText({ device, boot, number, pieces }: Scene): string {
  const bytes = boot.bytesOf(number);
  if (bytes === undefined) return '';
  const source = { read: (offset: number, length: number) => bytes.slice(offset, offset + length) };
  const codes = pieces.codes(source, [0, bytes.length]);
  const known = codes.findIndex((code) => pieces.isUnique(code));
  const place = pieces.placeOf(codes[known] ?? ERASED_PIECE);
  if (place === undefined) {
    return codes.every((code) => code === ERASED_PIECE) ? ', all of them erased' : '';
  }
  const version = pieces.images[place.index]?.version ?? '';
  const from = place.offsetBytes - known * pieces.pieceBytes;
  const all = pieces.codes(device.flash, [0, device.flash.sizeBytes]);
  const at = all.indexOf(codes[known] ?? ERASED_PIECE);
  const stands = at < 0 ? '' : `, as in ${placeText(device, at * pieces.pieceBytes)}`;
  return `: version ${version} from ${hexNumber(Math.max(0, from))} on${stands}`;
}

const STALE = 'the trailer in scratch is not needed any more: the primary slot has one that counts';

/** Whether a trailer in scratch goes that the primary slot has taken over. */
function isStale({ device, operation, image }: Scene): boolean {
  if (operation.area !== 'scratch') return false;
  const good = (area: AreaName): boolean => readTrailer(device, area).state.magic === 'good';
  return good('scratch') && good(`primary${image}`);
}

function eraseWords(scene: Scene): OperationWords {
  const { device, operation } = scene;
  const { area, offsetBytes, lengthBytes } = operation;
  const what = `erases ${sectorText(device, area, offsetBytes)}, ${sizeText(lengthBytes)}`;
  const trailer = fieldsIn(device, operation).includes('magic') ? ', with the trailer in it' : '';
  const why = isStale(scene) ? STALE : phaseText(scene);
  return { what: `${what}${trailer}`, why };
}

function writeWords(scene: Scene): OperationWords {
  const { device, operation, boot, number } = scene;
  const { area, offsetBytes, lengthBytes } = operation;
  const layout = trailerOf({ geometry: device.flash.geometry, config: device.config }, area);
  const fields = offsetBytes >= layout.status ? fieldsIn(device, operation) : [];
  const [name] = fields;
  const place = `${hexNumber(offsetBytes)} of ${area}`;
  if (name === undefined || fields.length > 2) {
    const into = sectorText(device, area, offsetBytes);
    const what = `writes ${lengthBytes} bytes into ${into}${originText(scene)}`;
    return { what, why: phaseText(scene) };
  }
  const after = readTrailer(boot.at(number + 1), area);
  const field = after.fields.find((each) => each.name === name);
  return {
    what: `writes ${name} of the trailer of ${area} (${place}): ${field?.meaning ?? ''}`,
    why: (area.startsWith('secondary') ? secondaryPurposes[name] : undefined) ?? purposes[name],
  };
}

/** Says what an operation of a boot does, and what for. */
export function tellOperation(told: ToldBoot): OperationWords | undefined {
  const { boot, number } = told;
  const operation = boot.operations[number];
  if (operation === undefined) return undefined;
  const device = boot.at(number);
  const image = imageNumberOf(operation.area);
  const scene: Scene = { ...told, operation, device, image };
  return operation.kind === 'erase' ? eraseWords(scene) : writeWords(scene);
}

/** Where an operation is, from the start of the flash. */
export function placeOfOperation(
  { config }: Pick<LabDevice, 'config'>,
  operation: DoneOperation,
): FlashRange {
  const { offsetBytes } = placeOf(config, operation.area);
  return { offsetBytes: offsetBytes + operation.offsetBytes, sizeBytes: operation.lengthBytes };
}
