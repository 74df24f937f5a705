/** DFU 1.1 table 3.2: bRequest of the class requests (bmRequestType 0x21 out, 0xa1 in). */
export const DfuRequest = {
  DETACH: 0,
  DNLOAD: 1,
  UPLOAD: 2,
  GETSTATUS: 3,
  CLRSTATUS: 4,
  GETSTATE: 5,
  ABORT: 6,
} as const;

export type DfuRequestName = keyof typeof DfuRequest;

const requestNames: readonly DfuRequestName[] = Object.keys(DfuRequest) as DfuRequestName[];

/** The name of a bRequest; undefined if DFU 1.1 has none of that number. */
export function dfuRequestName(bRequest: number): DfuRequestName | undefined {
  return requestNames[bRequest];
}

/** bInterfaceClass "application specific", DFU 1.1 table 4.1 and 4.4. */
export const DFU_CLASS = 0xfe;
/** bInterfaceSubClass "device firmware upgrade". */
export const DFU_SUBCLASS = 1;
/** bInterfaceProtocol: run-time (table 4.1) or DFU mode (table 4.4). */
export const DfuProtocol = { runtime: 1, dfuMode: 2 } as const;
