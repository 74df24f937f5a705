/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { departureDoubt } from './departure.ts';
export { DescriptorReader } from './descriptor-reader.ts';
export { otherDevice } from './expected.ts';
export { scanDevice, scanElseAll } from './scan.ts';
export { outcomeSaid, unchangedElse } from './outcome.ts';
export { likelyAddresses } from './likely-address.ts';
export { CONDITIONS, FIELDS, fieldsText } from './quirks/index.ts';
export { ANY_DFU } from './permission.ts';
export { tellsPlaces } from './whereabouts.ts';
export { prepare } from './drive.ts';
export { sendDetach } from './leave.ts';
export { waitsText } from './time-spent.ts';
export { nothingThere } from './select-one.ts';
export { mayMatch, parseAlternate, parseSerials } from './selection.ts';
export { tellingThatItStays } from './stays-in-dfu-mode.ts';
export { suffixFits } from './sending.ts';
export { descriptorLimit, deviceMs } from './time-limits.ts';
