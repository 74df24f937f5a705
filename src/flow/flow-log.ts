import { PACKAGE_VERSION } from '../bytes/index.ts';
import { listLine, printable } from '../host/index.ts';
import type { HostEvent } from '../host/index.ts';
import { idDigits } from '../usb/index.ts';
import type { Clock } from '../usb/index.ts';
import type { FlowDevice, FlowState } from './flow-state.ts';

/** Lines that are kept from the beginning, and as many from the end as make the rest. */
const FIRST_LINES = 100;
const MOST_LINES = 2000;
/** Characters of a line. */
const MOST_CHARACTERS = 500;
/** Progress is told each time that so much of it is done. */
const COARSE = 0.1;
/** Shorter serial numbers mean something else elsewhere, and are masked where they stand for themselves. */
const LEAST_SERIAL = 4;

/** What would move the cursor of whoever prints the log. */
// oxlint-disable-next-line no-control-regex -- it is control characters that are looked for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** What happened, line by line, each with its time since the flow began. */
export class FlowLog {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #masks: boolean;
  readonly #first: string[] = [];
  readonly #last: string[] = [];
  readonly #serials = new Set<string>();
  #dropped = 0;
  #operation = '';
  #told = 0;

  constructor(clock: Clock, masksSerials: boolean) {
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#masks = masksSerials;
    this.add(`dfukit ${PACKAGE_VERSION}`);
  }

  add(text: string): void {
    const seconds = ((this.#clock.now() - this.#startMs) / 1000).toFixed(3).padStart(9);
    for (const part of text.split('\n')) {
      const line = `${seconds}  ${part.replace(unprintable, '?').slice(0, MOST_CHARACTERS)}`;
      if (this.#first.length < FIRST_LINES) this.#first.push(line);
      else this.#last.push(line);
    }
    while (this.#last.length > MOST_LINES - FIRST_LINES) {
      this.#last.shift();
      this.#dropped += 1;
    }
  }

  /** What the flow has come to. */
  state(state: FlowState): void {
    for (const line of stateLines(state)) this.add(line);
    if (state.step === 'connected') this.#learn(state.device.serial);
    if (state.step === 'choosing') for (const { serial } of state.devices) this.#learn(serial);
  }

  /** What the host tells; of progress a part. */
  event(event: HostEvent): void {
    if ('interface' in event) this.#learn(event.interface.serial);
    if (event.type !== 'progress') {
      this.add(eventLine(event));
      return;
    }
    const { operation, doneBytes, totalBytes } = event;
    const part = totalBytes === undefined || totalBytes === 0 ? 0 : doneBytes / totalBytes;
    const isNew = operation !== this.#operation || part < this.#told;
    if (!isNew && part < this.#told + COARSE && doneBytes !== totalBytes) return;
    this.#operation = operation;
    this.#told = part;
    this.add(`${operation}: ${doneBytes} of ${totalBytes ?? '?'} bytes`);
  }

  /** All of it, ending with a line feed. */
  text(): string {
    const gap = this.#dropped === 0 ? [] : [`           … ${this.#dropped} lines left out`];
    const all = [...this.#first, ...gap, ...this.#last, ''].join('\n');
    if (!this.#masks) return all;
    let masked = all;
    for (const serial of this.#serials)
      masked = masked.replaceAll(serial, 'X'.repeat(serial.length));
    return masked;
  }

  #learn(serial: string | undefined): void {
    if (serial !== undefined && serial.length >= LEAST_SERIAL) this.#serials.add(printable(serial));
  }
}

function deviceLine({ name, id, mode, serial, version, product }: FlowDevice): string {
  const facts = [
    `[${id}]`,
    mode === 'dfu' ? 'DFU mode' : 'run-time mode',
    product === undefined ? '' : `product "${printable(product)}"`,
    serial === undefined ? 'no serial number' : `serial "${printable(serial)}"`,
    version === undefined ? '' : `version ${version}`,
  ];
  return `${name} ${facts.filter((each) => each !== '').join(', ')}`;
}

/** What a state says that the ones before did not. */
function stateLines(state: FlowState): string[] {
  switch (state.step) {
    case 'idle':
      return state.problem === undefined
        ? ['idle']
        : [`idle: ${state.problem.code}: ${state.problem.said.text}`];
    case 'unsupported':
      return [`unsupported: ${state.said.text}`];
    case 'connecting':
      return ['connecting'];
    case 'choosing':
      return ['several devices:', ...state.devices.map((each) => `  ${deviceLine(each)}`)];
    case 'connected': {
      const { problem } = state;
      const line = `connected: ${deviceLine(state.device)}`;
      return problem === undefined ? [line] : [line, `  ${problem.code}: ${problem.said.text}`];
    }
    case 'reading':
      return [`reading ${state.name}`];
    case 'chosen': {
      const { name, sizeBytes, findings, plan } = state.file;
      return [
        `chosen: ${name}, ${sizeBytes} bytes, for ${deviceLine(state.device)}`,
        ...findings.map(({ rating, topic, said }) => `  ${topic} (${rating}): ${said.text}`),
        ...plan.map(({ text }) => `  step: ${text}`),
      ];
    }
    case 'working':
      return [];
    case 'ended': {
      const { outcome, code, said, detail } = state.ending;
      const head = ['ended', outcome, code].filter((each) => each !== undefined).join(', ');
      return [`${head}: ${said.text}`, ...(detail === undefined ? [] : [`  ${detail}`])];
    }
    default:
      return state satisfies never;
  }
}

/** One event in a line. */
function eventLine(event: Exclude<HostEvent, { readonly type: 'progress' }>): string {
  switch (event.type) {
    case 'selected':
      return `selected: ${listLine(event.interface)}`;
    case 'returned':
      return `returned after ${Math.round(event.afterMs)} ms: ${listLine(event.interface)}`;
    case 'note':
      return `note: ${event.message}`;
    case 'permission':
      return `permission: ${event.why}`;
    case 'ready':
      return `ready: blocks of ${event.transferSizeBytes} bytes`;
    case 'downloaded':
      return `downloaded: ${event.bytes} bytes in ${event.blocks} blocks, ${event.outcome}`;
    case 'application': {
      const { application, outcome } = event;
      if (application === undefined) return `application: none has come, ${outcome}`;
      const { product = '', bcdDevice, afterMs } = application;
      return `application: "${product}" ${idDigits(bcdDevice)} after ${Math.round(afterMs)} ms, ${outcome}`;
    }
    case 'waiting':
    case 'detaching':
    case 'manifesting':
    case 'uploaded':
    case 'leaving':
      return event.type;
    default:
      return event satisfies never;
  }
}
