import {
  STM32_MAGIC_NUMBER,
  VECTOR_BYTES,
  decideStm32Start,
  stm32MagicAddress,
} from '../../../boot/stm32/index.ts';
import { DfuError } from '../../../bytes/index.ts';
import { chipModel } from '../../../chip/index.ts';
import {
  COMPATIBLE,
  DFUSE_COMPATIBLE,
  Device,
  DfuSeMode,
  STM32_ROM,
} from '../../../device/index.ts';
import type { DfuSeLeave, FunctionalOptions } from '../../../device/index.ts';
import { DfuVersion } from '../../../dfu/index.ts';
import type { Flash } from '../../../flash/index.ts';
import type { UsbDevice, UsbId } from '../../../usb/index.ts';
import type {
  BootDecision,
  BootSurroundings,
  Bootloader,
  DfuModeEvents,
} from '../../seams/bootloader.ts';
import { flashSizeBytes } from '../../models/board-model.ts';
import type { FirmwareFlashArea } from '../../seams/firmware-api.ts';
import type { DfuHabits } from '../../seams/peripherals.ts';
import type { BootloaderOrder } from '../../seams/bootloader-record.ts';
import { isBox, programBox } from '../../program/box.ts';
import { withSerial } from '../../hardware/usb-identity.ts';
import { Stm32FlashMemory, Stm32OptionMemory, Stm32Options } from '../../media/stm32-memory.ts';
import type { SystemModel } from '../../media/stm32-memory.ts';

/** Vendor and product of ST's loaders. */
export const STM32_ROM_ID: UsbId = { idVendor: 0x0483, idProduct: 0xdf11 };

/** As the crate usbd-dfu-rt has it: the loader behind it speaks DfuSe. */
function runtimeFunctional(willDetach: boolean): FunctionalOptions {
  return {
    bmAttributes: { canDnload: true, canUpload: true, manifestationTolerant: false, willDetach },
    // Where the host owes a reset, it may come over a network.
    wDetachTimeOut: willDetach ? 255 : 5000,
    wTransferSize: 2048,
    bcdDFUVersion: DfuVersion.dfuSe,
  };
}

/** What ST's loaders say of themselves. */
const ROM_WORDS = {
  bcdDevice: 0x2200,
  manufacturer: 'STMicroelectronics',
  product: 'STM32  BOOTLOADER',
} as const;
const ROM_FUNCTIONAL: FunctionalOptions = {
  bmAttributes: {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: false,
    willDetach: true,
  },
  wDetachTimeOut: 255,
  wTransferSize: 2048,
  bcdDFUVersion: DfuVersion.dfuSe,
};

/**
 * Start-up of an STM32 and the DfuSe loader in its system memory. The option bytes live as long as this
 * object, through resets and losses of power.
 */
export class Stm32Bootloader implements Bootloader {
  readonly name = 'stm32-rom';
  readonly platform = 'riot';
  readonly dfu: DfuHabits;
  readonly areas: readonly FirmwareFlashArea[];
  readonly #model: SystemModel;
  readonly #options: BootloaderOrder;
  readonly #optionBytes = new Stm32Options();
  /** The magic number was left by the board, in the name of its program. */
  #requested = false;
  /** The loader jumps there instead of resetting. */
  #jump: number | undefined;

  /** Throws `INVALID_ARGUMENT` for a chip without such a loader. */
  constructor(options: BootloaderOrder) {
    const { model, profile = COMPATIBLE, willDetach = true } = options;
    const { systemMemory } = model;
    if (systemMemory === undefined) {
      throw new DfuError('INVALID_ARGUMENT', `${model.name} has no loader in system memory`);
    }
    this.#model = { ...model, systemMemory };
    this.#options = options;
    this.dfu = { functional: runtimeFunctional(willDetach), profile };
    const sizeBytes = flashSizeBytes(model.flash);
    this.areas = [{ name: 'image', address: model.flashBaseAddress, sizeBytes }];
  }

  decide({ model, flash, retainedRam, buttonPressed }: BootSurroundings): BootDecision {
    const jump = this.#jump;
    this.#jump = undefined;
    if (jump !== undefined) {
      return { mode: 'application', why: 'left the loader', entryAddress: jump };
    }
    this.#optionBytes.load();
    const address = stm32MagicAddress(model.ram);
    const decision = decideStm32Start({
      magicWord: this.#countsMagic(flash) ? retainedRam.readWord(address) : 0,
      boot0: buttonPressed,
      vectors: flash.read(0, VECTOR_BYTES),
      memories: {
        flash: { baseAddress: model.flashBaseAddress, sizeBytes: flash.sizeBytes },
        ram: model.ram,
      },
    });
    if (decision.go === 'application') {
      const { entryAddress } = decision;
      return { mode: 'application', why: 'application', entryAddress };
    }
    if (decision.why === 'magic') retainedRam.writeWord(address, 0);
    return { mode: 'dfu', why: REASONS[decision.why] };
  }

  /** Start-up code that is executed looks for what it has left by itself, wherever that is. */
  #countsMagic(flash: Flash): boolean {
    const requested = this.#requested;
    this.#requested = false;
    if (requested || chipModel(this.#model.chip) === undefined) return true;
    return isBox(flash.read(0, programBox.size));
  }

  requestDfuMode({ model, retainedRam }: Pick<BootSurroundings, 'model' | 'retainedRam'>): void {
    this.#requested = true;
    retainedRam.writeWord(stm32MagicAddress(model.ram), STM32_MAGIC_NUMBER);
  }

  dfuMode(flash: Flash, events: DfuModeEvents): UsbDevice {
    const { usbId = STM32_ROM_ID, serial, dfuse = STM32_ROM, usbIdentity } = this.#options;
    const os = dfuse.name === DFUSE_COMPATIBLE.name ? usbIdentity?.os : undefined;
    const memory = new Stm32FlashMemory(flash, this.#model, this.#optionBytes);
    const mode = new DfuSeMode({
      memories: [memory, new Stm32OptionMemory(this.#model, this.#optionBytes)],
      functional: ROM_FUNCTIONAL,
      profile: dfuse,
      onRefused: (refusal) => events.refused(0, { ...refusal, bytes: memory.programmedBytes }),
      onLeave: (leave) => {
        if (memory.programmedBytes > 0) events.downloaded(0, memory.programmedBytes);
        this.#leave(leave);
        events.left();
      },
    });
    return new Device({
      identity: withSerial(
        { ...usbId, ...ROM_WORDS, serial },
        serial,
        usbIdentity?.serial ?? 'told',
      ),
      configurations: [{ functions: [mode], selfPowered: true }],
      quirks: dfuse.control,
      osIdentity: os,
    });
  }

  /** ST AN3156 §3.3: the loader jumps to where its address pointer stands; any other way is a reset. */
  #leave({ reason, address }: DfuSeLeave): void {
    const { flashBaseAddress, flash } = this.#model;
    const inFlash = address - flashBaseAddress;
    if (reason !== 'manifested' || inFlash < 0 || inFlash >= flashSizeBytes(flash)) return;
    this.#jump = address;
  }
}

const REASONS = {
  boot0: 'button',
  magic: 'magic number',
  'no application': 'no application',
} as const;
