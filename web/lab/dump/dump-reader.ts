import { flashExplainer } from 'dfukit/board';
import { MemoryFlash } from 'dfukit/flash';
import {
  bootAhead,
  buildDoubts,
  explainSlots,
  forkDevice,
  inspectFlash,
  layoutDoubts,
  mapFlash,
  openDump,
  slotFacts,
  vectorDoubts,
} from 'dfukit/lab';
import type { FlashReport, LabDevice, Step } from 'dfukit/lab';
import { outlineOf } from '../../boards/flash-outline.ts';
import { trusting } from '../trusted-keys.ts';
import type { CallProgress } from '../worker/calls.ts';
import type { BootWords, DumpAnswer, DumpOrder } from './dump-calls.ts';
import { guessedOwner, ownedBy } from './dump-source.ts';
import type { OwnedDump } from './dump-source.ts';
import { exampleDump } from './examples.ts';

// A dump explained with all that the laboratory has: in a worker, and in tests.

/** Boots that are tried. */
const BOOTS = 3;

const areaOf = ({ slot, image }: { readonly slot: 0 | 1; readonly image: number }): string =>
  `${slot === 0 ? 'primary' : 'secondary'}${image}`;

function stepWords(step: Step): BootWords['steps'][number] {
  if (step.type === 'confirm') {
    const words = step.result === 0 ? 'confirms the running image' : `fails with ${step.result}`;
    return { words: `the application: boot_set_confirmed ${words}`, log: [] };
  }
  const { result, runs, refused, operations } = step;
  const { outcome, reason, log } = result;
  const names = runs.map(({ name }) => name).join('; ');
  const nothing = `nothing (${outcome}${reason === undefined ? '' : `: ${reason}`})`;
  const flash =
    operations.length === 0 ? 'flash unchanged' : `${operations.length} operations in flash`;
  const why = refused.map((words) => `; refused: ${words}`).join('');
  return { words: `runs ${names === '' ? nothing : names}; ${flash}${why}`, log };
}

async function bootsOf(device: LabDevice): Promise<BootWords[]> {
  const without = await bootAhead(forkDevice(device), { times: BOOTS });
  const confirmed = await bootAhead(forkDevice(device), {
    times: BOOTS,
    confirmAfter: (boot) => boot === 1,
  });
  return [
    { title: 'Nobody confirms', steps: without.map(stepWords) },
    { title: 'What runs first is confirmed', steps: confirmed.map(stepWords) },
  ];
}

async function doubtsOf(dump: OwnedDump, device: LabDevice): Promise<string[]> {
  const lines =
    dump.doubts.length > 0 ? dump.doubts : await layoutDoubts(device.config, device.flash);
  const vectors = dump.model === undefined ? [] : vectorDoubts(device, dump.baseAddress);
  return [...lines, ...(await buildDoubts(device)), ...vectors];
}

const slotWords = ({ slots }: FlashReport): DumpAnswer['slots'] =>
  slots.map((report) => ({ name: areaOf(report), facts: slotFacts(report) }));

/** What the page beside needs to boot it. */
function watchOf(
  { model, mode, bytes, source }: OwnedDump,
  doubts: readonly string[],
  keys: readonly string[],
): DumpAnswer['watch'] {
  if (model === undefined || mode === undefined) return undefined;
  return { board: model.name, mode, bytes, keys, about: [source, ...doubts] };
}

async function replayed(dump: OwnedDump, keys: readonly string[]): Promise<DumpAnswer> {
  const { layout, bytes, source, evidence, areas } = dump;
  if (layout === undefined) throw new Error('expected a layout to replay');
  const device: LabDevice = {
    flash: openDump(layout, bytes),
    config: layout.config,
    ...(await trusting(keys)),
  };
  const report = await inspectFlash(device);
  const fates = await explainSlots(device);
  const doubts = await doubtsOf(dump, device);
  return {
    source,
    evidence,
    doubts,
    geometry: outlineOf(dump.geometry, dump.baseAddress),
    map: await mapFlash(device, { report, areas }),
    slots: slotWords(report),
    fates: fates.map((each) => ({
      name: areaOf(each),
      version: each.version,
      fate: each.fate,
      reason: each.reason,
    })),
    boots: await bootsOf(device),
    watch: watchOf(dump, doubts, keys),
  };
}

/** Of a bootloader that reads its dumps itself. */
async function readItself(dump: OwnedDump): Promise<DumpAnswer> {
  const { model, record, bytes, source, evidence, doubts } = dump;
  if (model === undefined || record === undefined) throw new Error('expected a board');
  const map = await (await flashExplainer(model, { bootloader: record.name })).explain(bytes);
  const reader = await record.reader?.(model);
  const reading = reader?.read(new MemoryFlash(model.flash, bytes));
  const slots = reading?.slots ?? [];
  return {
    source,
    evidence,
    doubts,
    geometry: outlineOf(dump.geometry, dump.baseAddress),
    map,
    slots: slots.map(({ index, reason, details }) => ({
      name: `slot ${index}`,
      facts: [['image', reason], ...details],
    })),
    fates: slots.map(({ index, version, fault, reason }) => ({
      name: `slot ${index}`,
      version: version === undefined ? undefined : String(version),
      fate: fault ?? '',
      reason,
    })),
    boots: [],
    watch: undefined,
  };
}

/** Explains a dump, whoever's it is. */
export async function explainDump(
  order: DumpOrder,
  onProgress: (progress: CallProgress) => Promise<void> = async () => {},
): Promise<DumpAnswer> {
  const { example, board, keys } = order;
  const made = example === '' ? undefined : await exampleDump(example);
  const files = made === undefined ? order.files : [made.bytes];
  const dump = board === '' ? await guessedOwner(files, onProgress) : ownedBy(files, order);
  return dump.layout === undefined ? readItself(dump) : replayed(dump, keys);
}
