import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WATCHDOG_MS } from '../../src/board/index.ts';
import { mcubootBench } from '../support/mcuboot/board-bench.ts';
import type { McubootBench } from '../support/mcuboot/board-bench.ts';

/* Whatever happens to a board while its bootloader is at work, it comes to rest in one state. */

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const actions: Readonly<Record<string, (bench: McubootBench) => unknown>> = {
  reset: ({ board }) => board.pressReset(),
  powerOff: ({ board }) => board.powerCut(),
  powerOn: ({ board }) => board.powerOn(),
  cutSoon: ({ board }) => board.cutAfter(5),
  cutLater: ({ board }) => board.cutAfter(700),
  unplug: ({ board }) => board.unplug(),
  watchdog: ({ clock }) => clock.advance(WATCHDOG_MS),
  test: (bench) => asked(bench, (control) => control.requestUpgrade(false)),
  confirm: (bench) => asked(bench, (control) => control.confirm()),
  wait: turn,
  boot: ({ board, booted }) => booted(() => (board.isOn ? board.pressReset() : board.powerOn())),
};

type Control = NonNullable<McubootBench['runner']['board']['bootControl']>;

/** What the program asks; one that has no flash any more, because the board was reset, asks in vain. */
function asked({ runner }: McubootBench, ask: (control: Control) => void): void {
  const control = runner.started.at(-1)?.bootControl;
  if (control === undefined) return;
  try {
    ask(control);
  } catch (error) {
    expect(error).toMatchObject({ code: 'POWER_LOST' });
  }
}

test('a board with MCUboot boots one of its two images after whatever came before', async () => {
  const prepared = mcubootBench();
  prepared.program(await prepared.image('first', { version: '1.0.0' }), 0);
  prepared.program(await prepared.image('second', { version: '2.0.0' }), 1);
  const steps = fc.array(fc.constantFrom(...Object.keys(actions)), { maxLength: 25 });
  const property = fc.asyncProperty(steps, async (names) => {
    const bench = mcubootBench({ flash: prepared.flash.fork() });
    for (const name of names) await actions[name]?.(bench);
    bench.board.powerCut();
    const boot = await bench.booted(() => bench.board.powerOn());
    expect(boot).toMatchObject({ mode: 'application', cause: 'power-on' });
    expect(['first', 'second']).toContain(bench.console().at(-1));
    // no boot that was overtaken has started a program
    const boots = bench.events.filter((each) => each.type === 'boot');
    expect(bench.runner.started).toHaveLength(boots.length);
    await bench.board.close();
    expect(() => bench.runner.board.flash.read(0, 4)).toThrow(/reset/);
  });
  await fc.assert(property, { numRuns: 60 });
});
