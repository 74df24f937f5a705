import { Writable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { CliBoard } from '../../../test/support/cli-board.ts';
import type { Said } from '../../../test/support/cli-board.ts';
import { VirtualClock } from '../../usb/index.ts';
import { EventLog } from './event-log.ts';
import { parseFor } from './event-match.ts';
import { EventWriter } from './event-writer.ts';

const boards: CliBoard[] = [];

afterEach(async () => {
  await Promise.all(boards.splice(0).map((board) => board.quit()));
});

async function started(): Promise<CliBoard> {
  const board = await CliBoard.start('particle-xenon');
  boards.push(board);
  return board;
}

/** Its answers so far. */
function answered(board: CliBoard): Said[] {
  return board.said.filter(({ event }) => event === 'done' || event === 'error');
}

/** What it answers to these lines, each by its place among them. */
async function answers(board: CliBoard, ...lines: object[]): Promise<Said[]> {
  const texts = lines.map((line, id) => `${JSON.stringify({ ...line, id })}\n`);
  board.terminal.out.take();
  board.terminal.in.write(texts.join(''));
  await board.until(new RegExp(`"event":"(?:done|error)".*"id":${lines.length - 1},`));
  return answered(board);
}

const waitFor = (wanted: object, more: object = {}): object => ({
  command: 'wait',
  for: wanted,
  ...more,
});
const bootOf = (cause: string): object => ({ event: 'boot', cause });

describe('a wait', () => {
  test('finds what came before it: since the start, and since the command before', async () => {
    const board = await started();
    const first = board.said.find(({ event }) => event === 'boot');
    const [start, reset, found, again] = await answers(
      board,
      waitFor({ event: 'boot' }),
      { command: 'reset' },
      waitFor({ event: 'boot' }),
      waitFor({ event: 'boot' }, { timeoutMs: 0 }),
    );
    expect(start).toMatchObject({ event: 'done', command: 'wait', found: first });
    expect(reset).toMatchObject({ event: 'done', command: 'reset' });
    expect(found).toMatchObject({ event: 'done', found: { event: 'boot', cause: 'reset-pin' } });
    expect(again).toMatchObject({ event: 'error', code: 'TIMEOUT' });
  });

  test('takes nothing for new that is older than the command before, unless it says since when', async () => {
    const board = await started();
    const [, stale, state, all] = await answers(
      board,
      { command: 'unplug' },
      waitFor(bootOf('power-on'), { timeoutMs: 0 }),
      { command: 'state' },
      waitFor(bootOf('power-on'), { timeoutMs: 0, since: 0 }),
    );
    expect(stale).toMatchObject({ event: 'error', code: 'TIMEOUT' });
    expect(state).toMatchObject({ event: 'done' });
    expect(all).toMatchObject({ event: 'done', found: { event: 'boot', cause: 'power-on' } });
  });

  test('is done when it comes; commands behind it have their turn then', async () => {
    const board = await started();
    board.write(JSON.stringify(waitFor({ event: 'power', on: false }, { id: 'w' })));
    board.write('{"command":"state","id":"s"}');
    board.terminal.in.write('{"command":"quit","now":true,"id":"q"}\n');
    expect(await board.ended).toBe(0);
    const ids = answered(board);
    // What stands behind it is not carried out, nor is what it waits for ever to come.
    expect(ids).toMatchObject([
      { event: 'error', code: 'ABORTED', command: 'wait', id: 'w' },
      { event: 'done', command: 'quit', id: 'q' },
    ]);
    expect(board.said.at(-1)).toMatchObject({ event: 'quit', why: 'command' });
  });

  test('is carried out to its end where standard input has ended', async () => {
    const board = await started();
    board.write(JSON.stringify(waitFor(bootOf('watchdog'), { timeoutMs: 20, id: 'w' })));
    board.terminal.in.end(`${JSON.stringify(waitFor({ event: 'boot' }, { id: 'x' }))}\n`);
    expect(await board.ended).toBe(0);
    expect(answered(board)).toMatchObject([
      { event: 'error', code: 'TIMEOUT', id: 'w' },
      { event: 'done', id: 'x' },
    ]);
  });

  test('ends with a signal, and says so', async () => {
    const board = await started();
    board.write(JSON.stringify(waitFor(bootOf('watchdog'), { id: 'w' })));
    await answersOf(board);
    board.terminal.interrupt();
    expect(await board.ended).toBe(0);
    expect(board.said.find(({ id }) => id === 'w')).toMatchObject({ code: 'ABORTED' });
    expect(board.said.at(-1)).toMatchObject({ event: 'quit', why: 'signal' });
  });

  test('that comes to nothing says what was waited for, and what came instead', async () => {
    const board = await started();
    const [said] = await answers(board, waitFor(bootOf('watchdog'), { timeoutMs: 1 }));
    expect(said).toMatchObject({ code: 'TIMEOUT', command: 'wait', console: expect.any(Array) });
    expect(said?.['message']).toMatch(/^no \{"event":"boot","cause":"watchdog"\} within 1 ms; /);
    expect(said?.['message']).toContain('the last of its kind: {"event":"boot","cause":"power-on"');
  });

  test.each([
    [{ command: 'wait' }, 'expected "for" with an object'],
    [waitFor({ event: 'bot' }), 'did you mean "boot"?'],
    [waitFor({ event: 'boot', verison: '1' }), 'did you mean "version"?'],
    [waitFor({ event: 'boot' }, { timeout: 5 }), 'got "timeout"'],
    [waitFor({ event: 'boot' }, { timeoutMs: -1 }), '"timeoutMs" with a whole number from 0 to'],
    [waitFor({ event: 'boot' }, { since: 1.5 }), '"since" with a whole number'],
    [{ command: 'wiat' }, 'did you mean "wait"?'],
    [{ command: 'quit', now: 1 }, '"now" true or false'],
  ])('%j is refused at once', async (line, words) => {
    const [said] = await answers(await started(), line);
    expect(said).toMatchObject({ event: 'error', code: 'INVALID_ARGUMENT' });
    expect(said?.['message']).toContain(words);
  });
});

/** Until the wait is under way: what was written has been read. */
async function answersOf(board: CliBoard): Promise<void> {
  while (board.terminal.in.readableLength > 0) await new Promise((turn) => setImmediate(turn));
}

describe('the newest events', () => {
  const none = new AbortController().signal;
  const any = parseFor({ event: 'console', text: 'the last' });

  test('are kept up to a number; further back is refused', async () => {
    const log = new EventLog(new VirtualClock());
    for (let seq = 1; seq <= 10_001; seq += 1)
      log.add({ event: { type: 'console', text: 'x' }, seq, ms: 0 });
    expect(log.forgotten).toBe(5001);
    const far = log.until(any, { since: 5000, timeoutMs: 0, signal: none });
    await expect(far).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    const near = log.until(any, { since: 5001, timeoutMs: 0, signal: none });
    expect(await near).toBeUndefined();
  });

  test('are kept up to an amount of text', () => {
    const log = new EventLog(new VirtualClock());
    const text = 'x'.repeat(4096);
    for (let seq = 1; seq <= 1025; seq += 1)
      log.add({ event: { type: 'console', text }, seq, ms: 0 });
    expect(log.forgotten).toBe(513);
    expect(log.consoleEnd().every((each) => each.length === 200)).toBe(true);
    expect(log.consoleEnd()).toHaveLength(10);
  });

  test('a wait ends by its clock', async () => {
    const clock = new VirtualClock();
    const log = new EventLog(clock);
    const waits = log.until(any, { since: 0, timeoutMs: 86_400_000, signal: none });
    clock.advance(86_399_999);
    log.add({ event: { type: 'console', text: 'the last' }, seq: 1, ms: 86_399_999 });
    expect(await waits).toMatchObject({ seq: 1 });
    const other = log.until(any, { since: 1, timeoutMs: 86_400_000, signal: none });
    clock.advance(86_400_000);
    expect(await other).toBeUndefined();
    expect(clock.nextMs).toBe(Infinity);
  });
});

test('numbers go up line by line, also where some were lost', async () => {
  const lines: string[] = [];
  let go: (() => void) | undefined;
  const out = new Writable({
    write(piece: Buffer, _encoding, done) {
      lines.push(piece.toString());
      if (lines.length === 1) go = done;
      else done();
    },
  });
  const events = new EventWriter(out, () => 0);
  const big = { event: 'console', text: 'x'.repeat(1 << 20) };
  for (let count = 0; count < 8; count += 1) events.say(big);
  go?.();
  events.say({ event: 'power' });
  await events.room();
  await new Promise((turn) => setImmediate(turn));
  const seqs = lines.map((line) => (JSON.parse(line) as { seq: number }).seq);
  expect(lines.some((line) => line.includes('"event":"lost"'))).toBe(true);
  expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
});
