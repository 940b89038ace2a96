import { PlatformDatabase } from '#database';
import { Sealer } from '#kernel';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/** Refuses to start with a master key other than the one that sealed what the database holds. */
@Injectable()
export class MasterKeyGuard implements OnModuleInit {
  constructor(
    private readonly database: PlatformDatabase,
    private readonly sealer: Sealer,
  ) {}

  async onModuleInit(): Promise<void> {
    const { fingerprint } = this.sealer;
    await this.database.query({ ...REMEMBER, values: [fingerprint] });
    const { rows } = await this.database.query<{ value: string }>({ ...RECALL, values: [] });
    if (rows[0]?.value !== fingerprint) {
      throw new Error(
        'GATEHOLD_MASTER_KEY (or the master-key file in the data folder) is not the key this database was sealed ' +
          'with. Signing keys and credentials could not be opened; refusing to start.',
      );
    }
  }
}

const REMEMBER = {
  name: 'remember-master-key',
  text: "INSERT INTO platform_settings (name, value) VALUES ('master_key_fingerprint', $1) ON CONFLICT DO NOTHING",
};
const RECALL = {
  name: 'recall-master-key',
  text: "SELECT value FROM platform_settings WHERE name = 'master_key_fingerprint'",
};
