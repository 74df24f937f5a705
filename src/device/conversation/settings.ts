import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol } from '../../dfu/index.ts';
import type { SettingParts } from '../../usb/index.ts';
import type { DfuModeOptions } from './options.ts';
import type { FunctionHost } from '../core/function.ts';

/** The alternate settings of DFU mode (DFU 1.1 §4.2.3): one a medium, and the functional descriptor. */
export function alternateSettings(
  { media, functionalAfter = 'last' }: DfuModeOptions,
  functional: Uint8Array,
  { host, interfaceNumber }: { host: FunctionHost; interfaceNumber: number },
): readonly SettingParts[] {
  const only = functionalAfter === 'first' ? 0 : media.length - 1;
  return media.map(({ name }, at) => ({
    descriptor: {
      bInterfaceNumber: interfaceNumber,
      bAlternateSetting: at,
      bNumEndpoints: 0,
      bInterfaceClass: DFU_CLASS,
      bInterfaceSubClass: DFU_SUBCLASS,
      bInterfaceProtocol: DfuProtocol.dfuMode,
      iInterface: host.string(name),
    },
    extra: functionalAfter === 'each' || at === only ? [functional] : [],
  }));
}
