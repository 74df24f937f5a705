import { DfuError } from '../../bytes/index.ts';
import { outcomeSaid } from '../../host/index.ts';
import { CommandEnd } from './exit-codes.ts';
import { writeJson } from './terminal.ts';
import type { Output, Terminal } from './terminal.ts';

/** Where a command's JSON goes if not to standard output. */
const outputs = new WeakMap<Terminal, Output>();

/** Failures that the command has told as JSON itself, in words of its own. */
const told = new WeakSet<object>();

/** From now on, JSON of this command goes there. */
export function jsonGoesTo(terminal: Terminal, out: Output): void {
  outputs.set(terminal, out);
}

/** The command has told this failure as JSON itself. */
export function isTold(error: unknown): void {
  if (typeof error === 'object' && error !== null) told.add(error);
}

/** Whether a command line asks for JSON. What stands behind `--` is no option. */
function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}

/**
 * A command that is asked for JSON fails in JSON too, whichever it is: one line with `type` `error`, the
 * code of `docs/errors.md`, the message and the exit code.
 */
export function tellFailure(
  terminal: Terminal,
  args: readonly string[],
  { error, exit, message }: { error: unknown; exit: number; message: string },
): void {
  if (!asksForJson(args) || message === '' || told.has(Object(error))) return;
  const { code, status, progress } = DfuError.is(error) ? error : codeOf(error);
  const outcome = outcomeSaid(error);
  const line = { type: 'error', code, message, status, exit, outcome, ...progress };
  writeJson(outputs.get(terminal) ?? terminal.out, line);
}

/** Of what is no `DfuError`: a file that could not be read or made, a command line that makes no sense. */
function codeOf(error: unknown): {
  readonly code: string;
  readonly status?: undefined;
  readonly progress?: undefined;
} {
  if (error instanceof CommandEnd) return { code: 'IO' };
  return { code: isUsage(error) ? 'INVALID_ARGUMENT' : 'INTERNAL' };
}

function isUsage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}
