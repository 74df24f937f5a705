import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FakeRunner, testBoard } from '../../test/support/boards.ts';
import type { TestBoard } from '../../test/support/boards.ts';
import { Device } from '../device/index.ts';
import { DevicePort } from '../usb/index.ts';

/** A bench with a board on it, a cable to a host, and a program that does what it is told. */
interface Bench extends TestBoard {
  readonly runner: FakeRunner;
  readonly host: DevicePort;
}

const application = (): Device =>
  new Device({
    identity: { idVendor: 0x1209, idProduct: 0x7d00 },
    configurations: [{ functions: [] }],
  });

/** The program that was started last, or nothing; it may be long dead. */
const program = ({ runner }: Bench) => runner.started.at(-1);

/** Everything that can happen to a board, in any order. */
const happenings: Readonly<Record<string, (bench: Bench) => unknown>> = {
  powerOn: ({ board }) => board.powerOn(),
  powerCut: ({ board }) => board.powerCut(),
  reset: ({ board }) => board.pressReset(),
  resetWithButton: ({ board }) => board.pressReset({ button: true }),
  press: ({ board }) => board.setButton(true),
  release: ({ board }) => board.setButton(false),
  unplug: ({ board }) => board.unplug(),
  replug: ({ board }) => board.replug(),
  hostUnplugs: ({ host }) => host.unplug(),
  hostPlugs: ({ host }) => host.plug(),
  busReset: ({ host }) => host.reset(),
  configure: ({ host }) =>
    host.submit(
      { bmRequestType: 0, bRequest: 9, wValue: 1, wIndex: 0, wLength: 0 },
      undefined,
      () => {},
    ),
  detach: ({ host }) =>
    host.submit(
      { bmRequestType: 0x21, bRequest: 0, wValue: 1000, wIndex: 0, wLength: 0 },
      undefined,
      () => {},
    ),
  time: ({ clock }) => clock.advance(1700),
  install: ({ install }) => install(0, 1),
  present: (bench) => program(bench)?.usb.present(application()),
  reboot: (bench) => program(bench)?.reset(),
  enterDfuMode: (bench) => program(bench)?.enterDfuMode(),
  fault: (bench) => program(bench)?.fault('broken'),
  print: (bench) => program(bench)?.uart.write('text without an end'),
  type: ({ board }) => board.input('a line'),
};

describe('whatever happens to a board, in any order', () => {
  test('it is in one state, and tells of it', () => {
    const steps = fc.array(fc.constantFrom(...Object.keys(happenings)), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (names) => {
        const runner = new FakeRunner();
        const made = testBoard(runner);
        const nobody = { attached: () => {}, detached: () => {}, log: () => {} };
        const bench = { ...made, runner, host: new DevicePort(made.port, made.clock, nobody) };
        bench.host.plug();
        for (const name of names) {
          // A program that is dead has no USB controller any more; presenting is the runner's promise.
          const alive = runner.started.length > runner.stopped;
          if (name === 'present' && !alive) continue;
          happenings[name]?.(bench);
          expect(problems(bench)).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** What does not fit together. */
function problems({ board, events, last, runner, host }: Bench): string[] {
  const power = last('power')?.on === true;
  const mode = power ? last('boot')?.mode : undefined;
  const usb = last('usb');
  const shown = usb !== undefined && usb.state !== 'detached';
  const states = events.flatMap((event) => (event.type === 'usb' ? [event.state] : []));
  const running = runner.started.length - runner.stopped;
  const rules: Readonly<Record<string, boolean>> = {
    'it has power if it said so': board.isOn === power,
    'one program runs, or none': running === (mode === 'application' ? 1 : 0),
    'the host sees what was said last': host.attached === shown,
    'without power there is no device': power || !host.attached,
    'DFU mode has its own id': mode !== 'dfu' || !shown || usb.id === '1209:7d02',
    'what has left cannot leave': states.every(
      (state, at) => state !== 'detached' || states[at + 1] !== 'detached',
    ),
  };
  return Object.keys(rules).filter((rule) => rules[rule] === false);
}
