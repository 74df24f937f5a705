import { DfuError, retold } from '../bytes/index.ts';
import type { DfuErrorCode, SendTally } from '../bytes/index.ts';
import { sectorAt, sectorsOf } from '../dfu/index.ts';
import type { DfuSeElement, MemoryLayout } from '../dfu/index.ts';
import { Account } from './account.ts';
import { concluded } from './conclude.ts';
import { IDLE } from './dfuse-plan.ts';
import { readPlan } from './dfuse-read-plan.ts';
import { runPlan } from './dfuse.ts';
import type { DfuSeTransferOptions } from './dfuse.ts';
import type { DfuSeEnd } from './dfuse-steps.ts';
import type { DownloadEnding } from './endings.ts';
import { Comparison, mismatch } from './read-back.ts';
import { inSectors, unreadableMemory } from './read-back-memory.ts';
import type { Difference, ReadBack, Verdict } from './read-back.ts';
import { partWith } from './dfuse-sending.ts';
import type { PlacedPart } from './decided.ts';
import type { DfuSession } from './session.ts';
import { NOTHING, sumOf, tallyOf } from './tally.ts';

/** What is sent to a DfuSe device, and what is read back of it. */
interface PartsJob {
  readonly parts: readonly PlacedPart[];
  readonly planned: SendTally;
  readonly readBack: ReadBack;
}

/**
 * Part by part, each in its own alternate setting; a device that has left gets no more. What is there already is found
 * out for all parts before anything is written.
 */
export async function sendParts(
  session: DfuSession,
  job: PartsJob,
  terms: DfuSeTransferOptions,
): Promise<DownloadEnding> {
  const { verify, changedOnly, resume } = job.readBack;
  const choice = changedOnly || resume ? await chosenParts(session, job, terms) : undefined;
  const { parts, planned } = choice ?? job;
  const account = new Account(planned);
  const { signal, onEvent } = terms;
  return account.during(async () => {
    let last: DfuSeEnd | undefined;
    let verdict: Verdict | undefined;
    for (const [at, part] of parts.entries()) {
      await session.switchTo(part.entry);
      const isLast = at === parts.length - 1;
      const sent = verify
        ? await sendVerified(session, { part, account, isLast }, terms)
        : { end: await runPart(session, part, { account, terms }), verdict: undefined };
      last = sent.end;
      verdict = worse(verdict, sent.verdict);
      if (last.leftAt !== undefined) break;
    }
    const ended = last ?? { ending: 'written', finalState: undefined, reset: undefined };
    // Of what is there already nothing is written: it has been read, and is equal.
    const isAllThere = choice?.kept !== undefined && planned.bytes === 0;
    return concluded(session, {
      ended,
      leftAt: last?.leftAt,
      planned,
      acknowledged: account.acknowledged,
      kept: choice?.kept,
      verdict: () => Promise.resolve(isAllThere ? 'verified' : verdict),
      signal,
      onEvent,
    });
  });
}

/** Of several parts, one that could not be read back counts. */
function worse(one: Verdict | undefined, other: Verdict | undefined): Verdict | undefined {
  return one === undefined || one === 'verified' ? other : one;
}

interface PartRun {
  readonly account: Account;
  readonly terms: DfuSeTransferOptions;
  /** Of the part: the work alone, or what ends it; all of it without. */
  readonly only?: 'work' | 'ending' | undefined;
}

function runPart(
  session: DfuSession,
  { operations, work, ending, totalBytes, transferSizeBytes }: PlacedPart,
  { account, terms, only }: PartRun,
): Promise<DfuSeEnd> {
  const run = { ...terms, operation: 'download', totalBytes, transferSizeBytes, account } as const;
  if (only === 'work') return runPlan(session, { operations: work, ending: [IDLE] }, run);
  if (only === 'ending') {
    return runPlan(session, { operations: ending, ending: [] }, { ...run, isMore: true });
  }
  return runPlan(session, { operations, ending: [] }, run);
}

interface VerifiedRun {
  readonly part: PlacedPart;
  readonly account: Account;
  readonly isLast: boolean;
}

/** Writes, reads back and compares, and only then lets the device go. */
async function sendVerified(
  session: DfuSession,
  { part, account, isLast }: VerifiedRun,
  terms: DfuSeTransferOptions,
): Promise<{ readonly end: DfuSeEnd; readonly verdict: Verdict | undefined }> {
  const { elements, entry, ending } = part;
  const why = unreadableMemory(entry, part.terms.layout, elements);
  if (elements.length === 0 || why !== undefined) {
    const end = await runPart(session, part, { account, terms });
    return { end, verdict: why === undefined ? undefined : { unverified: why } };
  }
  const end = await runPart(session, part, { account, terms, only: 'work' });
  if (end.leftAt !== undefined) {
    return { end, verdict: { unverified: 'the device restarted before it could be read back' } };
  }
  const verdict = await verdictOf(session, { part, account, isLast }, terms);
  if (ending.length === 0) return { end, verdict };
  return { end: await runPart(session, part, { account, terms, only: 'ending' }), verdict };
}

