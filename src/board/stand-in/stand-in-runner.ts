import { DfuError, hexNumber } from '../../bytes/index.ts';
import { ES_MODULE, MACHINE_CODE } from '../program/box.ts';
import type {
  MachineCode,
  Peripherals,
  Program,
  Runner,
  RunningProgram,
} from '../seams/peripherals.ts';
import { slotOfArea } from '../seams/slot-of-area.ts';
import { isMeant } from './selector.ts';
import type { StandIn, StandInEnd } from './stand-in.ts';
import { playRuntime, playSample } from './stand-in-usb.ts';

/** What a `StandInRunner` can be given. */
export interface StandInRunnerOptions {
  /** What runs the firmware of a stand-in that plays one: a `WorkerRunner` or `ProcessRunner` of `dfukit/board/node`. */
  readonly programs?: Runner | undefined;
  /** Who executes the images that no stand-in is meant for; default: a silent stand-in plays them. */
  readonly others?: Runner | undefined;
}

/**
 * Takes machine code, of which it executes nothing: a stand-in plays it. The first of the rules that is meant for the
 * image counts; for the rest there is a silent one. It runs in the thread of the board, on the board's clock.
 */
export class StandInRunner implements Runner {
  readonly takes: readonly number[] = [MACHINE_CODE];
  readonly #rules: readonly StandIn[];
  readonly #programs: Runner | undefined;
  readonly #others: Runner | undefined;

  constructor(rules: readonly StandIn[] = [], { programs, others }: StandInRunnerOptions = {}) {
    this.#others = others;
    this.#rules = rules;
    this.#programs = programs;
  }

  start(board: Peripherals, program: Program | undefined): RunningProgram {
    const code = program?.machineCode ?? { entry: 0, stackPointer: 0, sha256: '' };
    const meant = this.#rules.find(({ when = {} }) => isMeant(when, board.image, code));
    if (meant === undefined && this.#others !== undefined) {
      return this.#others.start(board, program);
    }
    const rule = meant ?? {};
    return new PlayedImage(board, { code, rule, programs: this.#programs });
  }
}

/** Which stand-in plays which image. */
interface Casting {
  readonly code: MachineCode;
  readonly rule: StandIn;
  readonly programs: Runner | undefined;
}

/** How much of an image's hash is shown, in digits. */
const SHOWN_DIGITS = 16;

/** An image while its stand-in plays it. */
class PlayedImage implements RunningProgram {
  readonly #board: Peripherals;
  readonly #timers: (() => void)[] = [];
  #usb: { stop(): void } | undefined;
  #firmware: RunningProgram | undefined;
  #over = false;

  constructor(board: Peripherals, { code, rule, programs }: Casting) {
    this.#board = board;
    const { plays = 'silent', confirmMs, upgrade, ends } = rule;
    if (confirmMs !== undefined) this.#after(confirmMs, () => this.#confirm());
    if (upgrade !== undefined) {
      this.#after(upgrade.afterMs, () => this.#upgrade(upgrade.permanent === true));
    }
    if (ends !== undefined) this.#after(ends.afterMs, () => this.#ends(ends));
    this.#introduce(code, typeof plays === 'string' ? plays : 'firmware');
    // Whoever reads the console may have reset the board or taken its power.
    if (isAlive(board)) this.#play(plays, { code, programs });
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#firmware?.stop();
  }

  #introduce({ entry, stackPointer, sha256 }: MachineCode, name: string): void {
    const { entryAddress, slot, version } = this.#board.image;
    const hex = (value: number): string => hexNumber(value, 8);
    const where = `machine code at ${hex(entryAddress)}, entry ${hex(entry)}`;
    const stack = `stack pointer ${hex(stackPointer)}`;
    this.#say('board', `${where}, ${stack}; it is not executed`);
    const hasSlots = this.#board.areas.some((each) => slotOfArea(each.name) !== undefined);
    const which = hasSlots ? `version ${version} in slot ${slot}` : 'the image';
    this.#say('stand-in', `${name} plays ${which}, SHA-256 ${sha256.slice(0, SHOWN_DIGITS)}`);
  }

  #play(
    plays: NonNullable<StandIn['plays']>,
    { code, programs }: Pick<Casting, 'code' | 'programs'>,
  ): void {
    const board = this.#board;
    if (typeof plays === 'object') {
      this.#playFirmware(plays.firmware, { code, programs });
      return;
    }
    board.watchdog.onWarning(() => {
      if (!this.#over) board.watchdog.feed();
    });
    if (plays === 'dfu-runtime') this.#usb = playRuntime(board);
    if (plays === 'usb-dfu') this.#usb = playSample(board, (slot) => this.#downloaded(slot));
  }

  #playFirmware(payload: Uint8Array, { code, programs }: Pick<Casting, 'code' | 'programs'>): void {
    const board = this.#board;
    if (programs === undefined) {
      board.fault('stand-in: its firmware has no runner');
      return;
    }
    const image = { ...board.image, sha256: code.sha256 };
    this.#firmware = programs.start({ ...board, image }, { kind: ES_MODULE, payload });
  }

  /** As `requestUpgrade` of the sample: the new image is tried at the next reset, which is up to whoever sent it. */
  #downloaded(slot: number): void {
    if (slot === this.#board.bootControl?.otherSlot) this.#carefully(() => this.#upgrade(false));
  }

  #confirm(): void {
    const { bootControl } = this.#board;
    if (bootControl === undefined)
      this.#say('stand-in', 'confirm: the bootloader knows no such thing');
    else bootControl.confirm();
  }

  #upgrade(permanent: boolean): void {
    const { bootControl } = this.#board;
    if (bootControl === undefined)
      this.#say('stand-in', 'upgrade: the bootloader knows no such thing');
    else bootControl.requestUpgrade(permanent);
  }

  #ends({ how, afterMs }: StandInEnd): void {
    const board = this.#board;
    const when = `${afterMs} ms after its start`;
    switch (how) {
      case 'hang':
        this.#say('stand-in', `hangs, ${when}`);
        this.#end();
        void this.#firmware?.stop();
        // A firmware that has not begun yet has held it.
        board.watchdog.feed();
        return;
      case 'crash':
        this.#end();
        void this.#firmware?.stop();
        board.fault(`crash: stand-in, ${when}`);
        return;
      case 'reset':
        this.#say('stand-in', `resets, ${when}`);
        board.reset();
        return;
      default:
        how satisfies never;
    }
  }

  #say(who: 'board' | 'stand-in', words: string): void {
    this.#board.uart.write(`${who}: ${words}\n`);
  }

  /** At least a millisecond later: what resets at each start would never let time pass. */
  #after(ms: number, run: () => void): void {
    const { clock } = this.#board;
    const dueMs = clock.now() + Math.max(1, ms);
    this.#timers.push(clock.at(dueMs, () => this.#carefully(run)));
  }

  /** What flash refuses is told at the console; a loss of power ends it all by itself. */
  #carefully(run: () => void): void {
    if (this.#over) return;
    try {
      run();
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      if (error.code !== 'POWER_LOST') this.#say('stand-in', error.message);
    }
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const cancel of this.#timers) cancel();
    this.#usb?.stop();
  }
}

/** Whether the board has been neither reset nor lost its power: then its flash is dead to whoever ran before. */
function isAlive({ flash }: Peripherals): boolean {
  try {
    flash.read(0, 1);
    return true;
  } catch (error) {
    if (DfuError.is(error, 'POWER_LOST')) return false;
    throw error;
  }
}
