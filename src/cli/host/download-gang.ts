import { sha256, toHex, DfuError } from '../../bytes/index.ts';
import { readCsv, sendToAll } from '../../gang/index.ts';
import type { GangReport, InjectTable, UnitResult, UnitTerms } from '../../gang/index.ts';
import type { SendPlan } from '../../host/index.ts';
import { ExitCode, exitCodeOf } from '../shared/exit-codes.ts';
import { readText } from '../shared/files.ts';
import type { Terminal } from '../shared/terminal.ts';
import { whichOf } from './gang-options.ts';
import type { GangCommandOptions } from './gang-options.ts';
import { gangReporter } from './gang-report.ts';
import { openJournal } from './journal-file.ts';
import type { JournalFile } from './journal-file.ts';
import { exitOf } from './progress.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { selectionOf } from './select.ts';
import type { DeviceOptions } from './select.ts';

interface GangDownload extends GangCommandOptions, DeviceOptions {
  readonly force?: true | undefined;
}

/** What is sent to each. */
interface Sent {
  readonly file: Uint8Array;
  readonly plan: SendPlan;
  readonly terms: UnitTerms;
}

/** `dfukit download FILE` for many devices: exit code by the worst that became of any. */
export async function downloadGang(
  terminal: Terminal,
  options: GangDownload,
  sent: Sent,
): Promise<number> {
  const table = tableOf(terminal, options);
  const journal = options.journal === undefined ? undefined : await openJournal(options.journal);
  try {
    return await runOnBus(terminal, options, (around) =>
      flash(terminal, options, { ...sent, table, journal, around }),
    );
  } finally {
    await journal?.close();
  }
}

interface Line extends Sent {
  readonly table: InjectTable | undefined;
  readonly journal: JournalFile | undefined;
  readonly around: Surroundings;
}

async function flash(
  terminal: Terminal,
  options: GangDownload,
  { file, plan, terms, table, journal, around }: Line,
): Promise<number> {
  const { watch, jobs, retry: retries, inject, force } = options;
  const { bus, clock, signal, dark, quirks, onEvent } = around;
  if (journal?.note !== undefined) onEvent({ type: 'note', message: journal.note });
  const reporter = await gangReporter(terminal, options);
  try {
    const report = await sendToAll(bus, plan, {
      ...terms,
      quirks,
      clock,
      signal,
      which: whichOf(options, selectionOf(options)),
      watch: watch === true ? Infinity : watch,
      settleMs: options.settle,
      jobs,
      retries,
      inject,
      table,
      journal,
      before: journal?.before,
      skipDone: journal !== undefined && (options.skipDone === true || watch !== undefined),
      sha256: toHex(sha256(file)),
      force,
      onEvent: (event) => reporter.tell(event),
    });
    const isEnded = watch === true && signal.aborted;
    const isShort = typeof watch === 'number' && signal.aborted;
    const exit = worstOf(report, { isDark: dark.size > 0, isEnded, isShort });
    reporter.summary(report, exit);
    return exit;
  } finally {
    reporter.close();
  }
}

function tableOf(
  terminal: Terminal,
  { injectCsv, injectMatch: match }: GangDownload,
): InjectTable | undefined {
  if (injectCsv === undefined) return undefined;
  try {
    return { table: readCsv(readText(terminal.files, injectCsv)), match };
  } catch (error) {
    if (!DfuError.is(error, 'MALFORMED')) throw error;
    throw new DfuError(error.code, `${injectCsv}: ${error.message}`, { cause: error });
  }
}

/** From bad to worse; of the failures that changed nothing, the first. */
function rankOf(exit: number): number {
  if (exit === ExitCode.ok) return 0;
  if (exit === ExitCode.unverified) return 1;
  if (exit === ExitCode.unconfirmed) return 2;
  return exit === ExitCode.partlyWritten ? 4 : 3;
}

function exitOfUnit({ outcome, error, ending }: UnitResult): number {
  if (outcome === 'partly-written' && error?.code !== 'ABORTED') return ExitCode.partlyWritten;
  if (error !== undefined) return exitCodeOf(error);
  return ending === undefined ? ExitCode.ok : exitOf(ending);
}

interface GangEnd {
  /** One of several buses cannot be reached. */
  readonly isDark: boolean;
  /** A watch without end was ended. */
  readonly isEnded: boolean;
  /** A watch was ended before it had as many as it was to have. */
  readonly isShort: boolean;
}

function worstOf({ results, problems }: GangReport, { isDark, isEnded, isShort }: GangEnd): number {
  const exits = [
    ...results.map(exitOfUnit),
    ...problems.map(exitCodeOf),
    ...(isDark ? [ExitCode.io] : []),
  ];
  // A watch ends with Ctrl-C; whoever is asked to stop otherwise has not done all.
  if (isShort || (!isEnded && results.some(({ error }) => error?.code === 'ABORTED'))) {
    exits.push(ExitCode.interrupted);
  }
  let worst: number = ExitCode.ok;
  for (const exit of exits) if (rankOf(exit) > rankOf(worst)) worst = exit;
  return worst;
}
