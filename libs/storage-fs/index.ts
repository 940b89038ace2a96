export * from './filesystem.driver.js';
export * from './filesystem.storage.js';
