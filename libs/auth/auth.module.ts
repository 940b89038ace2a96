import { Clock, type Rate, type Secret } from '#kernel';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { AccessGuard } from './access.guard.js';
import { AccessPolicy } from './access-policy.js';
import { Authenticator } from './authenticator.js';
import { FailedAttempts } from './failed-attempts.js';
import { LimitedAuthenticator } from './limited-authenticator.js';
import { hashToken } from './token-format.js';
import { MeController } from './me.controller.js';
import { PlatformTokenStore } from './platform-token.store.js';
import { TokenAuthenticator } from './token-authenticator.js';
import { TokenRotationController } from './token-rotation.controller.js';
import { TokenUseStore } from './token-use.store.js';
import { TokenUses } from './token-uses.js';
import { TokenController } from './token.controller.js';
import { TokenService } from './token.service.js';
import { TokenStore } from './token.store.js';

/** What the composition root chooses. */
export interface AuthModuleOptions {
  readonly rootToken: Secret;
  readonly policy: Type<AccessPolicy>;
  /** How many bad credentials may come from one address; null: any number. */
  readonly failedAuthentications: Rate | null;
}

/** Tokens, authentication, and the guard before every operation. */
@Module({})
export class AuthModule {
  static forRoot({ rootToken, policy, failedAuthentications }: AuthModuleOptions): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      controllers: [TokenController, TokenRotationController, MeController],
      providers: [
        Clock,
        TokenStore,
        PlatformTokenStore,
        TokenService,
        TokenUseStore,
        TokenUses,
        { provide: AccessPolicy, useClass: policy },
        {
          provide: Authenticator,
          inject: [TokenStore, PlatformTokenStore, TokenUses, Clock],
          useFactory: async (
            tokens: TokenStore,
            platformTokens: PlatformTokenStore,
            uses: TokenUses,
            clock: Clock,
          ) => {
            await platformTokens.ensureRoot(hashToken(rootToken.reveal()));
            const authenticator = new TokenAuthenticator(tokens, platformTokens, rootToken, uses);
            if (failedAuthentications === null) return authenticator;
            return new LimitedAuthenticator(authenticator, new FailedAttempts(failedAuthentications, clock));
          },
        },
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: [Authenticator, AccessPolicy, Clock],
    };
  }
}
