import { defined } from '../../bytes/index.ts';
import { DfuVersion, functionalDescriptor } from '../../dfu/index.ts';
import type { DfuAttributes, FunctionalDescriptor } from '../../dfu/index.ts';
import { checkNumber } from '../core/check-number.ts';

/** The functional descriptor, as far as it is not to be the usual one. Give both modes the same. */
export interface FunctionalOptions {
  /** Default: all but `accelerated`. */
  readonly bmAttributes?:
    { readonly [K in keyof DfuAttributes]?: DfuAttributes[K] | undefined } | undefined;
  /** In ms; default 1000. */
  readonly wDetachTimeOut?: number | undefined;
  /** In bytes, 8 to 65535; default 4096, the most that Linux passes on in one transfer. */
  readonly wTransferSize?: number | undefined;
  /** Default 0x0110. */
  readonly bcdDFUVersion?: number | undefined;
}

/** Fills the defaults in; a transfer below `leastTransferSize` bytes is no use. Throws `INVALID_ARGUMENT`. */
export function functionalOf(
  options: FunctionalOptions = {},
  leastTransferSize = 8,
): FunctionalDescriptor {
  const attributes = {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: true,
    willDetach: true,
    accelerated: false,
    ...defined(options.bmAttributes ?? {}),
  };
  return {
    bmAttributes: attributes,
    wDetachTimeOut: checkNumber('wDetachTimeOut', options.wDetachTimeOut ?? 1000, [0, 0xffff]),
    wTransferSize: checkNumber('wTransferSize', options.wTransferSize ?? 4096, [
      leastTransferSize,
      0xffff,
    ]),
    bcdDFUVersion: checkNumber(
      'bcdDFUVersion',
      options.bcdDFUVersion ?? DfuVersion.dfu11,
      [0, 0xffff],
    ),
  };
}

/** Its nine bytes. */
export function functionalBytes(functional: FunctionalDescriptor): Uint8Array {
  return functionalDescriptor.encode(functional);
}
