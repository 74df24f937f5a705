import { hexNumber } from '../bytes/index.ts';
import { regionBytes } from '../dfu/index.ts';
import type { FirmwareTarget, TargetRange, TargetSlot } from '../image/index.ts';
import { isAllowed } from './allowances.ts';
import type { Allowing } from './allowances.ts';
import type { Dialect } from './dialect.ts';
import { printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { deviceFindings, expectedLayout } from './expected-device.ts';
import { demandNothingWrong, right, wrong } from './expected-finding.ts';
import type { Finding, Held } from './expected-finding.ts';
import { pieceFindings } from './expected-image.ts';
import type { ExpectedPiece } from './expected-image.ts';
import type { SendElement } from './send-element.ts';

/** What a plan says of the matter. */
interface Expecting {
  readonly expected?: FirmwareTarget | undefined;
  readonly targets: readonly {
    readonly alternate: number | undefined;
    readonly elements: readonly SendElement[];
  }[];
  /** A prefix in front of the image: what is in it is not looked at. */
  readonly prefix?: object | undefined;
  readonly modifiers: Pick<Allowing, 'allow'>;
  readonly anyDevice: boolean;
}

function allowingOf({ modifiers: { allow }, anyDevice: force }: Expecting): Allowing {
  return { force, allow };
}

/** Flash, and what else a loader of the device can write. */
function memoriesOf({ flash, memories = [] }: FirmwareTarget): TargetRange[] {
  const others = memories.flatMap(({ layout }) =>
    expectedLayout(layout).regions.map((region) => ({
      address: region.address,
      sizeBytes: regionBytes(region),
    })),
  );
  return [flash, ...others];
}

const isWithin = (
  { address, sizeBytes }: TargetRange,
  from: number,
  lengthBytes: number,
): boolean => from >= address && from + lengthBytes <= address + sizeBytes;

/** Whether all that has an address is for memory of the device. */
function placeFindings(target: FirmwareTarget, elements: readonly SendElement[]): Finding[] {
  const memories = memoriesOf(target);
  const placed = elements.filter((each) => each.address !== undefined);
  for (const { address = 0, data } of placed) {
    if (memories.some((memory) => isWithin(memory, address, data.length))) continue;
    const { flash, name } = target;
    const range = `${hexNumber(address, 8)} to ${hexNumber(address + data.length - 1, 8)}`;
    const its = `${hexNumber(flash.address, 8)} to ${hexNumber(flash.address + flash.sizeBytes - 1, 8)}`;
    return [
      wrong(`the file has bytes for ${range}, and the flash of ${name} is ${its}`, 'other-place'),
    ];
  }
  return placed.length > 0 ? [right('the addresses of the file')] : [];
}

/** What a file says of itself is held to what is expected before any device is looked for. Throws `REFUSED`. */
export function demandPlaces(plan: Expecting): void {
  const { expected, targets } = plan;
  if (expected === undefined) return;
  const elements = targets.flatMap((each) => each.elements);
  demandNothingWrong(expected, placeFindings(expected, elements), allowingOf(plan));
}

/** Throws `REFUSED` for a device that is known to be another than what is expected. */
export function demandExpectedDevice(plan: Expecting, entry: DfuInterface): void {
  const { expected } = plan;
  if (expected === undefined) return;
  demandNothingWrong(expected, deviceFindings(expected, entry), allowingOf(plan));
}

/** Why a device gets nothing of a plan, in words; undefined if it may be meant, or any is allowed. */
export function otherDevice(plan: Expecting, entry: DfuInterface): string | undefined {
  const { expected } = plan;
  if (expected === undefined || isAllowed(allowingOf(plan), 'other-device')) return undefined;
  const found = deviceFindings(expected, entry).find(({ is }) => is === 'wrong');
  return found === undefined ? undefined : `not for ${expected.name}: ${found.words}`;
}

/** Where a piece goes: by its address, or by the alternate setting of a device that has none. */
function slotOf(
  { slots }: FirmwareTarget,
  { address }: SendElement,
  { entry, dialect }: Where,
): TargetSlot | undefined {
  if (dialect === 'dfuse') {
    return slots.find((each) => address === each.address || address === each.uploadAddress);
  }
  return slots.find(
    ({ alternate, names = [] }) => alternate === entry.alternate || names.includes(entry.name),
  );
}

/** An alternate setting, and what is spoken there. */
interface Where {
  readonly entry: DfuInterface;
  readonly dialect: Dialect;
}

function pieceOf(target: FirmwareTarget, element: SendElement, where: Where): ExpectedPiece {
  const slot = slotOf(target, element, where);
  const isOpen = slot === undefined && target.slots.length > 0 && where.dialect === 'dfu';
  if (!isOpen) return { ...element, slot };
  const { alternate, name } = where.entry;
  const unknownSlot = `nobody says which slot alternate ${alternate} "${printable(name)}" is`;
  return { ...element, slot, unknownSlot };
}

interface Around {
  readonly entry: DfuInterface;
  readonly alternates: readonly DfuInterface[];
  readonly dialect: Dialect;
}

/**
 * A plan and the device that is open against what is expected, in words: what is right, and what nobody can know. Throws
 * `REFUSED` for another device, and for a file that its bootloader would not boot where it goes, unless that is allowed.
 */
export function demandExpected(plan: Expecting, { entry, alternates, dialect }: Around): Held {
  const { expected, targets, prefix } = plan;
  if (expected === undefined) return { confirmed: [], notes: [] };
  const findings = [
    ...deviceFindings(expected, entry),
    ...placeFindings(
      expected,
      targets.flatMap(({ elements }) => elements),
    ),
  ];
  for (const { alternate, elements } of prefix === undefined ? targets : []) {
    const own = alternates.find((each) => each.alternate === alternate) ?? entry;
    for (const element of elements) {
      const piece = pieceOf(expected, element, { entry: own, dialect });
      findings.push(...pieceFindings(expected, piece));
    }
  }
  return demandNothingWrong(expected, findings, allowingOf(plan));
}

/** What a dry run leaves open of a device in run-time mode, in words. */
export function openInRuntime({ expected }: Expecting): string[] {
  if (expected === undefined) return [];
  return [`whether it is ${expected.name}: its ids are its firmware's now, and known in DFU mode`];
}
