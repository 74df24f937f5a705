import type { SingleBar } from 'cli-progress';
import { printable, waitsText } from '../../host/index.ts';
import type { Application, DfuInterface, DownloadEnding, HostEvent } from '../../host/index.ts';
import { formatUsbId, idDigits } from '../../usb/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { eventAsJson } from './json.ts';
import { PACE_WIDTH, Pace } from './pace.ts';
import { warn, writeJson } from '../shared/terminal.ts';
import type { Output, Terminal } from '../shared/terminal.ts';

/** Tells a person, or a program, what the host does. */
interface Reporter {
  tell(event: HostEvent): void;
  /** The bar, if there is one, leaves the line. */
  close(): void;
}

/** Least time between two progress lines for a program, in ms. */
const JSON_EVERY_MS = 100;

/** Where a command reports to, and how. */
interface ReportOptions {
  readonly json: boolean;
  /** Milestones, or JSON lines. */
  readonly out: Output;
}

/** A reporter as the options want it. A bar appears only where standard error is a terminal. */
export async function reporter(
  terminal: Terminal,
  { json, out }: ReportOptions,
): Promise<Reporter> {
  if (json) return new JsonReporter(out);
  const bar = terminal.err.isTTY === true ? await progressBar(terminal.err) : undefined;
  return new TextReporter(terminal, out, bar);
}

class JsonReporter implements Reporter {
  readonly #out: Output;
  #nextMs = 0;

  constructor(out: Output) {
    this.#out = out;
  }

