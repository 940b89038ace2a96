const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for the 36-character textual form of any UUID version, in either case (RFC 9562 §4). */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The 16 bytes of a UUID. The text must satisfy {@link isUuid}. */
export function uuidToBytes(uuid: string): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  writeUuid(uuid, bytes, 0);
  return bytes;
}

const DASH = 45;
/** Of the character codes of hexadecimal digits: what each is worth. */
const WORTH = Uint8Array.from({ length: 128 }, (_, code) => parseInt(String.fromCharCode(code), 16) || 0);

/** Writes the 16 bytes of a UUID, digit by digit: a good deal faster than through a text without dashes. */
export function writeUuid(uuid: string, target: Buffer, at: number): void {
  let from = 0;
  for (let place = at; place < at + 16; place += 1) {
    if (uuid.charCodeAt(from) === DASH) from += 1;
    const high = WORTH[uuid.charCodeAt(from)] ?? 0;
    target[place] = (high << 4) | (WORTH[uuid.charCodeAt(from + 1)] ?? 0);
    from += 2;
  }
}

/** The textual form of 16 bytes. */
export function uuidFromBytes(bytes: Buffer): string {
  return uuidFromHex(bytes.toString('hex'));
}

/** The textual form of 32 hexadecimal digits. */
export function uuidFromHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
