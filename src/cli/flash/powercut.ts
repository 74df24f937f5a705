import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { placeOf } from '../../boot/mcuboot/index.ts';
import { hexNumber } from '../../bytes/index.ts';
import { writePublicPem } from '../../image/index.ts';
import {
  bootAhead,
  describeState,
  drawCutMap,
  explainSlots,
  explorePowerCuts,
  findingVectors,
  outcomeWords,
  vectorConfigOf,
} from '../../lab/index.ts';
import type { CutFinding, CutReport, LabDevice, VectorConfig } from '../../lab/index.ts';
import { prepareUpdate } from './boot.ts';
import { tableText } from './cut-table.ts';
import { withDoubts } from './doubt-line.ts';
import { allDoubts, openWithLayout } from './layout.ts';
import type { OpenedDump } from './layout.ts';
import { executedPowercut, refuseUnexecuted } from './powercut-execute.ts';
import type { PowercutOptions } from './powercut-options.ts';
import { ProgressLine } from './progress-line.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { interruptible } from '../shared/signals.ts';

function explore(
  terminal: Terminal,
  device: LabDevice,
  options: PowercutOptions,
): Promise<CutReport> {
  return interruptible(terminal, async (signal) => {
    const line = new ProgressLine(terminal.err, 'power cuts');
    try {
      return await explorePowerCuts(device, {
        kinds: options.kinds,
        twice: options.once !== true,
        signal,
        onProgress: ({ done, total }) => line.show(done, total),
      });
    } finally {
      line.clear();
    }
  });
}

function pathText(path: readonly string[]): string {
  const words = path.map((step) => (/^\d/.test(step) ? step : `nothing (${step})`));
  return words.length === 0 ? 'nothing' : words.join(', then ');
}

function headText(
  { operations, undisturbed, alike, executedOperations }: CutReport,
  doubts: readonly string[],
): string {
  const { path, boots } = undisturbed;
  const rest =
    undisturbed.outcome === 'restless' ? 'and flash changes for ever' : 'until nothing changes';
  const first =
    `${operations.length} operations in this boot; without a cut the boots run ${pathText(path)} ` +
    `(${boots} ${rest})`;
  const lines = [
    withDoubts(first, doubts),
    `${executedOperations} flash operations were simulated for all cases together`,
  ];
  if (alike > 0) {
    const words = 'do as another one does, and were cut again with that one only';
    lines.push(`${alike} of the boots after a first cut ${words}`);
  }
  return `${lines.join('\n')}\n`;
}

/** What runs at rest, where there are several image pairs. */
function restText(atRest: readonly string[]): string {
  if (atRest.length < 2) return '';
  return `; at rest ${atRest.map((name, n) => `image ${n} is ${name}`).join(', ')}`;
}

function findingText(
  { outcome, path, atRest, cases, cuts }: CutFinding,
  report: CutReport,
): string {
  const words = cuts.map(({ operation, kind }, n) => {
    const what = n === 0 ? report.operations[operation] : undefined;
    if (what === undefined) return `a ${kind} cut of the next boot at its operation ${operation}`;
    const place = `${what.kind} ${what.area} ${hexNumber(what.offsetBytes)}, ${what.lengthBytes} bytes`;
    return `a ${kind} cut at operation ${operation} (${place})`;
  });
  const more = cases > 1 ? `; ${cases - 1} more ${cases === 2 ? 'case' : 'cases'} alike` : '';
  return `${outcomeWords[outcome]} after ${words.join(' and ')}: runs ${pathText(path)}${restText(atRest)}${more}`;
}

/** What vector files say of the build; public keys are written beside them. */
function vectorConfig(opened: OpenedDump, device: LabDevice): VectorConfig {
  const { layout, signature } = opened;
  const publicKeys = (device.keys ?? []).map((_, n) => `keys/${n}.pub.pem`);
  const encrypted = layout.config.encryption !== undefined;
  return vectorConfigOf(layout, {
    signature,
    publicKeys,
    encryptionPrivateKey: encrypted ? 'keys/decrypt.pem' : undefined,
  });
}

/** Writes every finding as vector files; the answer is their names, by finding. */
async function writeVectors(
  terminal: Terminal,
  folder: string,
  { report, opened, device }: { report: CutReport; opened: OpenedDump; device: LabDevice },
): Promise<string[][]> {
  const config = vectorConfig(opened, device);
  const encoder = new TextEncoder();
  const names: string[][] = [];
  for (const [n, key] of (device.keys ?? []).entries()) {
    await terminal.files.write(
      join(folder, `keys/${n}.pub.pem`),
      encoder.encode(writePublicPem(key)),
      { makeFolders: true },
    );
  }
  if (config['encryptionPrivateKey'] !== undefined) {
    warn(
      terminal,
      `to replay these, put the decryption key into ${join(folder, 'keys/decrypt.pem')}`,
    );
  }
  for (const [n, finding] of report.findings.entries()) {
    const short = config.algorithm.replace('swap-using-', '');
    const name = `${short}-${finding.outcome}-${n}`;
    const found = await findingVectors(device, config, { report, finding, name });
    for (const { path, contents } of found.files) {
      const bytes = typeof contents === 'string' ? encoder.encode(contents) : gzipSync(contents);
      await terminal.files.write(join(folder, path), bytes, { makeFolders: true });
    }
    names.push(found.names.map((each) => join(folder, each)));
  }
  return names;
}

