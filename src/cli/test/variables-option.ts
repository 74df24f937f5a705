import { resolve } from 'node:path';
import { DfuError } from '../../bytes/index.ts';
import { variableName } from './format/variables.ts';

/** Longest value, in characters. */
const MOST_VALUE = 0x8000;

type Before = ReadonlyMap<string, string> | undefined;

function halves(option: string, text: string): readonly [string, string] {
  const at = text.indexOf('=');
  const name = text.slice(0, at);
  if (at > 0 && variableName.test(name) && text.length - at <= MOST_VALUE) {
    return [name, text.slice(at + 1)];
  }
  const expected = option === '--set' ? 'NAME=VALUE' : 'NAME=PATH';
  throw new DfuError(
    'INVALID_ARGUMENT',
    `${option}: expected ${expected}, got "${text.slice(0, 80)}"`,
  );
}

/** Reads `--set NAME=VALUE`. Throws `INVALID_ARGUMENT`. */
export function setVariable(text: string, before: Before = new Map()): Map<string, string> {
  return new Map([...before, halves('--set', text)]);
}

/**
 * Reads `--set-file NAME=PATH`: relative paths are meant from the folder in which the command is typed, as everywhere on
 * a command line, and not from the scenario's. Throws `INVALID_ARGUMENT`.
 */
export function setFile(text: string, before: Before = new Map()): Map<string, string> {
  const [name, path] = halves('--set-file', text);
  return new Map([...before, [name, resolve(path)]]);
}
