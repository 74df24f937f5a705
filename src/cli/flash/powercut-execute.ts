import { bootloadersOf, exploreChipCuts, flashSizeBytes } from '../../board/index.ts';
import type {
  ApplicationPlace,
  BoardModel,
  ChipCutFinding,
  ChipCutReport,
  ChipDevice,
  ProgramLayout,
} from '../../board/index.ts';
import { chipModel } from '../../chip/index.ts';
import { DfuError, hexNumber } from '../../bytes/index.ts';
import { SectorMap } from '../../flash/index.ts';
import { drawCutMap, dumpOf, outcomeWords } from '../../lab/index.ts';
import { prepareUpdate } from './boot.ts';
import { tableText } from './cut-table.ts';
import { asFlash, readDump } from './dump-file.ts';
import { refuseAllBut, refuseTwoLayouts } from './idle-options.ts';
import { openWithLayout } from './layout.ts';
import type { FlashBase } from './options.ts';
import type { PowercutOptions } from './powercut-options.ts';
import { ProgressLine } from './progress-line.ts';
import { boardNamed, bootloaderNamed } from '../shared/board-named.ts';
import { readBootrom } from '../shared/bootrom.ts';
import { interruptible } from '../shared/signals.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Findings that are told; `--json` has all of them. */
const SHOWN_FINDINGS = 20;

const executing = ['application', 'every', 'sample', 'seed', 'within', 'bootrom'] as const;

/** What counts where the dump is executed as it is. */
const COUNTING: ReadonlySet<string> = new Set([
  ...executing,
  'execute',
  'board',
  'bootloader',
  'base',
  'after',
  'kinds',
  'once',
  'svg',
  'vectors',
  'json',
]);

function wrong(words: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', words);
}

/** Refuses what only goes with `--execute`. Throws `INVALID_ARGUMENT`. */
export function refuseUnexecuted(options: PowercutOptions): void {
  const idle = executing.find((name) => options[name] !== undefined);
  if (idle !== undefined) throw wrong(`--${idle}: it does nothing here; it goes with --execute`);
}

function refuseIdle({ vectors, sample, every, seed }: PowercutOptions): void {
  if (vectors !== undefined) {
    throw wrong('--vectors: they are of a bootloader that is simulated, not of --execute');
  }
  if (sample !== undefined && every !== undefined) {
    throw wrong('--sample: expected this or --every, got both');
  }
  if (seed !== undefined && sample === undefined) throw wrong('--seed: it goes with --sample');
}

/** The layout that says where the applications of a board stand: its bootloader's, or the first one with slots. */
function layoutOf(model: BoardModel, bootloader: string | undefined): ProgramLayout | undefined {
  const { record, mode } = bootloaderNamed(model, bootloader);
  const own = record.layout(model, mode);
  if (own.slots.length > 0 || bootloader !== undefined) return own;
  for (const each of bootloadersOf(model)) {
    const layout = each.layout(model);
    if (layout.slots.length > 0) return layout;
  }
  return undefined;
}

/** The parts of flash that were named: without a size, up to the next one or to the end. */
function namedPlaces(named: readonly FlashBase[], flashEnd: number): ApplicationPlace[] {
  const starts = named.map(({ address }) => address);
  return named.map(({ address, sizeBytes }) => {
    const end = Math.min(flashEnd, ...starts.filter((each) => each > address));
    const size = sizeBytes ?? Math.max(0, end - address);
    return { name: hexNumber(address, 8), address, sizeBytes: size };
  });
}

function placesOf(model: BoardModel, options: PowercutOptions): ApplicationPlace[] {
  const { application = [], bootloader } = options;
  const flashEnd = model.flashBaseAddress + flashSizeBytes(model.flash);
  if (application.length > 0) return namedPlaces(application, flashEnd);
  const slots = layoutOf(model, bootloader)?.slots ?? [];
  if (slots.length === 0) {
    const words = 'expected where an application may stand (--application ADDRESS)';
    throw wrong(`board ${model.name}: ${words}; the board has no slots`);
  }
  return slots.map(({ index, address, sizeBytes, imageAddress }) => {
    const headerBytes = imageAddress - address;
    const isInside = headerBytes > 0 && headerBytes < sizeBytes;
    return {
      name: `slot${index}`,
      address,
      sizeBytes,
      headerBytes: isInside ? headerBytes : undefined,
    };
  });
}

/** All of the flash as it is before the boots, with the update in it. */
async function contentsOf(
  terminal: Terminal,
  path: string,
  { model, options }: { readonly model: BoardModel; readonly options: PowercutOptions },
): Promise<Uint8Array> {
  if (options.update !== undefined || options.request !== undefined) {
    const { device } = await openWithLayout(terminal, path, options, (each) =>
      prepareUpdate(terminal, each, options),
    );
    return dumpOf(device.flash);
  }
  const bases = options.base ?? [{ address: model.flashBaseAddress }];
  return asFlash(terminal, readDump(terminal, path), { geometry: model.flash, bases });
}

async function deviceOf(
  terminal: Terminal,
  path: string,
  options: PowercutOptions,
): Promise<ChipDevice> {
  refuseTwoLayouts(options);
  if (options.update === undefined && options.request === undefined) {
    const words = '--execute: the machine code in the dump has its own, and there is no --update';
    refuseAllBut(COUNTING, options, words);
  }
  if (options.board === undefined) {
    throw wrong('--execute: expected --board, whose chip executes what is in flash');
  }
  const model = await boardNamed(terminal, options.board);
  const chip = chipModel(model.chip);
  if (chip === undefined) {
    const words = `the machine code of its ${model.chip} cannot be executed here`;
    throw new DfuError(
      'UNSUPPORTED',
      `board ${model.name}: ${words}; without --execute MCUboot is simulated`,
    );
  }
  const applications = placesOf(model, options);
  const rom = readBootrom(terminal, chip, options.bootrom);
  const contents = await contentsOf(terminal, path, { model, options });
  return { chip, geometry: model.flash, contents, applications, rom };
}

