import type { Adapter } from './storage-binding.js';

const PLAIN = /^https?:\/\/[^\s\p{Cc}?#\\/@]+(?:\/[^\s\p{Cc}?#\\@]*)?$/iu;

/**
 * The endpoint in its one spelling: host in lower case, usual port left out, no slash at the end. An error, whose message
 * completes the sentence "endpoint …", for what is none. Which hosts may be dialled is not decided here.
 */
export function parseEndpoint(text: string, adapter: Adapter): string | Error {
  if (!PLAIN.test(text) || !URL.canParse(text))
    return new Error('must be an http or https URL without credentials, query and fragment');
  const { origin, pathname } = new URL(text);
  const path = pathname.replace(/\/+$/, '');
  if (adapter === 's3' && path !== '')
    return new Error('must end with the host or port: buckets have a field of their own');
  return origin + path;
}
