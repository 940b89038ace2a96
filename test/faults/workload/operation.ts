import type { Turn } from './turn.js';

/** Something that clients do. */
export interface Operation {
  readonly name: string;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
  /** A call without which there is no such operation, as `POST /v1/uploads`. */
  readonly needs?: string;
  /** Does it once. Whatever the gateways answer is no reason to throw. */
  run(turn: Turn): Promise<void>;
}
