/**
 * Lets this process import TypeScript files: `import './typescript.mjs'` before importing one. Types are taken away and
 * nothing else is changed, so it is for files without decorators; the libs come built, as `#name` leads into dist.
 */
import { register } from 'node:module';

process.setSourceMapsEnabled(true);
register('./typescript-hooks.mjs', import.meta.url);
