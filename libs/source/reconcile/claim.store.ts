import { assertNamed, PlatformDatabase } from '#database';
import { Injectable } from '@nestjs/common';

/** Database access for work that is done once in a while, by whichever process comes first. */
@Injectable()
export class ClaimStore {
  constructor(private readonly platform: PlatformDatabase) {}

  /** True for the one caller whose turn it is: nobody has claimed the work for so many seconds, by the database's clock. */
  async claim(work: string, everySeconds: number): Promise<boolean> {
    assertNamed({ work });
    const values = [`claimed ${work}`, everySeconds];
    return (await this.platform.query({ ...CLAIM, values })).rowCount === 1;
  }
}

const CLAIM = {
  name: 'claim-work',
  text: `INSERT INTO platform_settings AS p (name, value) VALUES ($1, now()::text)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
WHERE p.value::timestamptz <= now() - make_interval(secs => $2)`,
};
