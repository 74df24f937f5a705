import { boardLayout, boardModel, boardModels, riotbootName } from '../../board/index.ts';
import type { BoardModel } from '../../board/index.ts';
import { hexNumber } from '../../bytes/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { inspectRiotbootFlash, openFlash } from '../../lab/index.ts';
import type { RiotbootReport } from '../../lab/index.ts';
import type { LayoutOptions } from './options.ts';
import { table } from '../image/describe.ts';
import type { Row } from '../image/describe.ts';
import type { Terminal } from '../shared/terminal.ts';
import { asArgument } from '../shared/wrong-argument.ts';

/** A dump of a board with riotboot. */
export interface RiotbootDump {
  readonly model: BoardModel;
  readonly report: RiotbootReport;
}

function open(model: BoardModel, bootloader: string | undefined, bytes: Uint8Array): RiotbootDump {
  const flash = openFlash(model.flash, bytes);
  const layout = boardLayout(model, riotbootName(model, bootloader));
  return { model, report: inspectRiotbootFlash(flash, layout) };
}

/**
 * The dump as one of riotboot, if `--board` and `--bootloader` say so, or if nothing is said and a
 * board's riotboot finds a valid slot in it; else undefined.
 */
export function riotbootOf(
  { board, bootloader, ...rest }: LayoutOptions,
  bytes: () => Uint8Array,
): RiotbootDump | undefined {
  if (board !== undefined) {
    const model = asArgument(() => boardModel(board));
    const name = bootloader ?? model.bootloaders[0] ?? '';
    return name.startsWith('riotboot') ? open(model, name, bytes()) : undefined;
  }
  if (rest.layout !== undefined || rest.primary !== undefined) return undefined;
  const dump = bytes();
  for (const model of boardModels) {
    const name = model.bootloaders.find((each) => each.startsWith('riotboot'));
    if (name === undefined || new MemoryFlash(model.flash).sizeBytes !== dump.length) continue;
    const found = open(model, name, dump);
    if (found.report.choice !== undefined) return found;
  }
  return undefined;
}

/** `dfukit flash inspect` of a board with riotboot. */
export function inspectRiotboot(
  terminal: Terminal,
  { model, report }: RiotbootDump,
  json: boolean,
): number {
  if (json) {
    terminal.out.write(
      `${JSON.stringify({ board: model.name, state: [report.sentence], ...report }, null, 2)}\n`,
    );
    return 0;
  }
  const parts = [`${report.sentence}\n`, `riotboot of board ${model.name}\n`];
  for (const { slot, header, fault, meaning, linkedElsewhere } of report.slots) {
    const rows: Row[] = [['image', meaning]];
    if (fault !== 'magic') {
      const start = hexNumber(header.startAddress, 8);
      const wanted = hexNumber(slot.imageAddress, 8);
      const elsewhere = linkedElsewhere ? `: linked for elsewhere, this slot's is ${wanted}` : '';
      rows.push(
        ['version', `${header.version} (${hexNumber(header.version, 8)})`],
        ['start', `${start}${elsewhere}`],
        ['checksum', hexNumber(header.checksum, 8)],
      );
    }
    const place = `${slot.sizeBytes} bytes at ${hexNumber(slot.address, 8)}`;
    parts.push(`slot ${slot.index}, ${place}:\n${table(rows)}`);
  }
  terminal.out.write(parts.join('\n'));
  return 0;
}

/** `dfukit flash why` of a board with riotboot. */
export function explainRiotboot(
  terminal: Terminal,
  { report }: RiotbootDump,
  json: boolean,
): number {
  const slots = report.slots.map(({ slot, header, fault, meaning }) => ({
    slot: slot.index,
    version: fault === 'magic' ? undefined : header.version,
    fault,
    reason: meaning,
  }));
  if (json) terminal.out.write(`${JSON.stringify(slots, null, 2)}\n`);
  else for (const { slot, reason } of slots) terminal.out.write(`slot ${slot}: ${reason}\n`);
  return 0;
}
