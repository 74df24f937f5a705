/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { checkedFile } from './check-file.ts';
export { signatureFinding } from './check-signature.ts';
export { MOST_FILE_BYTES, channelOf, idsOf } from './firmware-manifest.ts';
export { isVersion } from './version.ts';
