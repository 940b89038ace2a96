export * from './abort.js';
export * from './object-key.js';
export * from './object-storage.port.js';
export * from './storage-driver.port.js';
export * from './storage.errors.js';
export * from './storage.registry.js';
export * from './stored-body.js';
export * from './upload-body.js';
