import { hexNumber, DfuError } from '../../bytes/index.ts';
import { ApplicationSide } from '../../boot/mcuboot/index.ts';
import { bootAhead, describeState, dumpOf, stageUpdate } from '../../lab/index.ts';
import type { BootStep, LabDevice, Step } from '../../lab/index.ts';
import { allDoubts, openWithLayout } from './layout.ts';
import { doubtLine } from './doubt-line.ts';
import type { ConfirmAfter, LayoutOptions } from './options.ts';
import { table } from '../image/describe.ts';
import type { Row } from '../image/describe.ts';
import { readImage } from '../shared/image-part.ts';
import type { PartOptions } from '../shared/image-part.ts';
import { refuseRunningFlash } from '../shared/write-file.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What is asked for before the first boot. */
export interface UpdateOptions extends PartOptions {
  /** Put this image into the secondary slot. */
  readonly update?: string | undefined;
  readonly request?: 'test' | 'perm' | undefined;
}

/** Options of `dfukit flash boot`. */
export interface BootOptions extends LayoutOptions, UpdateOptions {
  readonly times?: number | undefined;
  readonly confirm?: ConfirmAfter | undefined;
  readonly output?: string | undefined;
  readonly ops?: true | undefined;
  readonly json?: true | undefined;
}

/** What a verdict on an image depends on where nobody gave a key. */
const UNLESS_REFUSED = ', unless its signature is refused (not checked: no key, -k)';

/** Puts the update into the device and asks for it, if the command line says so. */
export function prepareUpdate(
  terminal: Terminal,
  device: LabDevice,
  { update, request, part }: UpdateOptions,
): void {
  const permanent = request === 'perm';
  const many = device.config.images.length;
  if (many > 1 && (update !== undefined || request !== undefined)) {
    const words = `of the ${many} images of this layout the update of image 0 alone is asked for`;
    warn(terminal, `${update === undefined ? '--request' : '--update'}: ${words}`);
  }
  if (update !== undefined) {
    // What is staged is an update of the first image.
    const image = readImage(terminal, update, { part, imageIndex: 0 });
    checkRequest(stageUpdate(device, image, { permanent }));
  } else if (request !== undefined) {
    const side = new ApplicationSide(device.flash, device.config);
    checkRequest(side.setPending({ permanent }));
  }
}

function checkRequest(result: number): void {
  if (result === 0) return;
  const words = 'the magic of the secondary trailer is damaged, so no request can be written';
  throw new DfuError('REFUSED', `request: ${words} (boot_set_pending returns ${result})`);
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Neighbours that were erased equally often are one row. */
function eraseRows(erases: BootStep['erases']): Row[] {
  const runs: BootStep['erases'][number][][] = [];
  for (const each of erases) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    const follows = before?.sector === each.sector - 1 && before.erases === each.erases;
    if (run !== undefined && follows) run.push(each);
    else runs.push([each]);
  }
  return runs.map((run): Row => {
    const [first, last] = [run[0], run.at(-1)];
    const times = count(first?.erases ?? 0, 'erase');
    const at = hexNumber(first?.offsetBytes ?? 0);
    if (first === last) return [`sector ${first?.sector} at ${at}`, times];
    const to = `${last?.sector} at ${at} to ${hexNumber(last?.offsetBytes ?? 0)}`;
    return [`sectors ${first?.sector} to ${to}`, `${times} each`];
  });
}

function operationsText({ operations, bytesWritten, erases, busyUs }: BootStep): string {
  if (operations.length === 0) return 'flash: unchanged, no operation\n';
  const erased = operations.filter(({ kind }) => kind === 'erase').length;
  const written = operations.length - erased;
  const time = busyUs > 0 ? `, ${(busyUs / 1e6).toFixed(3)} s by the datasheet` : '';
  const sums = `${count(erased, 'erase')}, ${count(written, 'write')} of ${bytesWritten} bytes${time}`;
  const rows = eraseRows(erases);
  const list = rows.length === 0 ? '' : `erased:\n${table(rows)}`;
  return `flash: ${count(operations.length, 'operation')}: ${sums}\n${list}`;
}

