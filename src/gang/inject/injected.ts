import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { SendElement, SendPlan } from '../../host/index.ts';
import { coveredRanges } from './covered.ts';

/** Bytes for one unit, and where they go. */
export interface Injection {
  /** Address in the device's memory where the file says addresses, else offset in the file, in bytes. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface InjectedOptions {
  /** Put them also where a hash or checksum covers what is changed: the image is invalid then. */
  readonly force?: boolean | undefined;
}

/**
 * The plan with other bytes at some places; what it was made of stays as it is. Where a file says addresses, what lies
 * outside of its data is a piece of its own.
 *
 * Throws `REFUSED` for what the hash of an MCUboot image or the checksum of a riotboot header covers, unless forced;
 * `OUT_OF_RANGE` for what lies behind a file without addresses; `INVALID_ARGUMENT` for places that overlap each other or
 * the end of a piece of the file; `AMBIGUOUS` where several parts of the file have that address.
 */
export function injected(
  plan: SendPlan,
  injections: readonly Injection[],
  { force = false }: InjectedOptions = {},
): SendPlan {
  demandApart(injections);
  const copies = new Map<SendElement, Uint8Array>();
  const own: SendElement[] = [];
  for (const injection of injections) {
    const element = homeOf(plan, injection);
    if (element === undefined) {
      own.push(ownElement(plan, injection));
      continue;
    }
    if (!force) demandUncovered(element, injection);
    const copy = copies.get(element) ?? element.data.slice();
    copies.set(element, copy);
    copy.set(injection.bytes, injection.at - (element.address ?? 0));
  }
  const targets = plan.targets.map((target, at) => {
    const elements = target.elements.map((each) => ({
      address: each.address,
      data: copies.get(each) ?? each.data,
    }));
    // Behind the others: the first is where a device is told to start.
    return { ...target, elements: at === 0 ? [...elements, ...own] : elements };
  });
  return { ...plan, targets };
}

function rangeOf({ at, bytes }: Injection): string {
  return `${bytes.length} bytes at ${hexNumber(at)}`;
}

function demandApart(injections: readonly Injection[]): void {
  const sorted = injections.toSorted((a, b) => a.at - b.at);
  for (const [index, each] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before === undefined || before.at + before.bytes.length <= each.at) continue;
    const message = `to be put in: ${rangeOf(before)} and ${rangeOf(each)} overlap`;
    throw new DfuError('INVALID_ARGUMENT', message);
  }
}

/** The piece of the file that the bytes lie in; undefined where they touch none. */
function homeOf(plan: SendPlan, injection: Injection): SendElement | undefined {
  const { at, bytes } = injection;
  const end = at + bytes.length;
  const touched = plan.targets
    .flatMap(({ elements }) => elements)
    .filter(({ address = 0, data }) => at < address + data.length && end > address);
  const [home, ...more] = touched;
  if (home === undefined) return undefined;
  const start = home.address ?? 0;
  const isInside = at >= start && end <= start + home.data.length;
  if (isInside && more.length === 0) return home;
  if (isInside) {
    const message = `to be put in: several parts of the file have ${hexNumber(at)}`;
    throw new DfuError('AMBIGUOUS', message);
  }
  const there = `${hexNumber(start)} to ${hexNumber(start + home.data.length)}`;
  const message = `to be put in: ${rangeOf(injection)} reach over an end of the file's data (${there})`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

function demandUncovered({ address = 0, data }: SendElement, injection: Injection): void {
  const { at, bytes } = injection;
  const covered = coveredRanges(address, data).find(
    ({ start, end }) => at < end && at + bytes.length > start,
  );
  if (covered === undefined) return;
  const message = `to be put in: ${rangeOf(injection)} would break ${covered.by}: no bootloader would take it`;
  throw new DfuError('REFUSED', message, { remedies: ['force'] });
}

function ownElement({ targets }: SendPlan, injection: Injection): SendElement {
  const [target, ...others] = targets;
  const first = target?.elements[0];
  if (target === undefined || first === undefined) {
    throw new DfuError('INVALID_ARGUMENT', 'to be put in: there is no file to put anything into');
  }
  if (first.address === undefined) {
    const message = `to be put in: ${rangeOf(injection)} lie behind the file, which has ${first.data.length} bytes`;
    throw new DfuError('OUT_OF_RANGE', message);
  }
  if (others.length > 0) {
    const message = `to be put in: ${rangeOf(injection)} lie outside of the file, and which of its ${targets.length} targets they are for is not known`;
    throw new DfuError('AMBIGUOUS', message);
  }
  if (injection.at + injection.bytes.length > 2 ** 32) {
    throw new DfuError('OUT_OF_RANGE', `to be put in: ${rangeOf(injection)} lie beyond 32 bits`);
  }
  return { address: injection.at, data: injection.bytes };
}
