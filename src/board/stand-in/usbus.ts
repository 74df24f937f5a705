import type { FirmwareUsbDescription, FirmwareUsbFunction } from '../seams/firmware-api.ts';

/** RIOT's own vendor and product, for firmware that has no better one. */
const ID = { idVendor: 0x1209, idProduct: 0x7d00 };

/** The device that RIOT's USB stack makes of a board, with these functions. */
export function usbusDescription(
  { name, serial }: { readonly name: string; readonly serial: string },
  functions: readonly FirmwareUsbFunction[],
): FirmwareUsbDescription {
  return {
    ...ID,
    manufacturer: 'RIOT-os.org',
    product: name,
    serial,
    configuration: 'USB config',
    functions,
  };
}
