export { loadConfig, parseConfig, type GatewayConfig } from './config.js';
export { LOG_LEVELS, type LogLevel } from './log.js';
export { configurationPage } from './documentation.js';
export { ConfigError, type ConfigFault } from './setting.js';
export { STORAGE_PROFILES } from './storage.js';