function opsText({ operations }: BootStep): string {
  const lines = operations.map(({ kind, area, offsetBytes, lengthBytes }, n) => {
    const place = `${area} ${hexNumber(offsetBytes)}`;
    return `  ${String(n).padStart(5)}  ${kind.padEnd(5)}  ${place}, ${lengthBytes} bytes\n`;
  });
  return lines.join('');
}

interface StepStyle {
  readonly ops: boolean;
  readonly unsigned: boolean;
}

function stepText(step: Step, n: number, { ops, unsigned }: StepStyle): string {
  if (step.type === 'confirm') {
    const words = step.result === 0 ? 'confirms the running image' : `fails with ${step.result}`;
    return `the application confirms image ${step.image}: boot_set_confirmed ${words}\n`;
  }
  const { result, runs, refused } = step;
  const { outcome, reason, log, hazards } = result;
  const lines = [`boot ${n}:`, ...log.map((line) => `  ${line}`)];
  const names = runs.map(({ name }, image) => (image === 0 ? name : `image ${image}: ${name}`));
  if (names.length > 0) lines.push(`runs: ${names.join('; ')}${unsigned ? UNLESS_REFUSED : ''}`);
  else lines.push(`runs: nothing (${outcome}${reason === undefined ? '' : `: ${reason}`})`);
  for (const words of refused) lines.push(`refused: ${words}`);
  for (const { hazard, reason: why } of hazards) lines.push(`guarded: ${hazard}: ${why}`);
  return `${lines.join('\n')}\n${operationsText(step)}${ops ? opsText(step) : ''}`;
}

function trailersText({ trailers }: BootStep): string {
  const rows = trailers.map(({ area, state }): [string, string] => {
    const { magic, swapType, copyDone, imageOk } = state;
    return [
      area,
      `magic ${magic}, swap type ${swapType}, copy_done ${copyDone}, image_ok ${imageOk}`,
    ];
  });
  return `final state:\n${table(rows)}`;
}

/** `dfukit flash boot`; the answer is 1 if a boot runs nothing. */
export async function flashBoot(
  terminal: Terminal,
  path: string,
  options: BootOptions,
): Promise<number> {
  const { times = 1, confirm, output, json = false, ops = false } = options;
  if (confirm !== undefined && !confirm.always && confirm.last > times) {
    const words = `expected boots up to ${times} (--times), got ${confirm.last}`;
    throw new DfuError('INVALID_ARGUMENT', `--confirm: ${words}`);
  }
  if (output !== undefined) await refuseRunningFlash(output);
  const opened = await openWithLayout(terminal, path, options, (each) =>
    prepareUpdate(terminal, each, options),
  );
  const { device } = opened;
  const steps = await bootAhead(device, { times, confirmAfter: confirm?.after });
  const boots = steps.filter((step) => step.type === 'boot');
  const sentences: string[] = [];
  for (const image of device.config.images.keys()) {
    sentences.push(await describeState(device, image));
  }
  const { doubts, unsigned } = opened;
  if (json) {
    const whole = { steps, state: sentences, doubts: allDoubts(opened) };
    terminal.out.write(`${JSON.stringify(whole, null, 2)}\n`);
  } else {
    let n = 0;
    const texts = steps.map((step) =>
      stepText(step, step.type === 'boot' ? (n += 1) : n, { ops, unsigned }),
    );
    const last = boots.at(-1);
    terminal.out.write(doubtLine(doubts));
    terminal.out.write([...texts, last === undefined ? '' : trailersText(last)].join('\n'));
    terminal.out.write(`${sentences.join('\n')}\n`);
  }
  if (output !== undefined) {
    await terminal.files.write(output, dumpOf(device.flash), { makeFolders: true });
  }
  return boots.every(({ version }) => version !== undefined) ? 0 : 1;
}
