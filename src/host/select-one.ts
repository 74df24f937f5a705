import { DfuError, didYouMean } from '../bytes/index.ts';
import type { DfuRemedy } from '../bytes/index.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { listLine, printable } from './dfu-interface.ts';
import type { ScanProblem } from './scan.ts';
import { fitsPair, formatIdPair, select } from './selection.ts';
import type { Selection } from './selection.ts';

/** Why something may be missing: a device that could not be looked into. */
type Problem = Pick<ScanProblem, 'code' | 'message'>;

/**
 * The one entry that matches. Throws `NOT_FOUND` or `AMBIGUOUS`; the message lists what is there, and
 * `remedies` has what would tell them apart. Where a device broke the protocol and nothing else is there:
 * `PROTOCOL`.
 */
export function selectOne(
  entries: readonly DfuInterface[],
  selection: Selection,
  problems: readonly Pick<ScanProblem, 'code' | 'message'>[] = [],
): DfuInterface {
  const found = select(entries, selection);
  const [first, ...others] = found;
  if (first === undefined) throw notFound(entries, problems, nearest(entries, selection));
  if (others.length === 0) return first;
  throw noneOfThese(found, selection) ?? ambiguous(found);
}

/** What may have been meant by a name or a serial number that nothing there has. */
function nearest(
  entries: readonly DfuInterface[],
  { alternate, runtimeSerial, dfuSerial }: Selection,
): string {
  const names = entries.map(({ name }) => name);
  if (typeof alternate === 'string' && !names.includes(alternate)) {
    return didYouMean(alternate, names.map(printable));
  }
  const serials = entries.map(({ serial }) => serial);
  const wanted = [runtimeSerial, dfuSerial].find(
    (serial) => serial !== undefined && !serials.includes(serial),
  );
  return wanted === undefined ? '' : didYouMean(wanted, serials.map(printable));
}

function notFound(
  entries: readonly DfuInterface[],
  problems: readonly Problem[],
  near: string,
): DfuError {
  const messages = problems.map(({ message }) => message);
  const hint = problems.length === 0 ? '' : `\nNot looked into:${list(messages)}`;
  const isSlow = problems.some(({ code }) => code === 'TIMEOUT');
  const remedies: readonly DfuRemedy[] = isSlow ? ['descriptor-time'] : [];
  if (entries.length > 0) {
    const message = `No DFU interface matches${near}; there is:${lines(entries)}${hint}`;
    return new DfuError('NOT_FOUND', message, { remedies });
  }
  if (problems.some(({ code }) => code === 'PROTOCOL')) {
    return new DfuError(
      'PROTOCOL',
      `What is there does not keep to the protocol:${list(messages)}`,
    );
  }
  return new DfuError('NOT_FOUND', `${nothingThere(problems)}${hint}`, { remedies });
}

/** dfu-util's sentence, unless something may be there: a device that one may not open is a keyboard. */
export function nothingThere(problems: readonly Pick<Problem, 'code'>[]): string {
  return problems.every(({ code }) => code === 'ACCESS')
    ? 'No DFU capable USB device available'
    : 'No DFU device was found among those that could be looked into';
}

/**
 * Ids for run-time alone let any device in DFU mode match: of several, none is the one that was named. None at all, as of a
 * device that is known by its port once it has gone to DFU mode, names nothing.
 */
function noneOfThese(found: readonly DfuInterface[], selection: Selection): DfuError | undefined {
  const named = formatIdPair(selection.runtime);
  if (named === undefined || formatIdPair(selection.dfu) !== undefined) return undefined;
  if (selection.runtime?.vendor === 'none' && selection.runtime.product === 'none')
    return undefined;
  if (found.some((entry) => fitsPair(selection.runtime, entry))) return undefined;
  const isOne = new Set(found.map(({ deviceId }) => deviceId)).size === 1;
  const others = isOne
    ? 'another is in DFU mode, with several DFU interfaces'
    : 'several others are in DFU mode';
  const message = `No device ${named} is there, and ${others}.${lines(found)}`;
  return new DfuError('NOT_FOUND', message, { remedies: ['ids'] });
}

function ambiguous(found: readonly DfuInterface[]): DfuError {
  const { which, remedies } = difference(found);
  const message = `More than one DFU interface matches: say which ${which}.${lines(found)}`;
  return new DfuError('AMBIGUOUS', message, { remedies });
}

interface Difference {
  readonly which: string;
  readonly remedies: readonly DfuRemedy[];
}

/** What would tell them apart. */
function difference(found: readonly DfuInterface[]): Difference {
  const count = (keyOf: (entry: DfuInterface) => unknown): number => new Set(found.map(keyOf)).size;
  if (count(({ deviceId }) => deviceId) > 1) {
    const bySerial = count(({ serial }) => serial) > 1;
    return { which: 'device', remedies: bySerial ? ['serial', 'path'] : ['path'] };
  }
  const interfaces = count(({ interfaceNumber }) => interfaceNumber);
  const configurations = count(({ configuration }) => configuration);
  const alternate: readonly DfuRemedy[] =
    found.length > interfaces * configurations ? ['alternate'] : [];
  if (configurations > 1) {
    return { which: 'configuration', remedies: ['configuration', ...alternate] };
  }
  if (interfaces > 1) return { which: 'interface', remedies: ['interface', ...alternate] };
  return { which: 'alternate setting', remedies: ['alternate'] };
}

/** Lines of a message end somewhere, however much a bus has. */
const MOST_LINES = 20;

function lines(entries: readonly DfuInterface[]): string {
  return list(entries.map(listLine));
}

function list(all: readonly string[]): string {
  const shown = all.slice(0, MOST_LINES).map((line) => `\n  ${line}`);
  const left = all.length - shown.length;
  return shown.join('') + (left > 0 ? `\n  and ${left} more` : '');
}
