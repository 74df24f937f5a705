/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
