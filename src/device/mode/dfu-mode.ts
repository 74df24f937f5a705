import { DfuConversation } from '../conversation/dfu-conversation.ts';
import { checkNumber } from '../core/check-number.ts';
import { functionalOf } from '../dfu/functional.ts';
import { COMPATIBLE } from '../profiles/standard.ts';
import { MediumBlocks } from './medium-blocks.ts';
import type { DfuModeOptions } from './options.ts';

/** The DFU-mode function (DFU 1.1 §4.2 and §6): one interface, one alternate setting a medium. */
export class DfuMode extends DfuConversation {
  readonly compatibleId: string = 'WINUSB';

  /** Throws `INVALID_ARGUMENT`. */
  constructor(options: DfuModeOptions) {
    const { profile = COMPATIBLE, media } = options;
    const functional = functionalOf(options.functional);
    const transferSize = functional.wTransferSize;
    checkNumber('media', media.length, [1, 256]);
    super({
      profile,
      functional,
      work: new MediumBlocks(media, {
        profile,
        transferSize,
        tolerant: functional.bmAttributes.manifestationTolerant,
        uploadCondition: options.uploadCondition,
        onManifested: options.onManifested,
      }),
      names: media.map(({ name }) => name),
      functionalAfter: options.functionalAfter ?? profile.functionalAfter,
      mostBlockBytes: transferSize,
      initialStatus: options.initialStatus ?? 'OK',
      tellsReason: profile.fixedReport === undefined,
      leaveDelayMs: options.leaveDelayMs ?? profile.leaveDelayMs,
      waitResetMs: options.waitResetMs ?? profile.waitResetMs,
      policy: options,
      onLeave: options.onLeave,
      onRefused: options.onRefused,
    });
  }
}
