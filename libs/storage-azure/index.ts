export { AzureDriver, type AzureDriverOptions } from './azure.driver.js';
