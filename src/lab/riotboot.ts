import type { RiotbootLayout, SlotChoice, SlotReport } from '../boot/riotboot/index.ts';
import { chooseSlot, inspectSlot } from '../boot/riotboot/index.ts';
import { hexNumber } from '../bytes/index.ts';
import type { Flash } from '../flash/index.ts';
import type { DumpReader, SlotReading } from './dump-reading.ts';
import { filledBytes } from './flash-ranges.ts';
import type { ExplainedRange, FlashArea, FlashKnowledge } from './flash-ranges.ts';

/** What a slot of riotboot holds. */
export interface RiotbootSlotReport extends SlotReport {
  /** Why it is not taken, or that it is, in one sentence. */
  readonly meaning: string;
  /** Linked for another slot: it would jump to that one's address. */
  readonly linkedElsewhere: boolean;
}

/** What a dump of a riotboot device says. */
export interface RiotbootReport {
  readonly sentence: string;
  readonly slots: readonly RiotbootSlotReport[];
  /** What boots; undefined if nothing does. */
  readonly choice: SlotChoice | undefined;
}

/** Where a header sends the processor, if that is not into its own slot. */
function astray({ fault, slot, header }: SlotReport): string {
  if (fault !== undefined || header.startAddress === slot.imageAddress) return '';
  const { startAddress } = header;
  const there = hexNumber(startAddress, 8);
  return `, but its header sends the processor to ${there}, outside that slot's image`;
}

function meaningOf(report: SlotReport, choice: SlotChoice | undefined): string {
  const { fault, slot, header } = report;
  switch (fault) {
    case undefined:
      break;
    case 'magic':
      return 'no image: the header does not begin with "RIOT"';
    case 'checksum':
      return 'not taken: the checksum does not belong to the header';
    case 'start-address':
      return 'not taken: its image is linked for another address';
    default:
      return fault satisfies never;
  }
  if (choice?.slot.index === slot.index) {
    return `boots: the highest version with a valid header${astray(report)}`;
  }
  const other = choice?.version ?? 0;
  const words = header.version === other ? 'the lower slot wins a tie' : `${other} is higher`;
  return `valid, but not taken: ${words}${astray(report)}`;
}

/** Takes a dump of a riotboot device apart. */
export function inspectRiotbootFlash(flash: Flash, layout: RiotbootLayout): RiotbootReport {
  const choice = chooseSlot(flash, layout);
  const slots = layout.slots.map(({ index }) => {
    const report = inspectSlot(flash, layout, index);
    const { header, slot, fault } = report;
    const linkedElsewhere = fault === undefined && header.startAddress !== slot.imageAddress;
    return { ...report, linkedElsewhere, meaning: meaningOf(report, choice) };
  });
  return { slots, choice, sentence: sentenceOf(slots, choice) };
}

function sentenceOf(slots: readonly RiotbootSlotReport[], choice: SlotChoice | undefined): string {
  if (choice === undefined) return 'No slot has a valid header; riotboot finds nothing to boot.';
  const { slot, version, startAddress } = choice;
  const runs = `Slot ${slot.index} with version ${version} boots`;
  const wrong = slots.find(({ slot: { index } }) => index === slot.index)?.linkedElsewhere;
  const jump = `but its header sends the processor to ${hexNumber(startAddress, 8)}, outside that slot's image`;
  const others = slots.filter(
    ({ slot: { index }, fault }) => index !== slot.index && fault === undefined,
  );
  const rest = others.map(
    ({ slot: { index }, header }) => `slot ${index} has version ${header.version}`,
  );
  const beside = rest.length === 0 ? 'no other slot is valid' : rest.join(', ');
  return `${runs}${wrong === true ? `, ${jump}` : ''}; ${beside}.`;
}

function readingOf({
  slot,
  header,
  fault,
  meaning,
  linkedElsewhere,
}: RiotbootSlotReport): SlotReading {
  const { index, address, sizeBytes } = slot;
  const reading = { index, address, sizeBytes, fault, reason: meaning };
  if (fault === 'magic') return { ...reading, details: [] };
  const { version, startAddress, checksum } = header;
  const wanted = hexNumber(slot.imageAddress, 8);
  const elsewhere = linkedElsewhere ? `: linked for elsewhere, this slot's is ${wanted}` : '';
  return {
    ...reading,
    version,
    details: [
      ['version', `${version} (${hexNumber(version, 8)})`],
      ['start', `${hexNumber(startAddress, 8)}${elsewhere}`],
      ['checksum', hexNumber(checksum, 8)],
    ],
  };
}

/** Header and image of a slot. Nothing says how long the image is: it reaches to where the flash is erased. */
function slotRanges(flash: Flash, report: RiotbootSlotReport): ExplainedRange[] {
  const { slot, fault, header } = report;
  if (fault === 'magic') return [];
  const { offsetBytes, sizeBytes, index, address, imageAddress } = slot;
  const headerBytes = imageAddress - address;
  const { reason, details } = readingOf(report);
  const area = `slot ${index}`;
  const words = [reason, ...details.map(([name, value]) => `${name}: ${value}`)];
  const start = offsetBytes + headerBytes;
  const bytes = flash.read(start, sizeBytes - headerBytes);
  const end = filledBytes(bytes, flash.geometry.erasedValue);
  const name = `riotboot image, version ${header.version}`;
  return [
    { offsetBytes, sizeBytes: headerBytes, kind: 'header', area, title: `${name}, header`, words },
    { offsetBytes: start, sizeBytes: end, kind: 'image', area, title: name, words },
  ];
}

function slotArea({ slot, fault, meaning }: RiotbootSlotReport): FlashArea {
  const { index, offsetBytes, sizeBytes } = slot;
  const name = `slot ${index}`;
  const words = fault === 'magic' ? [meaning] : ['behind the image: no part of it'];
  const filled = { kind: 'data', title: `bytes in ${name}`, words } as const;
  return { name, offsetBytes, sizeBytes, filled };
}

function knowledge(
  flash: Flash,
  { bootloaderBytes }: RiotbootLayout,
  { slots, sentence }: RiotbootReport,
): FlashKnowledge {
  const bootloader: FlashArea = {
    name: 'riotboot',
    offsetBytes: 0,
    sizeBytes: bootloaderBytes,
    filled: { kind: 'bootloader', title: 'riotboot', words: [sentence] },
  };
  return {
    areas: [...(bootloaderBytes > 0 ? [bootloader] : []), ...slots.map(slotArea)],
    ranges: slots.flatMap((slot) => slotRanges(flash, slot)),
  };
}

/** Reads dumps of a riotboot with that layout. One with a slot that boots is recognised. */
export function riotbootReader(layout: RiotbootLayout): DumpReader {
  return {
    read(flash) {
      const report = inspectRiotbootFlash(flash, layout);
      return {
        bootloader: 'riotboot',
        sentence: report.sentence,
        boots: report.choice !== undefined,
        recognised: report.choice !== undefined,
        slots: report.slots.map(readingOf),
        known: knowledge(flash, layout, report),
        report,
      };
    },
  };
}