function explore(
  terminal: Terminal,
  device: ChipDevice,
  options: PowercutOptions,
): Promise<ChipCutReport> {
  const { kinds, after, every, sample, seed, within } = options;
  return interruptible(terminal, async (signal) => {
    const line = new ProgressLine(terminal.err, 'power cuts');
    try {
      return await exploreChipCuts(device, {
        kinds,
        after,
        every,
        sample,
        seed,
        withinMs: within,
        signal,
        onProgress: ({ done, total }) => line.show(done, total),
      });
    } finally {
      line.clear();
    }
  });
}

/** What the boots on a way run, or how they end. */
function pathText(path: readonly string[], { images }: ChipCutReport): string {
  const names = new Set(images.map(({ name }) => name));
  const words = path.map((step) => (names.has(step) ? step : `nothing (${step})`));
  return words.length === 0 ? 'nothing' : words.join(', then ');
}

function headText(report: ChipCutReport): string {
  const { operations, undisturbed, executed, complete, cases, kinds } = report;
  const { path, boots, outcome } = undisturbed;
  const rest = outcome === 'restless' ? 'and flash changes for ever' : 'until nothing changes';
  const millions = (executed.instructions / 1e6).toFixed(1);
  const seconds = (executed.timeMs / 1000).toFixed(1);
  const lines = [
    `${operations.length} operations in this boot; without a cut the boots run ` +
      `${pathText(path, report)} (${boots} ${rest})`,
    `${executed.boots} boots of its own machine code were executed: ${millions} million ` +
      `instructions, ${seconds} s of the chip's time`,
  ];
  if (!complete && cases.length > 0) {
    const cut = cases.length / kinds.length;
    const were = cut === 1 ? 'was' : 'were';
    lines.push(
      `${cut} of the ${operations.length} operations ${were} cut; of the others nothing is known`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function findingText(finding: ChipCutFinding, report: ChipCutReport): string {
  const { outcome, path, cases, cuts } = finding;
  const words = cuts.map(({ operation, kind }) => {
    const what = report.operations[operation];
    if (what === undefined) return `a ${kind} cut at operation ${operation}`;
    const place = `${what.kind} ${what.area} ${hexNumber(what.offsetBytes)}, ${what.lengthBytes} bytes`;
    return `a ${kind} cut at operation ${operation} (${place})`;
  });
  const more = cases > 1 ? `; ${cases - 1} more ${cases === 2 ? 'case' : 'cases'} alike` : '';
  return `${outcomeWords[outcome]} after ${words.join(' and ')}: runs ${pathText(path, report)}${more}\n`;
}

/** What all cuts come to, in a line; empty where losses follow. */
function conclusion({ findings, operations, undisturbed, complete }: ChipCutReport): string {
  if (undisturbed.atRest.length === 0) {
    const rest = undisturbed.outcome === 'restless' ? '' : ', so there is nothing to lose';
    return `without any cut: ${outcomeWords[undisturbed.outcome]}${rest}\n`;
  }
  if (findings.length > 0) return '';
  if (operations.length > 0) {
    return complete ? 'no cut leads to a loss\n' : 'none of these cuts leads to a loss\n';
  }
  return 'the next boot changes nothing in flash, so there is nothing to cut; put an update into the dump\n';
}

async function writeMap(
  terminal: Terminal,
  path: string,
  { report, device }: { readonly report: ChipCutReport; readonly device: ChipDevice },
): Promise<void> {
  const svg = drawCutMap(report, {
    sectors: new SectorMap(device.geometry),
    title: `${device.chip.name}, executed: power cuts at ${report.operations.length} operations`,
    startOf: ({ address }) => address - device.chip.flashAddress,
  });
  await terminal.files.write(path, new TextEncoder().encode(svg), { makeFolders: true });
}

/**
 * `dfukit flash powercut --execute`: the bootloader is what stands in the dump, and its chip executes it. The answer is 1
 * if a cut led to a loss, or if nothing boots without one.
 */
export async function executedPowercut(
  terminal: Terminal,
  path: string,
  options: PowercutOptions,
): Promise<number> {
  refuseIdle(options);
  const device = await deviceOf(terminal, path, options);
  const report = await explore(terminal, device, options);
  if (options.svg !== undefined) await writeMap(terminal, options.svg, { report, device });
  const { findings, undisturbed } = report;
  const bad = findings.length > 0 || undisturbed.atRest.length === 0;
  if (options.json === true) {
    terminal.out.write(`${JSON.stringify(report, null, 2)}\n`);
    return bad ? 1 : 0;
  }
  terminal.out.write(
    `${headText(report)}${report.cases.length > 0 ? tableText(report) : ''}${conclusion(report)}`,
  );
  for (const finding of findings.slice(0, SHOWN_FINDINGS)) {
    terminal.out.write(findingText(finding, report));
  }
  if (findings.length > SHOWN_FINDINGS) {
    terminal.out.write(`and ${findings.length - SHOWN_FINDINGS} more (--json)\n`);
  }
  return bad ? 1 : 0;
}
