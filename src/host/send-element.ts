/** Bytes that belong together, and where; without an address, where the device thinks fit. */
export interface SendElement {
  readonly address: number | undefined;
  readonly data: Uint8Array;
}
