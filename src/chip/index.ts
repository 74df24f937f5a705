/** The room's face to its siblings. */
export * from './public.ts';
