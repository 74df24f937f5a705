import type { Plugin } from 'vite';

/** What the bundler warns of is wrong: it fails the build, here as everywhere. */
export function noWarnings(): Plugin {
  return {
    name: 'no-warnings',
    onLog(level, { message }) {
      if (level === 'warn') throw new Error(message);
    },
  };
}
