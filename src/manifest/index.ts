/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { channelOf } from './firmware-manifest.ts';
export { MOST_FILE_BYTES } from './manifest-shape.ts';
