import { textShape } from '../bytes/index.ts';
import type { Shape } from '../bytes/index.ts';

/** What a version is, as it stands behind "expected". */
const EXPECTED =
  'a version: one to four numbers with dots, a pre-release behind -, a build behind +, such as 1.2.0';

const PATTERN =
  /^[0-9]{1,9}(\.[0-9]{1,9}){0,3}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/;

/** Longest version, in characters. */
const MOST_CHARACTERS = 64;

/** A version in a manifest. */
export const versionShape: Shape<string> = textShape(EXPECTED, {
  pattern: PATTERN,
  most: MOST_CHARACTERS,
});

/** Whether a text is a version as a manifest has it. */
export function isVersion(text: string): boolean {
  return text.length <= MOST_CHARACTERS && PATTERN.test(text);
}

interface Version {
  readonly numbers: readonly string[];
  /** Undefined: it is no pre-release. */
  readonly before: readonly string[] | undefined;
  readonly build: string;
}

function parsed(text: string): Version {
  const [version = '', build = ''] = text.split('+', 2);
  const dash = version.indexOf('-');
  const core = dash < 0 ? version : version.slice(0, dash);
  return {
    numbers: core.split('.'),
    before: dash < 0 ? undefined : version.slice(dash + 1).split('.'),
    build: isDigits(build) ? build : '0',
  };
}

function isDigits(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

function order(one: string | number, other: string | number): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Numbers of any length. */
function compareDigits(one: string, other: string): number {
  const [left, right] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  return order(left.length, right.length) || order(left, right);
}

/** Semantic Versioning 2.0.0 §11.4. */
function compareIdentifiers(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
  const [left, right] = [isDigits(one), isDigits(other)];
  if (left && right) return compareDigits(one, other);
  return left === right ? order(one, other) : left ? -1 : 1;
}

function comparePreReleases(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): number {
  if (one === undefined || other === undefined) {
    return order(Number(one === undefined), Number(other === undefined));
  }
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const which = compareIdentifiers(one[at], other[at]);
    if (which !== 0) return which;
  }
  return 0;
}

/**
 * Compares two versions of a manifest: below 0 if the first is older. Numbers that are left out are 0; a pre-release is
 * older than what it leads to; where all that is the same, a build that is a number counts (MCUboot's `1.2.0+7`), and one
 * that is none does not.
 */
export function compareVersionTexts(one: string, other: string): number {
  const [left, right] = [parsed(one), parsed(other)];
  for (let at = 0; at < Math.max(left.numbers.length, right.numbers.length); at += 1) {
    const which = compareDigits(left.numbers[at] ?? '0', right.numbers[at] ?? '0');
    if (which !== 0) return which;
  }
  return comparePreReleases(left.before, right.before) || compareDigits(left.build, right.build);
}
