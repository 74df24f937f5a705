import { defined } from '../../bytes/index.ts';
import { DfuVersion } from '../../dfu/index.ts';
import { DfuConversation } from '../conversation/dfu-conversation.ts';
import { checkNumber } from '../core/check-number.ts';
import { functionalOf } from '../dfu/functional.ts';
import { DfuSeWork } from './dfuse-work.ts';
import type { Unprotected } from './dfuse-work.ts';
import type { DfuSeModeOptions } from './options.ts';
import { DFUSE_COMPATIBLE } from './profile.ts';

/**
 * The DFU-mode function in ST's dialect, DfuSe (ST AN3156, UM0391): one interface, one alternate setting
 * a memory. Block 0 is a command, blocks from 2 on are data at the address pointer. A command or block
 * is carried out when the host asks for the status after it.
 */
export class DfuSeMode extends DfuConversation<Unprotected> {
  readonly #work: DfuSeWork;

  /** Throws `INVALID_ARGUMENT`, and what `parseMemoryLayout` throws. */
  constructor(options: DfuSeModeOptions) {
    const { profile = DFUSE_COMPATIBLE, memories, onLeave } = options;
    const usual = { bcdDFUVersion: DfuVersion.dfuSe, wTransferSize: 2048 };
    const functional = functionalOf({ ...usual, ...defined(options.functional ?? {}) }, 1);
    const transferSize = functional.wTransferSize;
    checkNumber('memories', memories.length, [1, 256]);
    const work = new DfuSeWork(options, profile, transferSize);
    super({
      profile,
      functional,
      work,
      names: memories.map(({ layout }) => layout),
      functionalAfter: profile.functionalAfter,
      // A command has five bytes, however small the blocks.
      mostBlockBytes: Math.max(transferSize, 5),
      initialStatus: options.initialStatus ?? profile.initialStatus,
      tellsReason: profile.tellsReason,
      leaveDelayMs: options.leaveDelayMs ?? profile.leaveDelayMs,
      waitResetMs: Infinity,
      policy: {},
      onRefused: options.onRefused,
      onLeave: onLeave && ((leave) => onLeave({ ...leave, address: work.addressPointer })),
    });
    this.#work = work;
  }

  /** The address that block 2 belongs to. */
  get addressPointer(): number {
    return this.#work.addressPointer;
  }
}
