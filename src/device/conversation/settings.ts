import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol } from '../../dfu/index.ts';
import type { SettingParts } from '../../usb/index.ts';
import type { FunctionHost } from '../core/function.ts';
import type { FunctionalPlace } from '../dfu/profile.ts';

/** What the alternate settings of DFU mode are made of. */
export interface Settings {
  /** iInterface of each alternate setting. */
  readonly names: readonly string[];
  /** Behind which of them the functional descriptor stands. Default `last`. */
  readonly functionalAfter?: FunctionalPlace | undefined;
}

/** The alternate settings of DFU mode (DFU 1.1 §4.2.3): one a memory, and the functional descriptor. */
export function alternateSettings(
  { names, functionalAfter = 'last' }: Settings,
  functional: Uint8Array,
  { host, interfaceNumber }: { host: FunctionHost; interfaceNumber: number },
): readonly SettingParts[] {
  const only = functionalAfter === 'first' ? 0 : names.length - 1;
  return names.map((name, at) => ({
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
