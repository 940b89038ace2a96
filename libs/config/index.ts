export { loadConfig, parseConfig } from './config.js';
export { LOG_LEVELS, type LogLevel } from './log.js';
export { configurationPage } from './documentation.js';
export type { GatewayConfig } from './gateway-config.js';
export { ConfigError, type ConfigFault } from './setting.js';
export { STORAGE_PROFILES } from './storage.js';
