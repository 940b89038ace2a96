import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Keys kept per credential: yesterday's, today's and tomorrow's, in a few regions. */
const KEPT = 12;

/**
 * The signing keys of one secret access key, derived once per day, region and service (AWS Signature Version 4,
 * "Calculate the signature", step "derive a signing key"). Kept as `KeyObject`s: Node takes those into an HMAC many
 * times faster than bytes, and does not print them.
 */
export class SigningKeyCache {
  private readonly keys = new Map<string, KeyObject>();

  constructor(private readonly secretAccessKey: string) {}

  /** The key of `day` (`YYYYMMDD`). */
  get(day: string, region: string, service: string): KeyObject {
    const name = `${day}/${region}/${service}`;
    const known = this.keys.get(name);
    if (known !== undefined) return known;
    const made = this.derive([day, region, service, 'aws4_request']);
    const [oldest] = this.keys.keys();
    if (this.keys.size >= KEPT && oldest !== undefined) this.keys.delete(oldest);
    this.keys.set(name, made);
    return made;
  }

  private derive(steps: readonly string[]): KeyObject {
    const first = Buffer.from(`AWS4${this.secretAccessKey}`, 'utf8');
    return createSecretKey(
      steps.reduce((key, step) => createHmac('sha256', key).update(step, 'utf8').digest(), first),
    );
  }
}
