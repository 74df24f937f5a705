import { fileURLToPath } from 'node:url';

/** This program, for those that are to start it: where it is built, all files of the command line lie in one folder. */
export const mainFile: string = fileURLToPath(new URL('main.js', import.meta.url));
