/** All that only DfuSe needs: loaded when a device may speak it. */
export { dfuseSteps } from './dfuse-outline.ts';
export { dfuseSending } from './dfuse-sending.ts';
export { likelyAddresses } from './likely-address.ts';
export { memoryLayoutOf, takesDfuSe } from './memory-layout.ts';
export { placedByLayout } from './placed-by-layout.ts';
export { sendParts } from './send-parts.ts';
