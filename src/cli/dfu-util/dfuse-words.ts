import { DfuError } from '../../bytes/index.ts';
import { accessibleBytes } from '../../dfu/index.ts';
import type { MemoryLayout } from '../../dfu/index.ts';
import { memoryLayoutOf } from '../../host/index.ts';
import type { DfuInterface, SendElement, SendPlan } from '../../host/index.ts';
import { ExitCode, exitCodeOf } from '../shared/exit-codes.ts';
import { RunEnd } from './end.ts';
import type { Voice } from './voice.ts';

/** `0x08000000`, as dfu-util writes addresses. */
export function addressText(address: number): string {
  return `0x${(address >>> 0).toString(16).padStart(8, '0')}`;
}

/** `DfuSe interface name: "Internal Flash  "`, and with -v what the memory is made of. */
export function sayLayout(entry: DfuInterface, voice: Voice): void {
  const layout = memoryLayoutOf(entry);
  if (layout === undefined) return;
  voice.say(`DfuSe interface name: "${layout.name}"`);
  if (voice.verbose === 0) return;
  for (const { address, runs } of layout.regions) {
    let at = address;
    for (const { count, sizeBytes, readable, erasable, writable } of runs) {
      const bytes = count * sizeBytes;
      const pad = (value: number, width: number): string => String(value).padStart(width);
      const numbers = `${pad(count, 3)} x ${pad(sizeBytes, 4)} = ${pad(bytes, 5)}`;
      const may = [readable ? 'r' : '', erasable ? 'e' : '', writable ? 'w' : ''].join('');
      voice.say(`Memory segment at ${addressText(at)} ${numbers} (${may})`);
      at += bytes;
    }
  }
}

/** What a DfuSe file has for each alternate. */
export function sayImages(plan: SendPlan, voice: Voice): void {
  voice.say(`File contains ${plan.targets.length} DFU images`);
  for (const [at, { alternate, elements }] of plan.targets.entries()) {
    const total = elements.reduce((sum, { data }) => sum + data.length + ELEMENT_HEADER_BYTES, 0);
    voice.say(`Parsing DFU image ${at + 1}`);
    const count = `(${elements.length} elements, total size = ${total})`;
    voice.say(`Image for alternate setting ${alternate ?? 0}, ${count}`);
    for (const [index, { address = 0, data }] of elements.entries()) {
      const where = `address = ${addressText(address)}, size = ${data.length}`;
      voice.say(`Parsing element ${index + 1}, ${where}`);
    }
  }
}

const ELEMENT_HEADER_BYTES = 8;

/** Why nothing of a plan is sent to a DfuSe device, in dfu-util's words. */
export function refusalEnd(error: DfuError, plan: SendPlan, entry: DfuInterface): RunEnd {
  const usage = (...lines: readonly string[]): RunEnd =>
    new RunEnd(ExitCode.usage, lines, [error.message]);
  const { unprotect } = plan.modifiers;
  const layout = memoryLayoutOf(entry);
  if (error.code === 'INVALID_ARGUMENT') {
    return usage(
      'Only DfuSe file version 1.1a is supported',
      '(for raw binary download, use the --dfuse-address option)',
    );
  }
  if (error.code === 'REFUSED') {
    return usage(
      unprotect === true
        ? 'The read unprotect command will erase the flash memory and can only be used with force'
        : 'The mass erase command can only be used with force',
    );
  }
  const element = plan.targets[0]?.elements[0];
  if (error.code === 'OUT_OF_RANGE' && layout !== undefined && element !== undefined) {
    return usage(unwritable(layout, element));
  }
  if (error.code === 'UNSUPPORTED' && layout === undefined) {
    const line = `Failed to parse memory layout for alternate interface ${entry.alternate}`;
    return new RunEnd(ExitCode.io, [line], [error.message]);
  }
  return new RunEnd(exitCodeOf(error), [], [error.message]);
}

/** Which page it is: the last one is looked at first. */
function unwritable(layout: MemoryLayout, { address = 0, data }: SendElement): string {
  const last = address + data.length - 1;
  if (accessibleBytes(layout, last, 'writable') === 0) {
    return `Last page at ${addressText(last)} is not writeable`;
  }
  const first = address + accessibleBytes(layout, address, 'writable');
  return `Page at ${addressText(first)} is not writeable`;
}
