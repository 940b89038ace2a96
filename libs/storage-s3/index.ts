export { S3_PROFILES, type S3Profile, type S3ProfileName } from './s3.profiles.js';
export { S3Driver } from './s3.driver.js';
export type { S3DriverOptions } from './s3.options.js';
export type { QuerySigner, QuerySignerFactory } from './query-signer.js';
