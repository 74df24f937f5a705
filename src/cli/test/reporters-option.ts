import { DfuError, didYouMean } from '../../bytes/index.ts';

const kinds = ['text', 'tap', 'junit'] as const;

/** A reporter that was asked for, and its file; without one it goes to standard output. */
export interface ReporterChoice {
  readonly kind: (typeof kinds)[number];
  readonly file?: string | undefined;
}

/** Reads `--reporter text|tap|junit[=FILE]`. Throws `INVALID_ARGUMENT`. */
export function reporterChoice(
  text: string,
  before: readonly ReporterChoice[] = [],
): ReporterChoice[] {
  const at = text.indexOf('=');
  const [name, file] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  const kind = kinds.find((each) => each === name);
  if (kind !== undefined && file !== '') return [...before, { kind, file }];
  const expected = `expected ${kinds.join(', ')}, alone or with =FILE`;
  const hint = kind === undefined ? didYouMean(name, kinds) : '';
  throw new DfuError('INVALID_ARGUMENT', `--reporter: ${expected}, got "${text}"${hint}`);
}

/** Those that write to standard output; `text` where none would. Throws `INVALID_ARGUMENT` for two of them. */
export function withUsual(choices: readonly ReporterChoice[], json: boolean): ReporterChoice[] {
  const loud = choices.filter(({ file }) => file === undefined);
  if (loud.length + (json ? 1 : 0) > 1) {
    const names = [...loud.map(({ kind }) => `--reporter ${kind}`), ...(json ? ['--json'] : [])];
    const words = `${names.join(' and ')} would both write to standard output; give one a file: --reporter ${loud[0]?.kind ?? 'tap'}=FILE`;
    throw new DfuError('INVALID_ARGUMENT', words);
  }
  return loud.length > 0 || json ? [...choices] : [{ kind: 'text' }, ...choices];
}
