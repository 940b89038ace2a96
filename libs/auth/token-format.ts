import { uuidFromHex, uuidToBytes } from '#kernel';
import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE = BigInt(ALPHABET.length);
const BASE_8 = BASE ** 8n;
const ID_LENGTH = 22;
/** 32 characters of 62 are 190 random bits. */
const SECRET_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const FORMAT = /^gth_([a-z0-9]{12})_([0-9A-Za-z]{22})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;

/** What a token says by itself, before anything is looked up. */
export interface TokenParts {
  readonly tenantKey: string;
  readonly tokenId: string;
}

/**
 * Makes a token: `gth_`, the tenant's opaque key, the token's id, a random secret and a CRC-32 over all of it, so
 * that secret scanners can recognise one and a typing mistake costs no query.
 */
export function makeToken(tenantKey: string, tokenId: string): string {
  const secret = Array.from({ length: SECRET_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  const body = `gth_${tenantKey}_${encode(uuidToBytes(tokenId), ID_LENGTH)}_${secret}`;
  return body + checksum(body);
}

/** Reads a token; null when it has another shape or its checksum does not agree. */
export function parseToken(token: string): TokenParts | null {
  const match = FORMAT.exec(token);
  if (match === null || checksum(token.slice(0, -CHECKSUM_LENGTH)) !== match[4]) return null;
  const [, tenantKey = '', id = ''] = match;
  const tokenId = decodeUuid(id);
  return tokenId === null ? null : { tenantKey, tokenId };
}

/** What is stored instead of a token. A token has 190 random bits, so a plain SHA-256 cannot be searched backwards. */
export function hashToken(token: string): Buffer {
  return Buffer.from(digestToken(token), 'latin1');
}

/** The same with a character for each byte: a `Buffer` costs more than the digest itself. */
export function digestToken(token: string): string {
  return hash('sha256', token, 'binary');
}

/** The beginning that is shown in lists, to tell tokens apart; too short to help anybody guess the rest. */
export function displayPrefix(token: string): string {
  return token.slice(0, 'gth_'.length + 12 + 1 + 8);
}

function checksum(body: string): string {
  let value = crc32(body);
  let text = '';
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    text = (ALPHABET[value % ALPHABET.length] ?? '') + text;
    value = Math.floor(value / ALPHABET.length);
  }
  return text;
}

function encode(bytes: Buffer, length: number): string {
  let value = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let place = 0; place < length; place += 1) {
    text = (ALPHABET[Number(value % BASE)] ?? '') + text;
    value /= BASE;
  }
  return text;
}

function decodeUuid(text: string): string | null {
  const [high, middle, low] = [text.slice(0, -16), text.slice(-16, -8), text.slice(-8)].map(decode);
  const value = ((high ?? 0n) * BASE_8 + (middle ?? 0n)) * BASE_8 + (low ?? 0n);
  const hex = value.toString(16).padStart(32, '0');
  return hex.length === 32 ? uuidFromHex(hex) : null;
}

/** Of eight characters at most: those still fit into a number, which is a good deal faster. */
function decode(text: string): bigint {
  let value = 0;
  for (const character of text) value = value * ALPHABET.length + ALPHABET.indexOf(character);
  return BigInt(value);
}
