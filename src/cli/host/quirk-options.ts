import { Option } from 'commander';
import type { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { fieldsText, parseQuirk, parseQuirkFile, printable } from '../../host/index.ts';
import type { DfuInterface, QuirkRow } from '../../host/index.ts';
import { collect } from '../shared/collect.ts';
import { rare } from '../shared/rare-options.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What `addQuirkOptions` adds. */
export interface QuirkOptions {
  readonly quirk?: readonly string[] | undefined;
}

/** Adds `--quirk`. */
export function addQuirkOptions(command: Command): Command {
  return command.addOption(
    rare(
      new Option(
        '--quirk <row>',
        'what a device needs besides what it says: VENDOR:PRODUCT[:RELEASE]:FIELD[=VALUE],… as docs/quirks.md has them, e.g. 1209:*:poll-time=5ms,dialect=dfu; @FILE for a file of them; may be given again',
      ).argParser(collect),
    ),
  );
}

/** The rows, in the order in which they were given. Throws `INVALID_ARGUMENT` with the place, and for a file that is none. */
export function quirksOf(terminal: Terminal, { quirk = [] }: QuirkOptions): readonly QuirkRow[] {
  return quirk.flatMap((text) => {
    if (!text.startsWith('@')) return [parseQuirk(text, '--quirk')];
    const path = text.slice(1);
    return parseQuirkFile(readText(terminal, path), path);
  });
}

/** Most bytes of such a file. */
const MOST_BYTES = 1024 * 1024;

function readText(terminal: Terminal, path: string): string {
  const bytes = terminal.files.read(path);
  if (bytes.length <= MOST_BYTES) return new TextDecoder().decode(bytes);
  const message = `--quirk: ${path} has ${bytes.length} bytes, expected at most ${MOST_BYTES}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

/** A line for each row about a device. */
export function quirkLines({ quirk }: DfuInterface): readonly string[] {
  return (quirk?.rows ?? []).map((row) => {
    const { devices, name = 'yours', symptom } = row;
    const why = symptom === undefined ? '' : ` (${symptom})`;
    return `  Quirk: ${devices} ${printable(name)}: ${fieldsText(row)}${printable(why)}`;
  });
}
