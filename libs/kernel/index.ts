export * from './clock.js';
export * from './errors.js';
export * from './ids.js';
export * from './page.js';
export * from './principal.js';
export * from './sealer.js';
export * from './secret.js';
export * from './trustworthy-url.js';
