import { Lock, condition } from '../../device/index.ts';
import type { Condition } from '../../device/index.ts';
import type { Buttons } from '../hardware/button.ts';
import type { BoardModel } from '../models/board-model.ts';

/** What a board can demand: its first button held, or that its application has unlocked it. */
export type DfuDemand = 'button' | 'unlock';

/** What a board demands before it carries a request out. */
export interface DfuPolicy {
  /** For DFU_DETACH. Default: nothing. */
  readonly detach?: DfuDemand | undefined;
  /** For DFU_UPLOAD. Default: nothing. */
  readonly upload?: DfuDemand | undefined;
}

/** The demands of a board as conditions, and the lock that its application opens. */
export class DfuGuard {
  /** Closed again by power-on, the reset button and the watchdog; a reset by software leaves it. */
  readonly lock: Lock = new Lock('locked: the application has not allowed it');
  readonly detach: Condition | undefined;
  readonly upload: Condition | undefined;

  constructor({ detach, upload }: DfuPolicy, model: BoardModel, buttons: Buttons) {
    const name = model.buttons[0]?.name;
    const why = `hold the button ${name ?? ''} for it`;
    const button = condition(why, () => name !== undefined && buttons.isPressed(name));
    const conditions = { button, unlock: this.lock };
    this.detach = detach && conditions[detach];
    this.upload = upload && conditions[upload];
  }
}
