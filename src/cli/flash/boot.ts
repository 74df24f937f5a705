import { hexNumber } from '../../bytes/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { ApplicationSide } from '../../boot/mcuboot/index.ts';
import { bootAhead, describeState, dumpOf, forkDevice, stageUpdate } from '../../lab/index.ts';
import type { BootStep, LabDevice, Step } from '../../lab/index.ts';
import { openWithLayout } from './layout.ts';
import type { LayoutOptions } from './options.ts';
import { table } from '../image/describe.ts';
import { readImage } from '../shared/firmware-file.ts';
import { refuseRunningFlash } from '../shared/write-file.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What is asked for before the first boot. */
export interface UpdateOptions {
  /** Put this image into the secondary slot. */
  readonly update?: string | undefined;
  readonly request?: 'test' | 'perm' | undefined;
}

/** Options of `dfukit flash boot`. */
export interface BootOptions extends LayoutOptions, UpdateOptions {
  readonly times?: number | undefined;
  readonly confirm?: ((boot: number) => boolean) | undefined;
  readonly output?: string | undefined;
  readonly ops?: true | undefined;
  readonly json?: true | undefined;
}

/** Puts the update into the device and asks for it, if the command line says so. */
export function prepareUpdate(
  terminal: Terminal,
  device: LabDevice,
  { update, request }: UpdateOptions,
): void {
  const permanent = request === 'perm';
  if (update !== undefined) {
    checkRequest(stageUpdate(device, readImage(terminal, update), { permanent }));
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

function operationsText({ operations, bytesWritten, erases, busyUs }: BootStep): string {
  if (operations.length === 0) return 'flash: unchanged, no operation\n';
  const erased = operations.filter(({ kind }) => kind === 'erase').length;
  const written = operations.length - erased;
  const time = busyUs > 0 ? `, ${(busyUs / 1e6).toFixed(3)} s by the datasheet` : '';
  const sums = `${count(erased, 'erase')}, ${count(written, 'write')} of ${bytesWritten} bytes${time}`;
  const rows = erases.map((each): [string, string] => [
    `sector ${each.sector} at ${hexNumber(each.offsetBytes)}`,
    count(each.erases, 'erase'),
  ]);
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

function stepText(step: Step, n: number, ops: boolean): string {
  if (step.type === 'confirm') {
    const words = step.result === 0 ? 'confirms the running image' : `fails with ${step.result}`;
    return `the application confirms image ${step.image}: boot_set_confirmed ${words}\n`;
  }
  const { result, runs } = step;
  const { outcome, reason, log, hazards } = result;
  const lines = [`boot ${n}:`, ...log.map((line) => `  ${line}`)];
  const [running] = runs;
  if (running !== undefined) lines.push(`runs: ${running.name}`);
  else lines.push(`runs: nothing (${outcome}${reason === undefined ? '' : `: ${reason}`})`);
  for (const { image, slot, refusedBy, reason: why } of result.refusals) {
    const where = `${slot === 0 ? 'primary' : 'secondary'}${image}`;
    lines.push(`refused: ${where}: ${refusedBy}: ${why}`);
  }
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

/** `dfukit flash boot`. */
export async function flashBoot(
  terminal: Terminal,
  path: string,
  options: BootOptions,
): Promise<number> {
  const { times = 1, confirm, output, json = false, ops = false } = options;
  if (output !== undefined) await refuseRunningFlash(output);
  const opened = await openWithLayout(terminal, path, options);
  const device = forkDevice(opened.device);
  prepareUpdate(terminal, device, options);
  const steps = await bootAhead(device, { times, confirmAfter: confirm });
  const boots = steps.filter((step) => step.type === 'boot');
  const sentences: string[] = [];
  for (const image of device.config.images.keys()) {
    sentences.push(await describeState(device, image));
  }
  if (json) terminal.out.write(`${JSON.stringify({ steps, state: sentences }, null, 2)}\n`);
  else {
    let n = 0;
    const texts = steps.map((step) => stepText(step, step.type === 'boot' ? (n += 1) : n, ops));
    const last = boots.at(-1);
    terminal.out.write([...texts, last === undefined ? '' : trailersText(last)].join('\n'));
    terminal.out.write(`${sentences.join('\n')}\n`);
  }
  if (output !== undefined) {
    await terminal.files.write(output, dumpOf(device.flash), { makeFolders: true });
  }
  return 0;
}
