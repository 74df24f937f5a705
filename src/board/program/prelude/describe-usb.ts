import type { FirmwareUsbDescription, FirmwareUsbFunction } from '../../seams/firmware-api.ts';
import type { UsbDescriptionMessage, UsbFunctionMessage } from '../protocol.ts';
import { ownBytes } from './link.ts';

/** A description as it crosses the border: nothing in it is left out, and JSON knows no `undefined`. */
interface DescribedUsb {
  readonly message: Omit<UsbDescriptionMessage, 'serial'> & { readonly serial: string | null };
  /** The class-specific descriptors of its interfaces, one behind the other. */
  readonly bytes: Uint8Array;
}

/** Puts a description into the form in which `ProgramUsb` takes it. */
export function describeUsb(description: FirmwareUsbDescription): DescribedUsb {
  const descriptors: number[] = [];
  const message = {
    idVendor: description.idVendor,
    idProduct: description.idProduct,
    bcdDevice: description.bcdDevice ?? 0x0100,
    manufacturer: description.manufacturer ?? '',
    product: description.product ?? '',
    serial: description.serial ?? null,
    configuration: description.configuration ?? '',
    highSpeedConfiguration: description.highSpeedConfiguration ?? '',
    selfPowered: description.selfPowered ?? false,
    maxPowerMa: description.maxPowerMa ?? 100,
    functions: description.functions.map((each) => describeFunction(each, descriptors)),
  };
  return { message, bytes: ownBytes(descriptors) };
}

/** As it crosses the border; its descriptors go behind the others. */
function describeFunction(each: FirmwareUsbFunction, descriptors: number[]): UsbFunctionMessage {
  if (each.type === 'dfu-mode') return each;
  if (each.type === 'dfu-runtime') {
    const { type, name = 'RIOT-OS bootloader', functional, association = false } = each;
    const detach = typeof each.detach === 'function' ? 'program' : (each.detach ?? 'bootloader');
    return { type, name, association, detach, asks: each.allow !== undefined, functional };
  }
  const lengths = (each.descriptors ?? []).map((bytes) => {
    for (const byte of ownBytes(bytes)) descriptors.push(byte);
    return bytes.length;
  });
  return {
    type: each.type,
    name: each.name ?? '',
    triple: [each.bInterfaceClass, each.bInterfaceSubClass, each.bInterfaceProtocol],
    descriptorLengths: lengths,
    answers: each.onControl !== undefined,
  };
}
