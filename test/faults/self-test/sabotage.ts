import type { Scene } from './scene.js';

/** Something that breaks a promise on purpose, past the gateways. */
export interface Sabotage {
  /** The invariant that has to see it. */
  readonly invariant: string;
  readonly name: string;
  commit(scene: Scene): Promise<void>;
}