  tell(event: HostEvent): void {
    if (event.type === 'progress') {
      const now = performance.now();
      if (now < this.#nextMs && event.doneBytes !== event.totalBytes) return;
      this.#nextMs = now + JSON_EVERY_MS;
    }
    writeJson(this.#out, eventAsJson(event));
  }

  close(): void {}
}

const LABELS = {
  download: 'Download',
  upload: 'Upload',
  erase: 'Erase',
  verify: 'Verify',
} as const;

type Progress = Extract<HostEvent, { readonly type: 'progress' }>;

class TextReporter implements Reporter {
  readonly #terminal: Terminal;
  readonly #out: Output;
  readonly #bar: SingleBar | undefined;
  /** What the bar or the lines are about, while they are. */
  #running: Running | undefined;
  #chosen: DfuInterface | undefined;

  constructor(terminal: Terminal, out: Output, bar: SingleBar | undefined) {
    this.#terminal = terminal;
    this.#out = out;
    this.#bar = bar;
  }

  tell(event: HostEvent): void {
    if (event.type === 'progress') {
      this.#progress(event);
      return;
    }
    this.close();
    if (event.type === 'selected') this.#chosen = event.interface;
    if (event.type === 'note' && event.isGood === true)
      this.#out.write(`Checked: ${event.message}\n`);
    else if (event.type === 'note') warn(this.#terminal, `dfukit: Warning: ${event.message}`);
    else for (const line of sentences(event, this.#chosen)) this.#out.write(`${line}\n`);
  }

  #progress(event: Progress): void {
    const { operation, doneBytes, totalBytes } = event;
    const now = performance.now();
    if (this.#running?.operation !== operation) {
      this.close();
      const nextMs = now + LINE_EVERY_MS;
      this.#running = { operation, pace: new Pace(now, doneBytes), nextMs };
      const label = LABELS[operation].padEnd(8);
      const payload: BarPayload = { label, known: totalBytes !== undefined, pace: '' };
      this.#bar?.start(totalBytes ?? 0, doneBytes, payload);
    }
    if (this.#bar === undefined && now < this.#running.nextMs) return;
    const pace = this.#running.pace.words(now, doneBytes, totalBytes);
    if (this.#bar !== undefined) this.#bar.update(doneBytes, { pace });
    else {
      this.#running = { ...this.#running, nextMs: now + LINE_EVERY_MS };
      warn(this.#terminal, progressLine(event, pace));
    }
  }

  close(): void {
    if (this.#running === undefined) return;
    this.#running = undefined;
    this.#bar?.stop();
  }
}

/** How often a line says how far it is where there is no bar, in ms. */
const LINE_EVERY_MS = 10_000;

interface Running {
  readonly operation: Progress['operation'];
  readonly pace: Pace;
  /** When the next line is due. */
  readonly nextMs: number;
}

/** Where no bar can be drawn: a short line now and then, of what takes long. */
export function progressLine({ operation, doneBytes, totalBytes }: Progress, pace: string): string {
  const of = totalBytes === undefined ? '' : ` of ${totalBytes}`;
  const [rate = '', left = ''] = pace.split(/ (?=[\d:]+$)/);
  const rest = `${rate === '' ? '' : `, ${rate}`}${left === '' ? '' : `, ${left} left`}`;
  return `${LABELS[operation]}: ${doneBytes}${of} bytes${rest}`;
}

/** What a person reads; the words that other programs look for are dfu-util's. */
function sentences(
  event: Exclude<HostEvent, { readonly type: 'progress' | 'note' }>,
  chosen: DfuInterface | undefined,
): string[] {
  switch (event.type) {
    case 'waiting':
      return ['Waiting for a device...'];
    case 'selected':
      return [describe(event.interface)];
    case 'detaching':
      return ['Asking the device into DFU mode...'];
    case 'permission':
      return [event.why];
    case 'returned':
      return [`Back in DFU mode after ${Math.round(event.afterMs)} ms`];
    case 'ready':
      return transferSizes(event.transferSizeBytes, chosen?.functional.wTransferSize);
    case 'manifesting':
      return ['Download done.'];
    case 'downloaded':
      return [...ending(event), ...waits(event)];
    case 'application':
      return event.application === undefined ? [] : [applicationText(event.application)];
    case 'uploaded':
      return ['Upload done.', `Received a total of ${event.bytes} bytes`];
    case 'leaving':
      return event.reset === 'impossible'
        ? ['Asked the device to leave DFU mode; this system cannot reset it, so plug it in again.']
        : ['Asked the device to leave DFU mode'];
    default:
      return event satisfies never;
  }
}

/** What runs now. */
function applicationText({ afterMs, serial, ...device }: Application): string {
  const its = serial === undefined ? '' : `, serial "${printable(serial)}"`;
  const runs = `${formatUsbId(device)}, version ${idDigits(device.bcdDevice)}${its}`;
  return `Its application is there after ${Math.round(afterMs)} ms: ${runs}`;
}

/** The device's own, and what is used instead if somebody asked for that. */
function transferSizes(used: number, own: number = used): string[] {
  const line = `Device returned transfer size ${own}`;
  return own === used ? [line] : [line, `Transfer size ${used} is used, as asked for`];
}

function describe(entry: DfuInterface): string {
  const mode = entry.mode === 'dfu' ? 'DFU mode' : 'run-time mode';
  const place = `at ${printable(entry.location.path)} in ${mode}`;
  return `Device ID ${formatUsbId(entry)} ${place}, alternate ${entry.alternate} "${printable(entry.name)}"`;
}

/** What was done, once the device has acknowledged all that was planned: the one place that says so. */
function ending(ended: DownloadEnding): string[] {
  return [...keptText(ended), ...endingText(ended), ...verdictText(ended)];
}

/** What was there already. */
function keptText({ kept, planned }: DownloadEnding): string[] {
  if (kept === undefined) return [];
  if (planned.bytes === 0) {
    return [`All ${kept.bytes} bytes are there already: read back, and nothing was written`];
  }
  const sectors = kept.sectors === 1 ? '1 sector' : `${kept.sectors} sectors`;
  return [`${sectors} (${kept.bytes} bytes) were there already and are left alone`];
}

/** What reading back led to. */
function verdictText({ outcome, planned, unverified }: DownloadEnding): string[] {
  if (unverified !== undefined) return [`It could not be read back: ${unverified}.`];
  return outcome === 'verified' && planned.bytes > 0 ? ['Read back: all is as it should be.'] : [];
}

function endingText({ planned, bytes, ending: how, reset }: DownloadEnding): string[] {
  const isFile = planned.bytes > 0;
  const commands = planned.commands === 1 ? '1 command' : `${planned.commands} commands`;
  const what = isFile ? 'File downloaded successfully' : `Acknowledged: ${commands}`;
  const done = isFile || planned.commands > 0 ? [what, 'Done!'] : ['Done!'];
  switch (how) {
    case 'written':
      return done;
    case 'manifested':
      if (reset !== 'impossible') return done;
      return [
        ...done,
        'The device waits for a reset, which this system cannot do: plug it in again.',
      ];
    case 'left':
      return [
        ...done,
        isFile ? 'The device has left to start its new firmware.' : 'The device has left.',
      ];
    case 'unconfirmed':
      return [
        isFile
          ? `All ${bytes} bytes are in the device, but it did not confirm that it is done with them.`
          : 'The device did not confirm that it is done.',
        'Look at what it runs before you trust it.',
      ];
    default:
      return how satisfies never;
  }
}

/** What the device's own waits cost, where they are what it took so long for. */
function waits(event: DownloadEnding): string[] {
  const text = waitsText(event);
  return text === undefined ? [] : [`${text} (bwPollTimeout).`];
}

/** How a command ends whose work ended so. */
export function exitOf({ outcome, unverified }: DownloadEnding): number {
  if (outcome === 'unconfirmed') return ExitCode.unconfirmed;
  return unverified === undefined ? ExitCode.ok : ExitCode.unverified;
}

interface BarPayload {
  readonly label: string;
  /** Whether the whole length is known: else there is nothing to be a part of. */
  readonly known: boolean;
  /** How fast it goes, and how long yet; undefined where nobody wants to know. */
  readonly pace?: string | undefined;
}

const CELLS = 25;
/** Characters of a line besides its cells, with the bytes and without; the tab goes to column 16. */
const REST = 16 + '[] 100%'.length;
const BYTES = ' 123456789012 bytes'.length;
/** As few cells as still show a part. */
const LEAST_CELLS = 5;

/**
 * A line as dfu-util draws it: label, 25 cells, percent in three places, bytes in twelve; behind it the pace. A narrow
 * terminal has fewer cells, then no pace and then no bytes: it would cut off the percent.
 */
export function barLine(
  { label, known, pace }: BarPayload,
  doneBytes: number,
  totalBytes: number,
  columns = 80,
): string {
  const bytes = `${String(doneBytes).padStart(12)} bytes`;
  if (!known) return `${label}\t${bytes}${pace === undefined ? '' : ` ${pace}`}`.trimEnd();
  const part = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  // The last column stays free: some terminals wrap there.
  const whole = columns - 1 - REST;
  const hasPace = pace !== undefined && whole - BYTES - 1 - PACE_WIDTH >= LEAST_CELLS;
  const room = hasPace ? whole - 1 - PACE_WIDTH : whole;
  const hasBytes = room - BYTES >= LEAST_CELLS;
  const width = Math.max(LEAST_CELLS, Math.min(CELLS, hasBytes ? room - BYTES : room));
  const cells = '='.repeat(Math.floor(part * width)).padEnd(width);
  const percent = `${String(Math.floor(part * 100)).padStart(3)}%`;
  return `${label}\t[${cells}] ${percent}${hasBytes ? ` ${bytes}` : ''}${hasPace ? ` ${pace.padEnd(PACE_WIDTH)}` : ''}`;
}

async function progressBar(err: Output): Promise<SingleBar> {
  const { default: progress } = await import('cli-progress');
  return new progress.SingleBar({
    format: (_options, { value, total }, payload: BarPayload) =>
      barLine(payload, value, total, err.columns),
    stream: err,
    hideCursor: false,
  });
}
