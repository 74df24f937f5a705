import { sameBytes } from '../../../bytes/index.ts';
import { ExpectationError, versionText } from '../../../testing/index.ts';
import type { BoardBench, BootExpectation as BenchBoot, SlotView } from '../../../testing/index.ts';
import type {
  BootExpectation,
  ExitExpectation,
  Expectation,
  SlotExpectation,
  Step,
  UsbExpectation,
} from '../format/scenario.ts';
import { benchOf, bytesOf, withinOf } from './stage.ts';
import type { Stage } from './stage.ts';
import { StepFailed, halvesOf } from './step-failed.ts';

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);

/** What a bench is asked: riotboot's versions are numbers, MCUboot's texts. */
function versionOf(versions: readonly string[]): BenchBoot['version'] {
  const [first] = versions;
  if (versions.length > 1) {
    const all = versions.map((each) => escaped(versionText(each))).join('|');
    return new RegExp(`^(?:${all})(?:\\+0)?$`);
  }
  return first !== undefined && /^\d+$/.test(first) ? Number(first) : first;
}

async function expectBoot(
  bench: BoardBench,
  { versions, slot, why, mode }: BootExpectation,
  within: number | undefined,
): Promise<void> {
  const version = versionOf(versions);
  try {
    await bench.boots({ version, slot, why, mode, within });
  } catch (error) {
    if (!(error instanceof ExpectationError)) throw error;
    // As the file has it, not as the expression that was made of it.
    const [message, shown] = halvesOf(error.message);
    throw new StepFailed(message.replace(String(version), versions.join(' or ')), shown);
  }
}

type UsbEvent = Extract<BoardBench['events'][number], { readonly type: 'usb' }>;

/** What the port is now, as the last event has told it. */
function usbNow({ events }: BoardBench): UsbEvent | undefined {
  return events.findLast((event): event is UsbEvent => event.type === 'usb');
}

async function expectUsb(
  bench: BoardBench,
  { state, id }: UsbExpectation,
  within: number | undefined,
): Promise<void> {
  const now = usbNow(bench);
  const isId = now === undefined || now.state === 'detached' || id === undefined || now.id === id;
  // What is configured is on the bus, too; a board that never was there is off it.
  const states =
    now === undefined
      ? ['detached']
      : now.state === 'configured'
        ? ['attached', 'configured']
        : [now.state];
  if (isId && states.includes(state)) return;
  const match =
    state === 'detached'
      ? ({ type: 'usb', state } as const)
      : ({ type: 'usb', state, ...(id !== undefined && { id }) } as const);
  await bench.event(match, { within });
}

/** Throws unless they are the same. */
function same(
  slot: number,
  what: string,
  expected: string | boolean,
  got: string | boolean | undefined,
): void {
  if (expected === got) return;
  throw new StepFailed(
    `slot ${slot}: expected ${what} ${String(expected)}, got ${String(got ?? 'none')}`,
  );
}

/** Whether an image stays; in words where that is no question. */
function isConfirmed({ image, trailer }: SlotView): boolean | string {
  if (image === undefined) return 'no image';
  if (trailer === undefined) return 'a bootloader that tries no images, so that none is confirmed';
  // Without a magic nothing was ever tried there: what runs, runs for good.
  return trailer.magic !== 'good' || trailer.imageOk === 'set';
}

function expectSlot(stage: Stage, bench: BoardBench, expected: SlotExpectation): void {
  const { slot, version, sha256, sameAs, erased, confirmed } = expected;
  const view = bench.flash.slots.find(({ index }) => index === slot);
  if (view === undefined) {
    const known = bench.flash.slots.map(({ index }) => index).join(', ') || 'none';
    throw new StepFailed(`expected slot ${slot}, got a board with slots ${known}`);
  }
  const { image, bytes } = view;
  const is = { ...(image && { version: versionText(image.version), sha256: image.sha256 }) };
  if (version !== undefined) same(slot, 'version', versionText(version), is.version);
  if (sha256 !== undefined) {
    same(slot, 'SHA-256', sha256.toLowerCase(), is.sha256?.slice(0, sha256.length));
  }
  if (erased !== undefined) {
    const { erasedValue } = bench.board.model.flash;
    same(
      slot,
      'erased',
      erased,
      bytes.every((byte) => byte === erasedValue),
    );
  }
  if (confirmed !== undefined) same(slot, 'confirmed', confirmed, isConfirmed(view));
  if (sameAs === undefined) return;
  const file = bytesOf(stage, sameAs);
  const doubt = difference(file, view.bytes);
  if (doubt !== undefined)
    throw new StepFailed(`slot ${slot}: expected the bytes of ${sameAs}, ${doubt}`);
}

/** Where bytes are others than at the start of what was read; undefined if they are not. */
export function difference(expected: Uint8Array, got: Uint8Array): string | undefined {
  if (expected.length === 0) return 'which has none';
  if (expected.length > got.length) return `which has ${expected.length}, got ${got.length}`;
  if (sameBytes(expected, got.subarray(0, expected.length))) return undefined;
  const at = expected.findIndex((byte, index) => byte !== got[index]);
  return `got others from byte ${at} on`;
}

/** The last lines of what a command printed. */
export function lastLines(output: string, most = 20): string {
  return output.trimEnd().split('\n').slice(-most).join('\n');
}

function expectExit({ lastRun }: Stage, { code, says }: ExitExpectation): void {
  if (lastRun === undefined)
    throw new StepFailed(`expected exit ${code} of a run, got none before`);
  const { code: got, output } = lastRun;
  if (got !== code) throw new StepFailed(`expected exit ${code}, got ${got}`, lastLines(output));
  if (says === undefined || output.split(/\r?\n/).some((line) => says.fits(line))) return;
  throw new StepFailed(`expected a line with ${says.shown}, got none`, lastLines(output));
}

/** `expect`: each of its parts, in the order in which a board shows them. */
export async function expectAll(stage: Stage, step: Step, expected: Expectation): Promise<void> {
  const { boot, console: line, flash = [], usb, exit } = expected;
  const { within } = withinOf(stage, step);
  if (exit !== undefined) expectExit(stage, exit);
  if (boot === undefined && line === undefined && usb === undefined && flash.length === 0) return;
  const bench = benchOf(stage, step);
  if (boot !== undefined) await expectBoot(bench, boot, within);
  const { console: said } = bench;
  if (line !== undefined) await said.until(line.regExp, { within });
  if (usb !== undefined) await expectUsb(bench, usb, within);
  for (const slot of flash) expectSlot(stage, bench, slot);
}
