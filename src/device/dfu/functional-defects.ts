import type { FunctionalOptions } from './functional.ts';

/** What is wrong with the functional descriptor of a real device. */
export interface FunctionalDefects {
  /** bitCanUpload says what bitCanDnload says. */
  readonly uploadBitIsDownloadBit?: boolean | undefined;
  /** It always says that version. */
  readonly bcdDFUVersion?: number | undefined;
  /** A wTransferSize down to this goes out as it is. */
  readonly leastTransferSize?: number | undefined;
}

/** What a device says of itself that means the options and has the defects. */
export function withDefects(
  options: FunctionalOptions,
  { uploadBitIsDownloadBit = false, bcdDFUVersion }: FunctionalDefects,
): FunctionalOptions {
  const { bmAttributes } = options;
  return {
    ...options,
    bmAttributes: uploadBitIsDownloadBit
      ? { ...bmAttributes, canUpload: bmAttributes?.canDnload ?? true }
      : bmAttributes,
    bcdDFUVersion: bcdDFUVersion ?? options.bcdDFUVersion,
  };
}
