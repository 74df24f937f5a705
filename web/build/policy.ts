import type { Plugin } from 'vite';

/** What a page of the site may load: what stands beside it, and nothing that stands in the page's own text. */
const page: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'connect-src': "'self'",
  'worker-src': "'self'",
  'manifest-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
};

/** What the API reference may, whose programs set styles in the text that they write. */
const reference = { ...page, 'style-src': "'self' 'unsafe-inline'" };

/** What a worker may: a firmware of the user's is a module that no server has. */
const worker: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self' blob:",
  'worker-src': "'self' blob:",
  'connect-src': "'self'",
};

const text = (policy: Readonly<Record<string, string>>): string =>
  Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');

/** For a page's own head: it holds where the server sends no headers. */
export const pagePolicy: string = text(page);

/** Of a file whose name changes with what is in it: what was loaded once is there without a network, too. */
const forGood = 'public, max-age=31536000, immutable';

const headers = `/*
  Content-Security-Policy: ${text({ ...page, 'frame-ancestors': "'self'" })}
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Permissions-Policy: usb=(self)

/api/*
  Content-Security-Policy: ${text({ ...reference, 'frame-ancestors': "'self'" })}

/workers/*
  Content-Security-Policy: ${text(worker)}
  Cache-Control: ${forGood}

/assets/*
  Cache-Control: ${forGood}
`;

/** Writes the headers beside the pages, in the form that several hosts of static files read: `_headers`. */
export function servedHeaders(): Plugin {
  return {
    name: 'served-headers',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: '_headers', source: headers });
    },
  };
}