async function writeMap(
  terminal: Terminal,
  path: string,
  report: CutReport,
  device: LabDevice,
): Promise<void> {
  const { config, flash } = device;
  const title = `${config.algorithm}: power cuts at ${report.operations.length} operations`;
  const svg = drawCutMap(report, {
    sectors: flash.sectors,
    title,
    startOf: ({ area, offsetBytes }) => placeOf(config, area).offsetBytes + offsetBytes,
  });
  await terminal.files.write(path, new TextEncoder().encode(svg), { makeFolders: true });
}

/** What all cuts come to, in a line; empty where losses follow. */
async function conclusion(device: LabDevice, report: CutReport): Promise<string> {
  const { findings, operations, undisturbed } = report;
  if (undisturbed.atRest.length === 0) {
    const state = await describeState(device);
    if (undisturbed.outcome === 'restless') {
      const lost = findings.length > 0 ? '' : ', and no cut leads to another image';
      return `without any cut: ${outcomeWords.restless}${lost}\n${state}\n`;
    }
    return `without any cut: ${outcomeWords[undisturbed.outcome]}, so there is nothing to lose\n${state}\n`;
  }
  if (findings.length > 0) return '';
  if (operations.length > 0) {
    const many = device.config.images.length;
    const changed = new Set(operations.map(({ area }) => area.replace(/\D+/, '')));
    const still = [...device.config.images.keys()].filter((image) => !changed.has(String(image)));
    const rest =
      many > 1 && still.length > 0 ? `; of image ${still.join(' and ')} nothing was cut` : '';
    return `no cut leads to a loss${rest}\n`;
  }
  const help = 'ask for an update with --update FILE --request test to see one cut';
  return `the next boot changes nothing in flash, so there is nothing to cut; ${help}\n`;
}

/** Why the next boot leaves an update where it is; undefined if it takes it, or if none was asked for. */
async function whyNotTaken(
  device: LabDevice,
  { update, request }: PowercutOptions,
): Promise<string | undefined> {
  if (update === undefined && request === undefined) return undefined;
  const slots = await explainSlots(device);
  const found = slots.find(({ image, slot }) => image === 0 && slot === 1);
  return found === undefined || found.fate === 'runs' ? undefined : found.reason;
}

/**
 * `dfukit flash powercut`; the answer is 1 if a cut led to a loss, if nothing boots without one, or if the update
 * whose cuts were asked for is not taken.
 */
export async function flashPowercut(
  terminal: Terminal,
  path: string,
  options: PowercutOptions,
): Promise<number> {
  if (options.execute === true) return executedPowercut(terminal, path, options);
  refuseUnexecuted(options);
  const opened = await openWithLayout(terminal, path, options, (each) =>
    prepareUpdate(terminal, each, options),
  );
  const { device } = opened;
  const untaken = await whyNotTaken(device, options);
  if (options.after !== undefined) await bootAhead(device, { times: options.after });
  const doubts = allDoubts(opened);
  const report = await explore(terminal, device, options);
  const names =
    options.vectors === undefined || report.findings.length === 0
      ? []
      : await writeVectors(terminal, options.vectors, { report, opened, device });
  if (options.svg !== undefined) await writeMap(terminal, options.svg, report, device);
  const losses = report.findings.length > 0;
  const { atRest } = report.undisturbed;
  // what boots nothing has nothing to lose, which is no comfort
  const bad = losses || atRest.length === 0 || untaken !== undefined;
  if (options.json === true) {
    const findings = report.findings.map(({ spot: _, ...rest }, n) => ({
      ...rest,
      files: names[n],
    }));
    terminal.out.write(`${JSON.stringify({ ...report, findings, doubts, untaken }, null, 2)}\n`);
    return bad ? 1 : 0;
  }
  terminal.out.write(`${headText(report, doubts)}${tableText(report)}`);
  if (untaken === undefined || atRest.length === 0) {
    terminal.out.write(await conclusion(device, report));
  }
  if (untaken !== undefined)
    terminal.out.write(`the update is not taken, so none of its cuts was tried: ${untaken}\n`);
  for (const [n, finding] of report.findings.entries()) {
    terminal.out.write(`${findingText(finding, report)}\n`);
    for (const name of names[n] ?? []) terminal.out.write(`  ${name}\n`);
  }
  return bad ? 1 : 0;
}