async function verdictOf(
  session: DfuSession,
  { part, account, isLast }: VerifiedRun,
  terms: DfuSeTransferOptions,
): Promise<Verdict> {
  let first: Difference | undefined;
  const comparison = new Comparison(part.elements, (difference) => {
    first ??= difference;
  });
  try {
    await readInto(session, part, { terms, comparison, isOver: () => first !== undefined });
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
    if (refusals.has(error.code)) return { unverified: error.message };
    const message = `all is written; while it was read back, ${error.message}`;
    throw isLast ? retold(error, message, { outcome: 'unconfirmed' }) : error;
  }
  if (first === undefined) return 'verified';
  const { planned, acknowledged } = account;
  throw mismatch(first, true, { planned, acknowledged });
}

/** How a device fails that does not let itself be read, and goes on with everything else. */
const refusals: ReadonlySet<DfuErrorCode> = new Set(['STALLED', 'DEVICE_STATUS', 'PROTOCOL']);

interface Reading {
  readonly terms: DfuSeTransferOptions;
  readonly comparison: Comparison;
  readonly isOver: () => boolean;
}

/** Reads what the elements of a part lie upon; the device is in dfuIDLE afterwards. */
async function readInto(
  session: DfuSession,
  { elements, terms: plan, transferSizeBytes, totalBytes }: PlacedPart,
  { terms, comparison, isOver }: Reading,
): Promise<void> {
  await runPlan(session, readPlan(elements, plan, isOver), {
    ...terms,
    operation: 'verify',
    isMore: true,
    totalBytes,
    transferSizeBytes,
    account: new Account(NOTHING),
    write: (chunk) => comparison.take(chunk),
  });
  comparison.end();
}

interface Choice {
  readonly parts: readonly PlacedPart[];
  readonly planned: SendTally;
  readonly kept: NonNullable<DownloadEnding['kept']>;
}

/** The parts without what is there already. */
async function chosenParts(
  session: DfuSession,
  { parts: all, readBack }: PartsJob,
  terms: DfuSeTransferOptions,
): Promise<Choice> {
  const kept = { sectors: 0, bytes: 0 };
  const parts: PlacedPart[] = [];
  for (const part of all) {
    await session.switchTo(part.entry);
    const chosen = await chosenPart(session, { part, readBack }, terms);
    if (typeof chosen === 'string') {
      const message = `what is in the device cannot be read, and all is written: ${chosen}`;
      terms.onEvent?.({ type: 'note', message });
      parts.push(part);
    } else {
      kept.sectors += chosen.keptSectors;
      kept.bytes += (part.totalBytes ?? 0) - (chosen.part.totalBytes ?? 0);
      parts.push(chosen.part);
    }
  }
  return { parts, planned: sumOf(parts.map(({ operations }) => tallyOf(operations))), kept };
}

/** A part without what is there already; or why that cannot be found out, in words. */
async function chosenPart(
  session: DfuSession,
  { part, readBack }: Pick<Search, 'part' | 'readBack'>,
  terms: DfuSeTransferOptions,
): Promise<{ readonly part: PlacedPart; readonly keptSectors: number } | string> {
  const { layout } = part.terms;
  if (layout === undefined) return 'the device does not tell where its memory is';
  const why = unreadableMemory(part.entry, layout, part.elements);
  if (why !== undefined) return why;
  const pieces = piecesOf(part.elements, layout);
  const wanted = await wantedSectors(session, { part, layout, pieces, readBack }, terms);
  if (typeof wanted === 'string') return wanted;
  const elements = inSectors(part.elements, layout, (address) => wanted.has(address));
  const all = new Set(pieces.map(({ sector }) => sector));
  return { part: partWith(part, elements), keptSectors: all.size - wanted.size };
}

/** What of an element lies in one sector. */
interface Piece extends DfuSeElement {
  readonly sector: number;
}

function piecesOf(elements: readonly DfuSeElement[], layout: MemoryLayout): readonly Piece[] {
  return elements.flatMap(({ address, data }) =>
    [...sectorsOf(layout, address, data.length)].map((sector) => {
      const from = Math.max(0, sector.address - address);
      const end = sector.address + sector.sizeBytes - address;
      return { sector: sector.address, address: address + from, data: data.subarray(from, end) };
    }),
  );
}

interface Search {
  readonly part: PlacedPart;
  readonly layout: MemoryLayout;
  readonly pieces: readonly Piece[];
  readonly readBack: ReadBack;
}

/** The sectors that have to be written; or why that cannot be found out, in words. */
async function wantedSectors(
  session: DfuSession,
  { part, layout, pieces, readBack }: Search,
  terms: DfuSeTransferOptions,
): Promise<ReadonlySet<number> | string> {
  const differing = new Set<number>();
  const comparison = new Comparison(pieces, ({ address }) => {
    const sector = sectorAt(layout, address);
    if (sector !== undefined) differing.add(sector.address);
  });
  const goesOn = !readBack.changedOnly;
  const isOver = (): boolean => goesOn && differing.size > 0;
  try {
    await readInto(session, part, { terms, comparison, isOver });
  } catch (error) {
    if (DfuError.is(error) && refusals.has(error.code)) return error.message;
    throw error;
  }
  const wanted = new Set<number>();
  let behind = 0;
  for (const { sector, data } of pieces) {
    behind += data.length;
    const isDifferent = differing.has(sector) || behind > comparison.bytes;
    if (isDifferent || (goesOn && wanted.size > 0)) wanted.add(sector);
  }
  return wanted;
}
