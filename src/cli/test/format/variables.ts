import { didYouMean } from '../../../bytes/index.ts';
import type { ShapePath } from '../../../bytes/index.ts';

/** Names and what they stand for. */
export type Variables = ReadonlyMap<string, string>;

/** The name of a variable. */
export const variableName: RegExp = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Longest text once everything is put in, in characters. */
const MOST_TEXT = 0x10000;

/** Deeper than any scenario, and far from where a stack ends. */
const MOST_DEPTH = 64;

interface Substitution {
  readonly variables: Variables;
  /** Is told each name that stands somewhere. */
  readonly used: (name: string) => void;
  readonly fault: (path: ShapePath, words: string) => Error;
}

function substituteText(text: string, path: ShapePath, how: Substitution): string {
  const { variables, used, fault } = how;
  // `$${` is a `${` that stays, for the shell of `run`.
  const put = text.replaceAll(/\$\$\{|\$\{([^}]*)(\}?)/g, (whole, name?: string, end?: string) => {
    if (name === undefined) return '${';
    if (end === '' || !variableName.test(name)) {
      const words = `expected \${NAME}, got "${whole.slice(0, 60)}"; $\${ stands for \${`;
      throw fault(path, words);
    }
    const value = variables.get(name);
    if (value === undefined) {
      const hint = didYouMean(name, variables.keys());
      const way = `set it with --set ${name}=VALUE, or in "variables"`;
      throw fault(path, `no variable \${${name}}${hint}; ${way}`);
    }
    used(name);
    return value;
  });
  if (put.length <= MOST_TEXT) return put;
  throw fault(path, `expected at most ${MOST_TEXT} characters with the variables put in`);
}

/** Puts the variables into every text of a document; keys stay as they are. */
export function substitute(value: unknown, how: Substitution, path: ShapePath = []): unknown {
  if (typeof value === 'string') return substituteText(value, path, how);
  if (typeof value !== 'object' || value === null) return value;
  if (path.length > MOST_DEPTH) {
    throw how.fault(path.slice(0, 8), `it goes deeper than ${MOST_DEPTH} levels`);
  }
  if (Array.isArray(value)) {
    return value.map((each: unknown, at) => substitute(each, how, [...path, at]));
  }
  const entries = Object.entries(value).map(([key, each]: [string, unknown]) => [
    key,
    substitute(each, how, [...path, key]),
  ]);
  return Object.fromEntries(entries);
}
