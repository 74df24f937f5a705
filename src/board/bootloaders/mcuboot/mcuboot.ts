import { ApplicationSide, boot } from '../../../boot/mcuboot/index.ts';
import type { ImageJudge, BootConfig, BootResult, SwapType } from '../../../boot/mcuboot/index.ts';
import { DfuError, PACKAGE_VERSION } from '../../../bytes/index.ts';
import type { Flash } from '../../../flash/index.ts';
import { formatVersion } from '../../../image/index.ts';
import type { Key } from '../../../image/index.ts';
import type {
  BootDecision,
  BootReason,
  BootSurroundings,
  Bootloader,
} from '../../seams/bootloader.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { BootloaderOrder, BuildOptions } from '../../seams/bootloader-record.ts';
import type { FirmwareFlashArea } from '../../seams/firmware-api.ts';
import { slotOfArea } from '../../seams/slot-of-area.ts';
import type { ImageInspector } from '../../seams/image-inspector.ts';
import { McubootInspector } from './inspector.ts';
import { mcubootLayout } from './layout.ts';
import type { McubootMode } from '../../models/mcuboot-build.ts';
import { trailerFault } from '../../models/mcuboot-config.ts';
import { boardJudge } from './judge.ts';
import type { McubootLayout } from './layout.ts';
import type { BootControl, DfuHabits } from '../../seams/peripherals.ts';
import { zephyrDfu } from '../zephyr-dfu.ts';

/** What an MCUboot is compiled with. */
export interface McubootOptions extends BuildOptions {
  /** Default `swap-using-move`. */
  readonly mode?: McubootMode | undefined;
  /**
   * The keys that it trusts, all of one kind; public halves do. None at all: a build that is content
   * with the hash of an image (`CONFIG_BOOT_SIGNATURE_TYPE_NONE`).
   */
  readonly keys: readonly Key[];
}

/** MCUboot as Zephyr builds it, with its console. */
export class McubootBootloader implements Bootloader {
  readonly name = 'mcuboot';
  readonly platform = 'zephyr';
  readonly dfu: DfuHabits;
  readonly areas: readonly FirmwareFlashArea[];
  readonly layout: McubootLayout;
  readonly #config: BootConfig;
  readonly #judge: ImageJudge;
  readonly #checkImages: boolean;

  /** Throws `INVALID_ARGUMENT` for a board without partitions or keys that cannot be trusted together. */
  constructor(
    model: BoardModel,
    options: McubootOptions,
    around: Pick<BootloaderOrder, 'profile' | 'checkImages'> = {},
  ) {
    const { mode, guarded = false, downgradePrevention } = options;
    this.dfu = zephyrDfu(around.profile);
    this.layout = mcubootLayout(model, mode);
    this.areas = this.layout.areas;
    this.#checkImages = around.checkImages !== false;
    const { config } = this.layout;
    const small = trailerFault(config, model.flash);
    if (small !== undefined) {
      const where = `${model.name} with MCUboot: ${config.algorithm}: ${small.area}`;
      throw new DfuError('INVALID_ARGUMENT', `${where}: ${small.words}`);
    }
    this.#config = {
      ...config,
      guarded,
      downgradePrevention: downgradePrevention ?? config.downgradePrevention,
    };
    this.#judge = boardJudge(model, options);
  }

  async decide({ flash, print }: BootSurroundings): Promise<BootDecision> {
    const version = PACKAGE_VERSION;
    print(`*** Booting MCUboot of dfukit v${version} ***`);
    print(`*** Using dfukit v${version} ***`);
    const result = await boot({ flash, config: this.#config, judge: this.#judge, onLog: print });
    return this.#decision(result);
  }

  bootControl(flash: Flash, slot: number): BootControl {
    const inPlace = this.#config.algorithm === 'direct-xip';
    const running = inPlace && slot === 1 ? 1 : 0;
    return new McubootControl(new ApplicationSide(flash, this.#config), {
      running,
      inspector: (area) => this.#inspector(flash, area),
    });
  }

  #inspector(flash: Flash, area: string): ImageInspector | undefined {
    const slot = slotOfArea(area);
    const { flashBase, config } = this.layout;
    const known = slot !== undefined && slot < 2 * config.images.length;
    if (!this.#checkImages || !known) return undefined;
    const place = { image: Math.floor(slot / 2), slot: slot % 2 === 0 ? 0 : 1 } as const;
    return new McubootInspector({ flash, config: this.#config, place, flashBase }, this.#judge);
  }

  #decision({ outcome, reason, image, swapTypes }: BootResult): BootDecision {
    if (outcome === 'fail') return { mode: 'none', why: 'no bootable image' };
    if (image === undefined) {
      return { mode: 'none', why: 'bootloader stopped', fault: reason ?? outcome };
    }
    const { offsetBytes, header } = image;
    return {
      mode: 'application',
      why: this.#reason(swapTypes),
      slot: image.slot,
      version: formatVersion(header.version),
      entryAddress: this.layout.flashBase + offsetBytes + header.hdrSize,
    };
  }

  #reason([swapType = 'none']: BootResult['swapTypes']): BootReason {
    return this.#config.algorithm === 'direct-xip' ? 'newest slot' : reasons[swapType];
  }
}

const reasons: Readonly<Record<SwapType, BootReason>> = {
  none: 'primary slot',
  test: 'test swap',
  perm: 'permanent swap',
  revert: 'revert',
  fail: 'primary slot',
  panic: 'primary slot',
};

/** What the running image can ask for, by way of the trailers. */
class McubootControl implements BootControl {
  readonly inspector: BootControl['inspector'];
  readonly otherSlot: number;
  readonly #side: ApplicationSide;
  readonly #own: 'primary0' | 'secondary0';
  readonly #other: 'primary0' | 'secondary0';

  constructor(
    side: ApplicationSide,
    { running, inspector }: Pick<BootControl, 'inspector'> & { readonly running: 0 | 1 },
  ) {
    this.#side = side;
    this.inspector = inspector;
    this.otherSlot = 1 - running;
    this.#own = running === 0 ? 'primary0' : 'secondary0';
    this.#other = running === 0 ? 'secondary0' : 'primary0';
  }

  requestUpgrade(permanent: boolean): void {
    this.#check('request', this.#side.setNext(this.#other, { confirm: permanent }));
  }

  confirm(): void {
    this.#check('confirm', this.#side.setNext(this.#own, { active: true, confirm: true }));
  }

  isConfirmed(): boolean {
    const { magic, imageOk } = this.#side.state(this.#own);
    return magic === 'unset' || imageOk === 'set';
  }

  swapType(): ReturnType<ApplicationSide['swapType']> {
    return this.#side.swapType();
  }

  eraseUpgrade(): void {
    this.#side.eraseImageBank(this.#other);
  }

  #check(what: string, result: number): void {
    if (result === 0) return;
    const words = 'the trailer of the slot holds something else; erase the slot';
    throw new DfuError('REFUSED', `MCUboot: ${what}: ${words} (${result})`);
  }
}
