import { Clock, type Secret } from '#kernel';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { AccessCheckService } from './access-check.service.js';
import { AccessGuard } from './access.guard.js';
import { AccessPolicy } from './access-policy.js';
import { Authenticator } from './authenticator.js';
import { hashToken } from './token-format.js';
import { MeController } from './me.controller.js';
import { PlatformTokenStore } from './platform-token.store.js';
import { TokenAuthenticator } from './token-authenticator.js';
import { TokenController } from './token.controller.js';
import { TokenService } from './token.service.js';
import { TokenStore } from './token.store.js';

/** What the composition root chooses. */
export interface AuthModuleOptions {
  readonly rootToken: Secret;
  readonly policy: AccessPolicy;
  /** What is asked about credentials, given what knows API tokens; that alone when absent. */
  readonly authenticator?: ((apiTokens: Authenticator) => Authenticator) | undefined;
}

/** Tokens, authentication, and the guard before every operation. */
@Module({})
export class AuthModule {
  static forRoot({ rootToken, policy, authenticator }: AuthModuleOptions): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      controllers: [TokenController, MeController],
      providers: [
        Clock,
        TokenStore,
        PlatformTokenStore,
        TokenService,
        AccessCheckService,
        { provide: AccessPolicy, useValue: policy },
        {
          provide: Authenticator,
          inject: [TokenStore, PlatformTokenStore],
          useFactory: async (tokens: TokenStore, platformTokens: PlatformTokenStore) => {
            await platformTokens.ensureRoot(hashToken(rootToken.reveal()));
            const apiTokens = new TokenAuthenticator(tokens, platformTokens, rootToken);
            return authenticator?.(apiTokens) ?? apiTokens;
          },
        },
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: [Authenticator, AccessPolicy, AccessCheckService, Clock],
    };
  }
}
