/**
 * Chips that execute machine code: an ARMv6-M core and what is around it in an RP2040 and an STM32F072.
 *
 * @module
 */
export type { Core, CoreFault, CoreStop } from './armv6m/core.ts';
export type {
  Chip,
  ChipCause,
  ChipFlash,
  ChipModel,
  ChipOrder,
  ChipOutside,
  ChipStop,
} from './chip.ts';
export type { InAnswer, OutAnswer, UsbPort } from './usb-port.ts';
export { chipModel } from './catalogue.ts';
export { UsbHost } from './control/usb-host.ts';
export type { UsbHostListener } from './control/usb-host.ts';
export type { ControlWork } from './control/control-host.ts';
export type { ControlEnd, ControlStage } from './control/transfer.ts';
export type { SeenDescriptors } from './control/look.ts';
