import { DfuError, didYouMean } from '../bytes/index.ts';
import { inputFormats } from '../image/index.ts';

const FLAGS = [
  'leave',
  'massErase',
  'unprotect',
  'willReset',
  'raw',
  'verify',
  'changedOnly',
  'resume',
] as const;

/** What callers without types may hand in. */
type Unchecked = {
  readonly [
    Key in 'address' | 'dialect' | 'family' | 'force' | 'allow' | 'format' | (typeof FLAGS)[number]
  ]?: unknown;
};

const ALLOWANCES = [
  'other-device',
  'other-place',
  'outside-layout',
  'no-layout',
  'unknown-version',
];

/** Throws `INVALID_ARGUMENT` for what is no file, and for options whose value says nothing. */
export function demandArguments(file: unknown, options: Unchecked): void {
  if (file !== undefined) demandBytes(file);
  const { address, dialect, family, force, allow, format } = options;
  const isAddress = Number.isInteger(address) && Number(address) >= 0 && Number(address) < 2 ** 32;
  demand(isAddress, 'address', address, 'an integer from 0 to 0xffffffff');
  demand(dialect === 'dfu' || dialect === 'dfuse', 'dialect', dialect, '"dfu" or "dfuse"');
  demand(typeof force === 'boolean' || force === 'memory', 'force', force, 'a boolean or "memory"');
  const isFamily = typeof family === 'string' || Number.isInteger(family);
  demand(isFamily, 'family', family, 'a number or a name');
  const isAllow = Array.isArray(allow) && allow.every((each) => ALLOWANCES.includes(String(each)));
  demand(isAllow, 'allow', allow, `a list of ${ALLOWANCES.map((each) => `"${each}"`).join(', ')}`);
  demandFormat(format);
  for (const flag of FLAGS) {
    demand(typeof options[flag] === 'boolean', flag, options[flag], 'a boolean');
  }
}

function demandFormat(format: unknown): void {
  const isFormat = inputFormats.some((each) => each === format);
  if (isFormat || format === undefined) return;
  const expected = inputFormats.map((each) => `"${each}"`).join(', ');
  const near = typeof format === 'string' ? didYouMean(format, inputFormats) : '';
  const message = `format: expected one of ${expected}, got ${named(format)}${near}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

/** Throws `INVALID_ARGUMENT` for anything but the bytes of a file. */
export function demandBytes(file: unknown): void {
  // Also of another realm, where instanceof is false.
  if (Object.prototype.toString.call(file) === '[object Uint8Array]') return;
  throw new DfuError(
    'INVALID_ARGUMENT',
    `file: expected its bytes (Uint8Array), got ${named(file)}`,
  );
}

function demand(isRight: boolean, name: string, value: unknown, expected: string): void {
  if (isRight || value === undefined) return;
  throw new DfuError('INVALID_ARGUMENT', `${name}: expected ${expected}, got ${named(value)}`);
}

/** A value in a few words. */
function named(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`;
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value);
  return String(value);
}
