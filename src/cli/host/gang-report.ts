import type { MultiBar, SingleBar } from 'cli-progress';
import type { GangEvent, GangReport, UnitResult } from '../../gang/index.ts';
import { printable } from '../../host/index.ts';
import type { DownloadEnding, TimeLimits } from '../../host/index.ts';
import { PACE_WIDTH, Pace } from './pace.ts';
import { withOptionNames } from './option-names.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Output, Terminal } from '../shared/terminal.ts';
import { eventAsJson } from './json.ts';

/** Tells a person, or a program, what becomes of many devices. */
interface GangReporter {
  tell(event: GangEvent): void;
  /** All is over: what became of each. */
  summary(report: GangReport, exit: number): void;
  close(): void;
}

/** Least time between two progress lines of a unit for a program, in ms. */
const JSON_EVERY_MS = 100;

/** What of the command line a reporter goes by. */
interface ReportOptions {
  readonly json?: true | undefined;
  readonly timeout?: TimeLimits | undefined;
}

/** A reporter as the options want it: a bar for each unit where standard error is a terminal. */
export async function gangReporter(
  terminal: Terminal,
  { json, timeout }: ReportOptions,
): Promise<GangReporter> {
  if (json === true) return new JsonGang(terminal.out);
  const bars = terminal.err.isTTY === true ? await multiBar(terminal.err) : undefined;
  return new TextGang(terminal, bars, timeout);
}

class JsonGang implements GangReporter {
  readonly #out: Output;
  readonly #nextMs = new Map<string, number>();

  constructor(out: Output) {
    this.#out = out;
  }

