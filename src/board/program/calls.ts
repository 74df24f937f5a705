import { DfuError } from '../../bytes/index.ts';
import type { BootControl, Peripherals } from '../seams/peripherals.ts';
import type { ProgramUsb } from './usb.ts';
import type { CallMessage } from './protocol.ts';

/** Most that a program can read from flash in one call, in bytes. */
const MOST_READ_BYTES = 0x10000;
/** Most calls that can wait at the same time. */
const MOST_SLEEPS = 1024;

/** What comes of a call: a value, or bytes. */
type Value = string | number | null | Uint8Array;

function number(args: readonly unknown[], at: number): number {
  const value = args[at];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new DfuError('INVALID_ARGUMENT', `argument ${at}: expected a number, got ${typeof value}`);
}

function data({ bytes }: CallMessage): Uint8Array {
  if (bytes !== undefined) return bytes;
  throw new DfuError('INVALID_ARGUMENT', 'expected bytes, got none');
}

/** What a program can ask of its board, carried out. Nothing that it says is believed. */
export class ProgramCalls {
  readonly #board: Peripherals;
  readonly #usb: ProgramUsb;
  readonly #sleeps = new Set<() => void>();

  constructor(board: Peripherals, usb: ProgramUsb) {
    this.#board = board;
    this.#usb = usb;
  }

  /** Does it and tells `done`, now or later. Throws `DfuError` for what cannot be done. */
  run(call: CallMessage, done: (value: Value) => void): void {
    const { name, args } = call;
    const board = this.#board;
    switch (name) {
      case 'sleep':
        this.#sleep(number(args, 0), () => done(null));
        return;
      case 'uptimeUs':
        done(this.#usb.uptimeUs());
        return;
      case 'reboot':
        board.reset();
        return;
      case 'enterDfuMode':
        board.enterDfuMode();
        return;
      case 'dfuUnlock':
        board.dfuGuard.lock.unlock();
        done(null);
        return;
      case 'dfuLock':
        board.dfuGuard.lock.lock();
        done(null);
        return;
      case 'usbAttach':
        this.#usb.attach(args[0], call.bytes);
        done(null);
        return;
      case 'usbDetach':
        this.#usb.detach();
        done(null);
        return;
      case 'sensorRead':
        done(board.sensors.read(number(args, 0)));
        return;
      case 'sensorWrite':
        board.sensors.write(number(args, 0), number(args, 1));
        done(null);
        return;
      case 'flashRead':
        done(board.flash.read(this.#offset(args), this.#readLength(args)));
        return;
      case 'flashProgram':
        board.flash.program(this.#offset(args), data(call));
        done(null);
        return;
      case 'ramRead':
        done(board.retainedRam.readWord(number(args, 0)));
        return;
      case 'ramWrite':
        board.retainedRam.writeWord(number(args, 0), number(args, 1));
        done(null);
        return;
      case 'flashErase':
        board.flash.erase(this.#offset(args), number(args, 1));
        done(null);
        return;
      case 'bootRequestUpgrade':
        this.#control.requestUpgrade(number(args, 0) === 1);
        done(null);
        return;
      case 'bootConfirm':
        this.#control.confirm();
        done(null);
        return;
      case 'bootIsConfirmed':
        done(this.#control.isConfirmed() ? 1 : 0);
        return;
      case 'bootSwapType':
        done(this.#control.swapType());
        return;
      case 'bootEraseUpgrade':
        this.#control.eraseUpgrade();
        done(null);
        return;
      default:
        throw new DfuError('UNSUPPORTED', `a board has no "${String(name satisfies never)}"`);
    }
  }

  /** Whatever still waits is given up. */
  stop(): void {
    for (const cancel of this.#sleeps) cancel();
    this.#sleeps.clear();
  }

  get #control(): BootControl {
    const { bootControl } = this.#board;
    if (bootControl !== undefined) return bootControl;
    throw new DfuError('UNSUPPORTED', 'the bootloader of this board takes no requests');
  }

  #sleep(ms: number, done: () => void): void {
    if (this.#sleeps.size >= MOST_SLEEPS) {
      throw new DfuError('BUSY', `${MOST_SLEEPS} sleeps at the same time are the most`);
    }
    const { clock } = this.#board;
    const cancel = clock.at(clock.now() + Math.max(0, ms), () => {
      this.#sleeps.delete(cancel);
      done();
    });
    this.#sleeps.add(cancel);
  }

  #offset(args: readonly unknown[]): number {
    return number(args, 0) - this.#board.model.flashBaseAddress;
  }

  #readLength(args: readonly unknown[]): number {
    const length = number(args, 1);
    if (length <= MOST_READ_BYTES) return length;
    throw new DfuError('OUT_OF_RANGE', `read: expected at most ${MOST_READ_BYTES}, got ${length}`);
  }
}
