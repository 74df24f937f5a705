/** The room's face to its siblings: what the world sees. */
export * from './public.ts';
