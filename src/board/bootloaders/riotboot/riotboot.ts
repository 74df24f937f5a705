import { Device, DfuMode, COMPATIBLE } from '../../../device/index.ts';
import type { DeviceIdentity, FunctionalOptions, Medium } from '../../../device/index.ts';
import type { Flash } from '../../../flash/index.ts';
import {
  RIOTBOOT_MAGIC_NUMBER,
  chooseSlot,
  decideBoot,
  riotbootMagicAddress,
} from '../../../boot/riotboot/index.ts';
import type { RiotbootLayout, SelectionOptions } from '../../../boot/riotboot/index.ts';
import type { UsbDevice, UsbId } from '../../../usb/index.ts';
import type {
  BootDecision,
  BootSurroundings,
  Bootloader,
  DfuModeEvents,
} from '../../seams/bootloader.ts';
import type { FirmwareFlashArea } from '../../seams/firmware-api.ts';
import type { DfuHabits } from '../../seams/peripherals.ts';
import { originalSlotMedia, slotMedia } from '../../media/slot-medium.ts';
import { withSerial } from '../../hardware/usb-identity.ts';
import type { BootloaderOrder } from '../../seams/bootloader-record.ts';
import { boardLayout } from './layout.ts';
import type { RiotbootName } from '../../models/riotboot-build.ts';

/** What a riotboot is compiled with. */
interface RiotbootOptions extends BootloaderOrder {
  readonly name: RiotbootName;
  /** USB DFU is in it. */
  readonly dfu: boolean;
}

/** The ids of riotboot_dfu, from pid.codes. */
export const RIOTBOOT_DFU_ID: UsbId = { idVendor: 0x1209, idProduct: 0x7d02 };

/**
 * How long a host may take from DFU_DETACH to the reset that it owes, in ms, where the board does not
 * detach by itself: RIOT's 255 are too few for a bus that goes over a network.
 */
const RESET_WAIT_MS = 5000;

function functionalOf(willDetach: boolean): FunctionalOptions {
  return {
    bmAttributes: { canDnload: true, canUpload: false, manifestationTolerant: false, willDetach },
    wDetachTimeOut: willDetach ? 255 : RESET_WAIT_MS,
    wTransferSize: 64,
  };
}

/** riotboot, with USB DFU or without. */
export class RiotbootBootloader implements Bootloader {
  readonly name: RiotbootName;
  readonly platform = 'riot';
  readonly dfu: DfuHabits;
  readonly areas: readonly FirmwareFlashArea[];
  readonly layout: RiotbootLayout;
  readonly #options: RiotbootOptions;
  readonly #selection: SelectionOptions;

  constructor(options: RiotbootOptions) {
    const { profile = COMPATIBLE, willDetach = true } = options;
    this.name = options.name;
    this.dfu = { functional: functionalOf(willDetach), profile };
    this.layout = boardLayout(options.model, options.name);
    this.areas = this.layout.slots.map(({ index, address, sizeBytes }) => ({
      name: `slot${index}`,
      address,
      sizeBytes,
    }));
    this.#options = options;
    // RIOT's own check of the start address never fails; as itself it shall be like that here.
    this.#selection = { checkStartAddress: profile.writesAsOriginal !== true };
  }

  decide({ model, flash, retainedRam, buttonPressed }: BootSurroundings): BootDecision {
    const address = riotbootMagicAddress(model.ram.baseAddress, model.ram.sizeBytes);
    const decision = decideBoot({
      dfu: this.#options.dfu,
      magicWord: retainedRam.readWord(address),
      buttonPressed,
      choice: chooseSlot(flash, this.layout, this.#selection),
    });
    switch (decision.do) {
      case 'jump': {
        const { slot, version, startAddress } = decision.choice;
        const jump = { slot: slot.index, version, entryAddress: startAddress };
        return { mode: 'application', why: 'newest slot', ...jump };
      }
      case 'dfu':
        if (decision.why === 'magic') retainedRam.writeWord(address, 0);
        return { mode: 'dfu', why: REASONS[decision.why] };
      case 'halt':
        return { mode: 'none', why: 'no valid slot' };
      default:
        return decision satisfies never;
    }
  }

  requestDfuMode({ model, retainedRam }: Pick<BootSurroundings, 'model' | 'retainedRam'>): void {
    const address = riotbootMagicAddress(model.ram.baseAddress, model.ram.sizeBytes);
    retainedRam.writeWord(address, RIOTBOOT_MAGIC_NUMBER);
  }

  dfuMode(flash: Flash, events: DfuModeEvents): UsbDevice {
    const { functional } = this.dfu;
    const profile = this.dfu.profile.runtimeOnly === true ? COMPATIBLE : this.dfu.profile;
    const os = this.#options.usbIdentity?.os;
    const media = this.#media(flash);
    const riot = this.dfu.profile.writesAsOriginal === true;
    const mode = new DfuMode({
      media,
      functional,
      profile,
      firmwareGood: () => chooseSlot(flash, this.layout, this.#selection) !== undefined,
      onManifested: (medium, bytes) => events.downloaded(media.indexOf(medium), bytes),
      onRefused: (refusal) => events.refused(refusal.alternate, refusal),
      onLeave: ({ reason }) => {
        // RIOT answers DFU_DETACH the same way in both modes: magic number, reset.
        if (riot && reason === 'detach') events.again();
        else events.left();
      },
    });
    return new Device({
      identity: this.#identity(),
      configurations: [{ functions: [mode], name: 'USB config' }],
      quirks: profile.control,
      osIdentity: os,
    });
  }

  #media(flash: Flash): readonly Medium[] {
    if (this.dfu.profile.writesAsOriginal === true) return originalSlotMedia(flash, this.layout);
    const { keepBootable, checkImages, refuseOlder = false } = this.#options;
    const checks = checkImages !== false;
    return slotMedia(flash, this.layout, {
      force: keepBootable !== true,
      checkHeader: checks,
      checkStartAddress: checks,
      refuseOlder,
    });
  }

  #identity(): DeviceIdentity {
    const { usbId = RIOTBOOT_DFU_ID, model, serial, usbIdentity } = this.#options;
    const identity = { ...usbId, manufacturer: 'RIOT-os.org', product: model.name, serial };
    return withSerial(identity, serial, usbIdentity?.serial ?? 'told');
  }
}

const REASONS = { magic: 'magic number', button: 'button', 'no-slot': 'no valid slot' } as const;
