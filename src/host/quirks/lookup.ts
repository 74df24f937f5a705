import { devicePatterns, isOf } from './device-pattern.ts';
import type { DevicePattern } from './device-pattern.ts';
import type { AppliedQuirk, Quirk, QuirkRow, QuirkSubject } from './quirk.ts';
import { QUIRKS } from './table.ts';

const read = new WeakMap<QuirkRow, readonly DevicePattern[]>();

function patternsOf(row: QuirkRow): readonly DevicePattern[] {
  let patterns = read.get(row);
  if (patterns === undefined) {
    patterns = devicePatterns(row.devices) ?? [];
    read.set(row, patterns);
  }
  return patterns;
}

function isAbout(row: QuirkRow, device: QuirkSubject): boolean {
  const { protocol, dfuVersion, interfaces } = row.when ?? {};
  return (
    (protocol ?? device.protocol) === device.protocol &&
    (dfuVersion ?? device.dfuVersion) === device.dfuVersion &&
    (interfaces ?? device.interfaces) === device.interfaces &&
    patternsOf(row).some((pattern) => isOf(pattern, device))
  );
}

/** The rows about a device, those of `extra` first: where two say different things, the first one counts. */
export function quirkRowsFor(
  device: QuirkSubject,
  extra: readonly QuirkRow[] = [],
): readonly QuirkRow[] {
  return [...extra, ...QUIRKS].filter((row) => isAbout(row, device));
}

/** What rows say of a device together; undefined where there is none. */
export function quirksFor(
  device: QuirkSubject,
  extra: readonly QuirkRow[] = [],
): AppliedQuirk | undefined {
  const rows = quirkRowsFor(device, extra);
  if (rows.length === 0) return undefined;
  const fields = rows
    .toReversed()
    .map(({ devices, when, name, symptom, source, ...quirk }): Quirk => quirk);
  return { ...Object.assign({}, ...fields), rows };
}
