import type { FirmwareUsbDescription } from '../seams/firmware-api.ts';
import type { FirmwareDfuFunctional, FirmwareMedium } from '../seams/firmware-dfu.ts';

/** Zephyr's vendor number, and what its samples use for DFU in either mode. */
const VENDOR = 0x2fe3;
const RUNTIME_PRODUCT = 0x0005;
const DFU_PRODUCT = 0xffff;

/** Zephyr's version as bcdDevice: 4.2. */
const RELEASE = 0x0402;

/** What the sample is built with. */
export interface SampleOptions {
  /** `CONFIG_APP_USB_DFU_USE_FLASH_BACKEND`. */
  readonly flashBackend: boolean;
  /** `CONFIG_USBD_DFU_FLASH_SLOT0`: with the flash backend, the other slot as well. Default false. */
  readonly slot0?: boolean;
  /** bcdDevice, which is Zephyr's version; default 0x0402. */
  readonly bcdDevice?: number | undefined;
  /** `CONFIG_USBD_DFU_ENABLE_UPLOAD` and `CONFIG_USBD_DFU_MANIFESTATION_TOLERANT`; all on by default. */
  readonly attributes?: FirmwareDfuFunctional['attributes'] | undefined;
}

/** `CONFIG_SAMPLE_USBD_MAX_POWER` 125, in units of 2 mA, and `CONFIG_SAMPLE_USBD_SELF_POWERED`. */
const power = { selfPowered: true, maxPowerMa: 250 };

/** The same in both modes: all four attributes, and no detach time, as it detaches by itself. */
function functionalOf({ attributes = {} }: SampleOptions): FirmwareDfuFunctional {
  return { detachTimeOutMs: 0, transferSizeBytes: 512, attributes };
}

/** 16 KiB, alternate setting 0. */
const ramDisk: FirmwareMedium = { type: 'ram-disk', name: 'ramdisk0', sectors: 32 };
/** Name of alternate setting 1. */
export const SLOT_NAME = 'slot1_image';

/** The slot that is not running, alternate setting 1. */
const slot1: FirmwareMedium = { type: 'flash-image', name: SLOT_NAME, area: 'image-1' };

const slot0: FirmwareMedium = { type: 'flash-image', name: 'slot0_image', area: 'image-0' };

/** The sample in run-time mode. */
export function runtimeDescription(serial: string, options: SampleOptions): FirmwareUsbDescription {
  const functional = functionalOf(options);
  return {
    idVendor: VENDOR,
    idProduct: RUNTIME_PRODUCT,
    bcdDevice: options.bcdDevice ?? RELEASE,
    manufacturer: 'Zephyr Project',
    product: 'USBD sample',
    serial,
    configuration: 'FS Configuration',
    highSpeedConfiguration: 'HS Configuration',
    ...power,
    functions: [{ type: 'dfu-runtime', name: '', functional, detach: 'message' }],
  };
}

/** The sample in DFU mode: no manufacturer, product or serial number. */
export function dfuDescription(options: SampleOptions): FirmwareUsbDescription {
  const functional = functionalOf(options);
  const slots = options.slot0 === true ? [slot0, slot1] : [slot1];
  const media = options.flashBackend ? [ramDisk, ...slots] : [ramDisk];
  return {
    idVendor: VENDOR,
    idProduct: DFU_PRODUCT,
    bcdDevice: options.bcdDevice ?? RELEASE,
    configuration: 'DFU FS Configuration',
    highSpeedConfiguration: 'DFU HS Configuration',
    ...power,
    functions: [{ type: 'dfu-mode', functional, media }],
  };
}