  tell(event: GangEvent): void {
    if (event.type === 'progress') {
      const now = performance.now();
      const isLast = event.doneBytes === event.totalBytes;
      if (now < (this.#nextMs.get(event.unit) ?? 0) && !isLast) return;
      this.#nextMs.set(event.unit, now + JSON_EVERY_MS);
    }
    writeJson(this.#out, 'interface' in event ? eventAsJson(event) : event);
  }

  summary({ results, problems, ms }: GangReport, exit: number): void {
    const units = results.map(({ error: _, ending: __, ...each }) => each);
    writeJson(this.#out, {
      type: 'summary',
      outcomes: counted(results),
      units,
      problems: problems.map(({ code, message }) => ({ code, message })),
      ms,
      exit,
    });
  }

  close(): void {}
}

function counted(results: readonly UnitResult[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

interface BarPayload {
  readonly unit: string;
  readonly what: string;
  /** How fast it goes, and how long yet. */
  readonly pace: string;
}

const CELLS = 25;
/** As few cells as still show a part. */
const LEAST_CELLS = 5;
const LONGEST_NAME = 28;
const USUAL_NAME = 16;
/** What stands in a line besides name, cells and pace. */
const REST = ' [] 100% download'.length;

/** One line: name, cells, percent, what is done, pace. A narrow terminal has fewer cells, no pace, and the end of the name. */
export function unitLine(
  { unit, what, pace }: BarPayload,
  value: number,
  total: number,
  columns = 80,
): string {
  const part = total === 0 ? 0 : Math.min(1, value / total);
  const most = Math.min(LONGEST_NAME, Math.max(8, Math.floor(columns * 0.35)));
  const name = unit.length > most ? `…${unit.slice(1 - most)}` : unit;
  const nameWidth = Math.max(name.length, Math.min(USUAL_NAME, most));
  // The last column stays free: some terminals wrap there.
  const room = columns - 1 - nameWidth - REST;
  const hasPace = room - 1 - PACE_WIDTH >= LEAST_CELLS;
  const width = Math.max(LEAST_CELLS, Math.min(CELLS, hasPace ? room - 1 - PACE_WIDTH : room));
  const cells = '='.repeat(Math.floor(part * width)).padEnd(width);
  const percent = String(Math.floor(part * 100)).padStart(3);
  const line = `${name.padEnd(nameWidth)} [${cells}] ${percent}% ${what}`;
  return hasPace && pace !== '' ? `${line.padEnd(nameWidth + width + REST)} ${pace}` : line;
}

async function multiBar(err: Output): Promise<MultiBar> {
  const { default: progress } = await import('cli-progress');
  return new progress.MultiBar({
    format: (_options, { value, total }, payload: BarPayload) =>
      unitLine(payload, value, total, err.columns),
    stream: err,
    hideCursor: false,
    clearOnComplete: true,
    linewrap: false,
  });
}

/** As many bars as a screen has room for; the others are told without. */
const MOST_BARS = 20;

class TextGang implements GangReporter {
  readonly #terminal: Terminal;
  readonly #bars: MultiBar | undefined;
  readonly #timeout: TimeLimits | undefined;
  readonly #bar = new Map<string, SingleBar>();
  readonly #pace = new Map<string, { readonly operation: string; readonly pace: Pace }>();

  constructor(terminal: Terminal, bars: MultiBar | undefined, timeout: TimeLimits | undefined) {
    this.#terminal = terminal;
    this.#timeout = timeout;
    this.#bars = bars;
  }

  tell(event: GangEvent): void {
    if (event.type === 'progress') {
      const { unit, operation, doneBytes, totalBytes = 0 } = event;
      const bar = this.#barOf(unit);
      bar?.setTotal(totalBytes);
      const pace = this.#paceOf(event).words(performance.now(), doneBytes, totalBytes);
      bar?.update(doneBytes, { unit: printable(unit), what: operation, pace });
      return;
    }
    if (event.type === 'ended') this.#drop(event.unit);
    const line = lineOf(event);
    if (line === undefined) return;
    if (isWarning(event)) this.#say(this.#terminal.err, `dfukit: ${line}`);
    else this.#say(this.#terminal.out, line);
  }

  /** Above the bars, if there are any: on a terminal both streams are the same screen. */
  #say(to: Output, line: string): void {
    if (this.#bars !== undefined && this.#bar.size > 0 && to.isTTY === true) {
      this.#bars.log(`${line}\n`);
    } else to.write(`${line}\n`);
  }

  /** From the first bytes of what is done to the unit now. */
  #paceOf({ unit, operation, doneBytes }: Extract<GangEvent, { type: 'progress' }>): Pace {
    const running = this.#pace.get(unit);
    if (running?.operation === operation) return running.pace;
    const pace = new Pace(performance.now(), doneBytes);
    this.#pace.set(unit, { operation, pace });
    return pace;
  }

  #barOf(unit: string): SingleBar | undefined {
    const bar = this.#bar.get(unit);
    if (bar !== undefined || this.#bars === undefined || this.#bar.size >= MOST_BARS) return bar;
    const made = this.#bars.create(0, 0, { unit: printable(unit), what: '', pace: '' });
    this.#bar.set(unit, made);
    return made;
  }

  #drop(unit: string): void {
    this.#pace.delete(unit);
    const bar = this.#bar.get(unit);
    if (bar === undefined) return;
    this.#bars?.remove(bar);
    this.#bar.delete(unit);
  }

  summary({ results, problems, ms }: GangReport): void {
    this.close();
    const { out } = this.#terminal;
    for (const line of table(results)) out.write(`${line}\n`);
    const counts = Object.entries(counted(results)).map(([what, count]) => `${count} ${what}`);
    const missing = problems.length > 0 ? [`${problems.length} not found or not readable`] : [];
    const what = [...counts, ...missing].join(', ');
    out.write(`${what === '' ? 'no units' : what} in ${(ms / 1000).toFixed(1)} s\n`);
    for (const line of remedyLines(results, this.#timeout))
      this.#terminal.err.write(`dfukit: ${line}\n`);
  }

  close(): void {
    this.#bars?.stop();
    this.#bar.clear();
  }
}

function isWarning(event: GangEvent): boolean {
  const { type } = event;
  if (type === 'note' && event.isGood === true) return false;
  return type === 'note' || type === 'problem' || type === 'retry';
}

/** What a person reads of an event: a milestone of a unit in one line. */
function lineOf(event: GangEvent): string | undefined {
  const unit = 'unit' in event ? printable(event.unit) : '';
  switch (event.type) {
    case 'unit':
      return `${unit}: [${event.id}] at ${printable(event.path)} in ${event.mode === 'dfu' ? 'DFU mode' : 'run-time mode'}`;
    case 'attempt': {
      const given = event.values.map(({ text }) => printable(text)).join(', ');
      const again = event.attempt > 1 ? `attempt ${event.attempt}` : 'begins';
      return given === '' && event.attempt === 1
        ? undefined
        : `${unit}: ${again}${given === '' ? '' : `, gets ${given}`}`;
    }
    case 'returned':
      return `${unit}: back in DFU mode after ${Math.round(event.afterMs)} ms`;
    case 'application':
      return event.application === undefined
        ? undefined
        : `${unit}: its application is there after ${Math.round(event.application.afterMs)} ms`;
    case 'manifesting':
      return `${unit}: all data is in the device`;
    case 'retry':
      return `${unit}: failed, and is tried again: ${event.message}`;
    case 'ended':
      return `${unit}: ${event.outcome}${event.message === undefined ? '' : `: ${event.message}`}`;
    case 'left-alone':
      return `${printable(event.path)} is left alone: ${event.message}`;
    case 'problem':
      return event.message;
    case 'note':
      return `${unit === '' ? '' : `${unit}: `}${event.isGood === true ? 'checked' : 'Warning'}: ${event.message}`;
    case 'downloaded': {
      const words = wordsOf(event);
      return words.length === 0 ? undefined : `${unit}: ${words.join('; ')}`;
    }
    case 'detaching':
    case 'leaving':
    case 'permission':
    case 'progress':
    case 'ready':
    case 'selected':
    case 'uploaded':
    case 'waiting':
      return undefined;
    default:
      return event satisfies never;
  }
}

/** What an option of this command helps against, once for all units that failed with it. */
function remedyLines(results: readonly UnitResult[], timeout: TimeLimits | undefined): string[] {
  const lines = results.flatMap(({ error }) => {
    const named = withOptionNames(error, timeout);
    const helps = error !== undefined && named instanceof Error && named.message !== error.message;
    return helps ? [named.message] : [];
  });
  return [...new Set(lines)];
}

/** What an ending says besides its outcome. */
function wordsOf({ unverified, kept, planned, reset }: DownloadEnding): string[] {
  const there = planned.bytes === 0 ? 'all is there already' : `${kept?.bytes} bytes were there`;
  return [
    ...(kept === undefined ? [] : [`${there}, by what was read`]),
    ...(unverified === undefined ? [] : [`could not be read back: ${unverified}`]),
    ...(reset === 'impossible'
      ? ['waits for a reset that this system cannot do: plug it in again']
      : []),
  ];
}

function table(results: readonly UnitResult[]): string[] {
  if (results.length === 0) return [];
  const rows = results.map(({ unit, path, outcome, attempts, ms, values }) => [
    printable(unit),
    printable(path),
    outcome,
    String(attempts),
    `${(ms / 1000).toFixed(1)} s`,
    values.map(({ text }) => printable(text)).join(' '),
  ]);
  const head = ['UNIT', 'PATH', 'OUTCOME', 'TRIES', 'TIME', hasValues(results) ? 'GOT' : ''];
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function hasValues(results: readonly UnitResult[]): boolean {
  return results.some((each) => each.values.length > 0);
}
