import { describe, expect, test } from 'vitest';
import { FakeRunner, testBoard } from '../../../test/support/boards.ts';
import type { TestBoard } from '../../../test/support/boards.ts';
import { ES_MODULE, MACHINE_CODE } from '../index.ts';
import type { Peripherals, Program, Runner, RunningProgram } from '../index.ts';

/** Runs nothing, and remembers what it was given. */
class Taker implements Runner {
  readonly given: (Program | undefined)[] = [];
  readonly takes: readonly number[];

  constructor(...takes: readonly number[]) {
    this.takes = takes;
  }

  start(_board: Peripherals, program: Program | undefined): RunningProgram {
    this.given.push(program);
    return { stop: () => Promise.resolve() };
  }
}

/** An ES module in slot 0. */
function withModule(runner: Runner | readonly Runner[]): TestBoard {
  const made = testBoard(runner);
  made.install(0, 1, 'export const main = 1;');
  return made;
}

/** These words, little-endian, where the program of slot 0 begins; the rest is erased. */
function withWords(runner: Runner | readonly Runner[], ...words: readonly number[]): TestBoard {
  const made = withModule(runner);
  const header = made.flash.read(0x4000, 0x100);
  made.flash.erase(0x4000, 0x1000);
  made.flash.program(0x4000, header);
  made.flash.program(0x4400, new Uint8Array(Uint32Array.from(words).buffer));
  return made;
}

const text = (program: Program | undefined): string => new TextDecoder().decode(program?.payload);

describe('which runner runs', () => {
  test('is chosen by what stands in the image', () => {
    const [machine, module] = [new Taker(MACHINE_CODE), new Taker(ES_MODULE)];
    withModule([machine, module]).board.powerOn();
    expect(machine.given).toEqual([]);
    expect(module.given.map((each) => [each?.kind, text(each)])).toEqual([
      [ES_MODULE, 'export const main = 1;'],
    ]);
    withWords([module, machine], 0x20008000, 0x4441).board.powerOn();
    expect(module.given).toHaveLength(1);
    expect(machine.given.map((each) => each?.kind)).toEqual([MACHINE_CODE]);
  });

  test('of two that take it, the first', () => {
    const [first, second] = [new Taker(ES_MODULE), new Taker(MACHINE_CODE, ES_MODULE)];
    withModule([first, second]).board.powerOn();
    expect([first.given.length, second.given.length]).toEqual([1, 0]);
  });

  test('one that takes whatever there is, unless another names it', () => {
    const [any, module] = [new FakeRunner(), new Taker(ES_MODULE)];
    withModule([any, module]).board.powerOn();
    expect([any.started.length, module.given.length]).toEqual([0, 1]);
    withWords([any, module], 0, 0).board.powerOn();
    expect([any.started.length, module.given.length]).toEqual([1, 1]);
  });

  test.each([
    ['erased flash', MACHINE_CODE, [0xffffffff, 0xffffffff], /no program at 0x00004400/],
    [
      'a stack that is not in RAM',
      MACHINE_CODE,
      [0x4000, 0x4441],
      /stack pointer 0x00004000 is not in RAM: expected above 0x20000000, up to 0x20040000/,
    ],
    ['a stack below RAM', MACHINE_CODE, [0x20000000, 0x4441], /is not in RAM/],
    ['a crooked stack', MACHINE_CODE, [0x20008002, 0x4441], /0x20008002 is no multiple of 4/],
    ['code that is not Thumb', MACHINE_CODE, [0x20008000, 0x4440], /0x00004440 is even/],
    [
      'a vector into the table',
      MACHINE_CODE,
      [0x20008000, 0x4401],
      /0x00004401 is outside of the image: expected code from 0x00004400 to 0x00081fff$/,
    ],
    [
      'an image for the other slot',
      MACHINE_CODE,
      [0x20008000, 0x82441],
      /is outside of the image.*; it is linked for 0x00082400 \(slot1\), not for 0x00004400$/,
    ],
    ['a vector to nowhere', MACHINE_CODE, [0x20008000, 0xffffffff], /is outside of the image/],
  ])('none for %s: a hard fault, then the watchdog', (_, kind, words, message) => {
    const taker = new Taker(kind);
    const { board, clock, last } = withWords(taker, ...words);
    board.powerOn();
    expect(taker.given).toEqual([]);
    expect(last('fault')?.message).toMatch(/^hard fault: /);
    expect(last('fault')?.message).toMatch(message);
    clock.advance(4000);
    expect(last('boot')).toMatchObject({ cause: 'watchdog' });
  });

  test('erased flash is no program to whoever takes modules only, either', () => {
    const { board, last } = withWords(new Taker(ES_MODULE), 0xffffffff, 0xffffffff);
    board.powerOn();
    expect(last('fault')?.message).toBe(
      'hard fault: no program at 0x00004400: first words 0xffffffff 0xffffffff',
    );
  });

  test.each([
    [MACHINE_CODE, /is of kind 1, expected machine code/],
    [2, /is of kind 1, expected 2/],
  ])('none for a module, with one that takes kind %d', (kind, message) => {
    const { board, last } = withModule(new Taker(kind));
    board.powerOn();
    expect(last('fault')?.message).toMatch(message);
  });
});
