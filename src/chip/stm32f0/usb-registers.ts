/** Bits of USB_EPnR (RM0091 §30.6.2). */
interface EndpointBits {
  readonly CTR_RX: number;
  readonly DTOG_RX: number;
  readonly STAT_RX: number;
  readonly SETUP: number;
  readonly TYPE: number;
  readonly KIND: number;
  readonly CTR_TX: number;
  readonly DTOG_TX: number;
  readonly STAT_TX: number;
  readonly EA: number;
}
export const EP: EndpointBits = {
  CTR_RX: 0x8000,
  DTOG_RX: 0x4000,
  STAT_RX: 0x3000,
  SETUP: 0x0800,
  TYPE: 0x0600,
  KIND: 0x0100,
  CTR_TX: 0x0080,
  DTOG_TX: 0x0040,
  STAT_TX: 0x0030,
  EA: 0x000f,
};

/** A control endpoint, in EP_TYPE. */
export const TYPE_CONTROL = 0x0200;

/** STAT_RX and STAT_TX, shifted down. */
export const STAT = { disabled: 0, stall: 1, nak: 2, valid: 3 } as const;

/** Bits of USB_CNTR and USB_ISTR that stand at the same place. */
export const EVENT = { RESET: 0x0400, CTR: 0x8000, all: 0xff80 } as const;
export const CNTR = { FRES: 1, PDWN: 2 } as const;
/** The function is enabled (USB_DADDR). */
export const ENABLED = 0x80;
/** The pull-up at D+ (USB_BCDR). */
export const DPPU = 0x8000;

/** Bits that a 1 toggles. */
const TOGGLES = EP.DTOG_RX | EP.STAT_RX | EP.DTOG_TX | EP.STAT_TX;
/** Bits that a 0 clears and a 1 leaves. */
const CLEARED = EP.CTR_RX | EP.CTR_TX;
const PLAIN = EP.TYPE | EP.KIND | EP.EA;

/** What USB_EPnR is after firmware has written to it. */
export function writtenEndpoint(before: number, written: number): number {
  return (
    ((before ^ written) & TOGGLES) |
    (before & written & CLEARED) |
    (before & EP.SETUP) |
    (written & PLAIN)
  );
}

/** The same register with another STAT_RX. */
export function withStatRx(value: number, stat: number): number {
  return (value & ~EP.STAT_RX) | (stat << 12);
}

/** The same register with another STAT_TX. */
export function withStatTx(value: number, stat: number): number {
  return (value & ~EP.STAT_TX) | (stat << 4);
}

export const statRx = (value: number): number => (value >> 12) & 3;
export const statTx = (value: number): number => (value >> 4) & 3;
