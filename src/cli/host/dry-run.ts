import { hexNumber } from '../../bytes/index.ts';
import { dryRun, listLine } from '../../host/index.ts';
import type { DescribedStep, SendDescription, SendPlan, SendToOptions } from '../../host/index.ts';
import type { UsbBus } from '../../usb/index.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Output } from '../shared/terminal.ts';
import { interfaceAsJson } from './json.ts';

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

function sizeOf({ step, sizeBytes, count }: DescribedStep): string {
  if (sizeBytes === undefined) return '';
  const pieces = counted(count, step === 'erase' ? 'sector' : 'block');
  return `${sizeBytes} bytes in ${pieces}`;
}

function stepLine(step: DescribedStep): string {
  const { address, sizeBytes } = step;
  const size = sizeOf(step);
  if (step.step === 'mass-erase') return 'mass-erase  everything';
  if (step.step === 'read-unprotect')
    return 'unprotect   takes the read protection off, erases everything';
  if (step.step === 'leave') return 'leave';
  const name = step.step.padEnd(10);
  if (address === undefined) return `${name}  ${size}, from its beginning on`;
  const last = address + (sizeBytes ?? 1) - 1;
  return `${name}  ${hexNumber(address, 8)} to ${hexNumber(last, 8)}: ${size}`;
}

/** A plan for a person: what, how, where, how it ends, and what is not known. */
function planLines(described: SendDescription): string[] {
  const { interface: entry, dialect, transferSizeBytes, steps, ending, notes, unknown } = described;
  const spoken = { dfu: 'plain DFU', dfuse: 'DfuSe' };
  const blocks = transferSizeBytes === undefined ? '' : `, blocks of ${transferSizeBytes} bytes`;
  const lines = [
    listLine(entry).replace(/^Found [^:]*: /, 'Device    '),
    `Protocol  ${dialect === undefined ? 'not known' : spoken[dialect]}${blocks}`,
  ];
  let alternate: number | undefined;
  for (const step of steps) {
    if (step.alternate !== alternate) lines.push(`Alternate ${step.alternate}`);
    alternate = step.alternate;
    lines.push(`  ${stepLine(step)}`);
  }
  lines.push(`End       ${ending}`);
  for (const note of notes) lines.push(`Note      ${note}`);
  for (const each of unknown) lines.push(`Not known ${each}`);
  return [...lines, 'Dry run: nothing was sent'];
}

/** Prints what would be sent, and to what. Throws what `dryRun` throws. */
export async function tellDryRun(
  { out, json }: { readonly out: Output; readonly json: boolean },
  bus: UsbBus,
  plan: SendPlan,
  terms: SendToOptions,
): Promise<void> {
  const described = await dryRun(bus, plan, terms);
  if (!json) {
    out.write(`${planLines(described).join('\n')}\n`);
    return;
  }
  const { interface: entry, ...planned } = described;
  writeJson(out, { type: 'plan', sent: false, ...planned, interface: interfaceAsJson(entry) });
}
